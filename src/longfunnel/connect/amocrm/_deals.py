"""Deals, which amoCRM calls leads: read as they change, with the names of everything, and shaped."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Page, Row
from longfunnel.connect._engine.understanding import content_key
from longfunnel.connect.amocrm._marks import MARKS, marks_of
from longfunnel.connect.amocrm._names import LOST, WON, element_key, look_up_for, main_contact, names_of, text, zone_of
from longfunnel.connect.amocrm._paging import Listing, by_change, by_ids, identity, theirs_now
from longfunnel.connect.amocrm._values import Fields, embedded, instant, seconds, table, tables

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from longfunnel.connect._engine import Reading, Record, Shaping
    from longfunnel.connect.amocrm._names import Names

_WITH = "contacts,loss_reason,source_id,catalog_elements"
_DELETED = "only_deleted"


def key(record: Record) -> str:
    """The record's id; a record without one stands for itself."""
    return identity(record) or content_key(record)


async def read(reading: Reading) -> AsyncIterator[Page]:
    """Deals that changed."""
    listing = Listing(reading.api, "leads", "leads", (("with", _WITH),))
    async for page in _changed(reading, listing):
        yield page


async def read_deleted(reading: Reading) -> AsyncIterator[Page]:
    """Deals in the bin."""
    listing = Listing(reading.api, "leads", "leads", (("with", f"{_DELETED},{_WITH}"),))
    async for page in _changed(reading, listing):
        yield Page([record for record in page.records if _is_in_bin(record)], page.cursor, page.share)


async def read_of_contacts(reading: Reading) -> AsyncIterator[Page]:
    """Deals of contacts that changed: a phone that is filled in later leaves the deal itself as it was."""
    start = await start_of(reading)
    listing = Listing(reading.api, "contacts", "contacts", (("with", "leads"),))
    if not isinstance(reading.cursor, dict):  # all the deals are about to be read, with their contacts
        newest, _ = await Listing(reading.api, "contacts", "contacts", limit=1).page([("order[updated_at]", "desc")])
        yield Page([], {"at": (seconds(newest[0].get("updated_at")) if newest else None) or start}, 1.0)
        return
    names = await names_of(reading)
    async for piece in by_change(listing, start, theirs_now(reading)):
        names.contacts |= {identity(contact): contact for contact in piece.records}
        deals = dict.fromkeys(identity(deal) for contact in piece.records for deal in embedded(contact, "leads"))
        yield Page(await _of_ids(reading, [one for one in deals if one]), {"at": piece.reached}, piece.share)


async def fetch(reading: Reading, ids: list[str]) -> AsyncIterator[Page]:
    """The deals of these ids, deleted ones too; one that is nowhere is left to the events, which tell of its deletion."""
    for start in range(0, len(ids), 250):
        some = ids[start : start + 250]
        found = await _of_ids(reading, some)
        missing = set(some) - {identity(record) for record in found}
        if missing:
            binned = await by_ids(reading.api, "leads", "leads", missing, (("with", f"{_DELETED},{_WITH}"),))
            found += await with_names(reading, [deal for deal in binned.values() if _is_in_bin(deal)])
        yield Page(found)


async def fetch_of_contacts(reading: Reading, ids: list[str]) -> AsyncIterator[Page]:
    """The deals of these contacts."""
    contacts = await by_ids(reading.api, "contacts", "contacts", ids, (("with", "leads"),))
    (await names_of(reading)).contacts |= contacts
    deals = dict.fromkeys(identity(deal) for contact in contacts.values() for deal in embedded(contact, "leads"))
    yield Page(await _of_ids(reading, [one for one in deals if one]))


async def start_of(reading: Reading) -> int:
    """Where to read from, Unix seconds: somewhat before the place that was reached, for what came late; the first time, the first day."""
    if isinstance(reading.cursor, dict):
        return max(0, int(reading.cursor["at"]) - int(float(reading.options["overlap_minutes"]) * 60))
    zone = zone_of((await names_of(reading)).zone, reading.shaping.zone)
    return int(datetime.combine(reading.since, time(), zone).timestamp())


async def _changed(reading: Reading, listing: Listing) -> AsyncIterator[Page]:
    async for piece in by_change(listing, await start_of(reading), theirs_now(reading)):
        yield Page(await with_names(reading, piece.records), {"at": piece.reached}, piece.share)


def _is_in_bin(deal: Record) -> bool:
    """What is asked for as deleted and says that it is not, would have come without asking."""
    return deal.setdefault("is_deleted", True) not in (False, 0)


async def _of_ids(reading: Reading, ids: list[str]) -> list[Record]:
    found = await by_ids(reading.api, "leads", "leads", ids, (("with", _WITH),))
    return await with_names(reading, list(found.values()))


async def with_names(reading: Reading, deals: list[Record]) -> list[Record]:
    """The deals, each with ``named``: what its numbers mean."""
    if not deals:
        return []
    await look_up_for(reading, deals)
    names = await names_of(reading)
    return [{**deal, "named": _named(deal, names)} for deal in deals]


def _named(deal: Record, names: Names) -> Record:
    companies = embedded(deal, "companies")
    contact = names.contacts.get(main_contact(deal), {})
    return {
        **names.place(deal.get("pipeline_id"), deal.get("status_id")),
        "manager": names.manager(deal.get("responsible_user_id")),
        "currency": names.currency,
        "zone": names.zone,
        "reason": names.reasons.get(text(deal.get("loss_reason_id")), ""),
        "company": names.companies.get(text(companies[0].get("id")), "") if companies else "",
        "products": [name for one in embedded(deal, "catalog_elements") if (name := names.elements.get(element_key(one), ""))],
        "contact": {name: contact[name] for name in ("id", "name", "custom_fields_values") if name in contact},
    }  # fmt: skip


def shape(record: Record, shaping: Shaping) -> Iterator[Row]:
    """The deal; where the settings want it, also the lead that it is."""
    named = table(record.get("named"))
    deal_id, status = text(record["id"]), text(record.get("status_id"))
    if not is_wanted(
        named, record, shaping
    ):  # it has moved to a pipeline that is none of ours, or has always been there
        yield Row("deal", {"deal_id": deal_id, "is_deleted": True}, is_patch=True)
        return
    zone = zone_of(text(named.get("zone")), shaping.zone)
    contact = table(named.get("contact"))
    fields, theirs = Fields(record, zone), Fields(contact, zone)
    reasons = embedded(record, "loss_reason")
    is_closed = status in (WON, LOST)
    who = {
        "contact_id": main_contact(record) or None,
        "email": theirs.first("EMAIL"),
        "phone": theirs.first("PHONE"),
        **marks_of(fields),
        "company": text(named.get("company")) or None,
        "product": ", ".join(dict.fromkeys(named.get("products") or [])) or None,
        "manager": text(named.get("manager")) or None,
    }
    props = _props(record, fields)
    values = {
        "deal_id": deal_id,
        "lead_id": request_id(deal_id),
        "created_at": instant(record.get("created_at")),
        "closed_at": instant(record.get("closed_at")) if is_closed else None,
        "status": {WON: "won", LOST: "lost"}.get(status, "open"),
        "pipeline": named.get("pipeline") or text(record.get("pipeline_id")) or None,
        "stage": named.get("stage") or status or None,
        "amount": record.get("price"),
        "currency": text(named.get("currency")) or shaping.currency,
        **who,
        "name": record.get("name"),
        "reason_lost": (text(reasons[0].get("name")) if reasons else text(named.get("reason"))) or None
        if status == LOST
        else None,
        "modified_at": instant(record.get("updated_at")),
        "is_deleted": bool(record.get("is_deleted")),
        "props": props,
    }
    for ours, wanted in shaping.columns.items():
        if ours == "props":
            props |= {name: own_field(where, record, fields, theirs) for name, where in table(wanted).items()}
        elif (told := own_field(wanted, record, fields, theirs)) is not None:
            values[ours] = told
    yield Row("deal", values)
    if shaping.options.get("deals_are_leads") and values["created_at"]:
        shared = {name: values.get(name) for name in who}
        yield Row(
            "lead",
            {
                "lead_id": values["lead_id"],
                "created_at": values["created_at"],
                "kind": "crm",
                "name": contact.get("name"),
                **shared,
            },
            is_first=True,
        )


def request_id(deal_id: str) -> str:
    """The id of the request that a deal grew from. In amoCRM both have one number; another CRM's lead may have it too."""
    return f"unsorted-{deal_id}"


def is_wanted(named: Record, record: Record, shaping: Shaping) -> bool:
    """Whether the pipeline is among those that the settings name; all are where they name none."""
    chosen = {str(one).strip().casefold() for one in shaping.options.get("pipelines") or ()}
    own = {text(record.get("pipeline_id")), text(named.get("pipeline")).casefold()}
    return not chosen or not own.isdisjoint(chosen)


def own_field(wanted: Any, record: Record, fields: Fields, theirs: Fields) -> str | None:
    """What the settings want in a column: a field of the deal by id, code or name, else of its contact, else a key of the deal. Of
    several the first that has a value."""
    names = [str(one) for one in wanted] if isinstance(wanted, list | tuple) else [str(wanted)]
    if told := fields.named(*names) or theirs.named(*names):
        return told
    plain = [record[name] for name in names if isinstance(record.get(name), str | int)]
    return text(plain[0]) or None if plain else None


def _props(record: Record, fields: Fields) -> Record:
    tags = [text(tag.get("name")) for tag in tables(table(record.get("_embedded")).get("tags"))]
    return {
        **fields.all(but=MARKS),
        "tags": ", ".join(tag for tag in tags if tag),
        "source_id": seconds(record.get("source_id")),
    }
