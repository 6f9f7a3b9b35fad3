"""«Неразобранное»: requests that wait for somebody to take them, with what amoCRM knows of where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.connect._engine import GoneError, Page, Row
from longfunnel.connect.amocrm._deals import is_wanted, own_field, request_id
from longfunnel.connect.amocrm._marks import CODES, MARKS, marks_in, marks_of
from longfunnel.connect.amocrm._names import names_of, text, zone_of
from longfunnel.connect.amocrm._paging import Listing, by_ids
from longfunnel.connect.amocrm._values import Fields, embedded, instant, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from longfunnel.connect._engine import Reading, Record, Shaping

_PATH = "leads/unsorted"
_KINDS = {"forms": "form", "sip": "call", "chats": "chat", "mail": "email"}
_PAGE = 250
_OWN = frozenset({"product", "region", "audience", "user_id", "visitor_id", "telegram_id", *CODES})
"""Columns of a lead that the settings may fill from the user's own fields."""


async def read(reading: Reading) -> AsyncIterator[Page]:
    """All that wait: the list has no place to go on from, and what is taken leaves it."""
    try:
        waiting = await Listing(reading.api, _PATH, "unsorted").whole() or []
    except GoneError:  # the account does not use it
        waiting = []
    for start in range(0, len(waiting), _PAGE):
        some = waiting[start : start + _PAGE]
        yield Page(await _with_contacts(reading, some), share=min(1.0, (start + _PAGE) / len(waiting)))


async def fetch(reading: Reading, ids: list[str]) -> AsyncIterator[Page]:
    """The requests of these ids, those that still wait."""
    for uid in ids:
        try:
            one = await reading.api.get(f"{_PATH}/{uid}")
        except GoneError:
            continue
        if isinstance(one, dict):
            yield Page(await _with_contacts(reading, [one]))


async def _with_contacts(reading: Reading, requests: list[Record]) -> list[Record]:
    names = await names_of(reading)
    wanted = {
        text(contact.get("id")) for one in requests for contact in embedded(one, "contacts")[:1]
    } - names.contacts.keys()
    names.contacts |= await by_ids(reading.api, "contacts", "contacts", wanted)
    named = []
    for one in requests:
        contacts = embedded(one, "contacts")
        contact = {**contacts[0], **names.contacts.get(text(contacts[0].get("id")), {})} if contacts else {}
        of = text(one.get("pipeline_id"))
        named.append(
            {**one, "named": {"pipeline": names.pipelines.get(of, of), "zone": names.zone, "contact": contact}}
        )
    return named


def shape(record: Record, shaping: Shaping) -> Iterator[Row]:
    """The request as a lead."""
    named = table(record.get("named"))
    if not is_wanted(named, record, shaping):
        return
    zone = zone_of(text(named.get("zone")), shaping.zone)
    deals = embedded(record, "leads")
    deal, contact, told = (deals[0] if deals else {}), table(named.get("contact")), table(record.get("metadata"))
    sender = table(told.get("from"))
    fields, theirs = Fields(deal, zone), Fields(contact, zone)
    called = (text(told.get("phone")) or text(told.get("from"))) if record.get("category") == "sip" else ""
    page, before = text(told.get("form_page")), text(told.get("referer"))
    marks = {
        **marks_in(before),
        **{k: v for k, v in marks_in(page).items() if v},
        **{k: v for k, v in marks_of(fields).items() if v},
    }
    uid = text(record.get("uid"))
    values = {
        "lead_id": request_id(text(deal["id"])) if deal.get("id") else uid,
        "created_at": instant(record.get("created_at")),
        "kind": _KINDS.get(text(record.get("category")), text(record.get("category")) or None),
        "contact_id": text(contact.get("id")) or None,
        "email": theirs.first("EMAIL") or text(sender.get("email")) or None,
        "phone": theirs.first("PHONE") or called or None,
        "name": text(contact.get("name")) or text(sender.get("name")) or text(told.get("client_name")) or None,
        **marks,
        "landing_page": page or None,
        "referrer": marks.get("referrer") or before or None,
        "props": {
            **fields.all(but=MARKS),
            "uid": uid,
            "pipeline": text(named.get("pipeline")),
            "source_name": text(record.get("source_name")),
            **{name: text(told.get(name)) for name in ("form_id", "form_name", "service", "subject", "duration", "ip")},
        },
    }
    for ours, wanted in shaping.columns.items():
        if ours in _OWN and (found := own_field(wanted, deal, fields, theirs)) is not None:
            values[ours] = found
    yield Row("lead", values)
