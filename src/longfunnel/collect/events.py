"""A request of the tracker becomes rows: events, and where a visitor left a contact, a lead."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from longfunnel.collect.links import read_link
from longfunnel.collect.staging import Rejected, Row
from longfunnel.collect.traffic import is_spam
from longfunnel.collect.wire import FULL, Batch, Hit, TrackedEvent, read_batch
from longfunnel.warehouse.identifiers import normalise

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the warehouse keeps naive UTC
OLDEST = timedelta(days=30)
"""An event that waited longer on the visitor's device is not counted: its clock is wrong, or nobody needs it any more."""

_LEAD_NAMES = frozenset({"lead", "form_submit", "callback", "chat"})
_LEAD_KINDS = {"chat": "chat", "callback": "call"}
_EMAIL_NAMES = ("email", "e-mail", "mail", "e_mail", "почта")
_PHONE_NAMES = ("phone", "tel", "telephone", "mobile", "телефон")
_NAME_NAMES = ("name", "fio", "full_name", "first_name", "имя")
_to_json = msgspec.json.Encoder(decimal_format="string").encode


def instant(microseconds: int) -> datetime:
    """Microseconds since 1970 as the warehouse keeps instants: UTC, without a zone."""
    return _EPOCH + timedelta(microseconds=microseconds)


def event_rows(
    hit: Hit, *, country: str = "", spam_referrers: tuple[str, ...] = ()
) -> tuple[list[Row], list[Rejected]]:
    """The rows of one request of the tracker, and the events that cannot be counted with the reason.

    ``country`` (ISO 3166 alpha-2) says how a phone without country code is read.
    """
    batch = read_batch(hit.body)
    received_at = instant(hit.at)
    rows: list[Row] = []
    rejected: list[Rejected] = []
    visitor = _id("visitor", hit.visitor)
    is_full = batch.consent == FULL
    # only what is known is in a row
    shared = {"device": hit.device, "region": hit.region, "visitor_id": visitor}
    if is_full:
        shared["ym_client_id"] = _id("ym_client", batch.ym_client_id)
        shared["ga_client_id"] = _id("ga_client", batch.ga_client_id)
    shared = {name: value for name, value in shared.items() if value}
    for number, event in enumerate(batch.events):
        age = _age(batch, event)
        if age > OLDEST:
            reason = f"The visitor's clock says that it is {age.days} days old: it is not counted."
            rejected.append(Rejected("event", number, "t", str(event.at), reason, _to_json(event).decode()))
            continue
        values = {
            **shared,
            **_page(event.url or ""),
            "event_id": event.id,
            "name": event.name,
            "happened_at": received_at - age,
        }
        if event.title:
            values["title"] = _text(event.title)
        if event.referrer:
            values["referrer"] = _text(event.referrer)
        if event.props or event.uid:
            values |= _given(event, is_full=is_full, country=country)
        if excluded := hit.excluded or _spam(event.referrer, spam_referrers):
            values["excluded"] = excluded
        rows.append(Row("event", values))
        if lead := _lead(event, values, country):
            rows.append(lead)
    former = _id("visitor", hit.former_visitor)
    if former and visitor and former != visitor:
        link = {"kind_a": "visitor", "value_a": visitor, "kind_b": "visitor", "value_b": former, "seen_at": received_at}
        rows.append(Row("identity_link", link))
    return rows, rejected


def _age(batch: Batch, event: TrackedEvent) -> timedelta:
    """How long ago it happened when it was sent, by the visitor's own clock: right even where that clock is wrong."""
    if batch.sent_at is None or not math.isfinite(batch.sent_at) or not math.isfinite(event.at):
        return timedelta(0)
    milliseconds = min(max(batch.sent_at - event.at, 0.0), 1e13)
    return timedelta(milliseconds=milliseconds)


@lru_cache(maxsize=16_384)
def _page(url: str) -> dict[str, Any]:
    """What an address tells, by our columns. Shared between events: not to be changed."""
    link = read_link(url)
    values = {name: value for name, value in link._asdict().items() if name != "host"}
    values |= {name: normalise(name, values[name]) for name in ("yclid", "gclid", "fbclid", "vkclid")}
    values |= {"url": _text(url), "page": _text(link.page)}
    return {name: value for name, value in values.items() if value}


def _given(event: TrackedEvent, *, is_full: bool, country: str) -> dict[str, Any]:
    """What the site itself says of an event: contacts, the account, the order, and any further properties."""
    props = dict(event.props or {})
    values: dict[str, Any] = {}
    # what is a column goes there, what cannot be read as one stays with the other properties
    if email := normalise("email", _plain(props.get("email"))):
        values["email"] = email
        del props["email"]
    if phone := normalise("phone", _plain(props.get("phone")), country):
        values["phone"] = phone
        del props["phone"]
    user = _id("user", event.uid) or _id("user", _plain(props.get("user_id")))
    props.pop("user_id", None)
    if user and is_full:
        values["user_id"] = user
    if order := _id("order", _plain(props.get("order_id"))):
        values["order_id"] = order
        del props["order_id"]
    amount = _money(props.get("amount"))
    if amount is not None:
        values["amount"] = amount
        del props["amount"]
    currency = props.get("currency")
    if isinstance(currency, str) and len(currency) == 3 and currency.isalpha():
        values["currency"] = currency.upper()
        del props["currency"]
    if props:
        values["props"] = _to_json(props).decode()
    return values


def _lead(event: TrackedEvent, values: dict[str, Any], country: str) -> Row | None:
    """A form, chat or callback that leaves a contact is a request: a lead, with the event's id as its own."""
    if event.name not in _LEAD_NAMES or values.get("excluded"):
        return None
    given = dict(event.props or {})
    fields = given.pop("values", None)
    if isinstance(fields, dict):
        given.update({str(name): value for name, value in fields.items()})
    by_name = {str(name).lower(): _plain(value) for name, value in given.items()}
    email = values.get("email") or next(
        (found for name in _EMAIL_NAMES if (found := normalise("email", by_name.get(name)))), None
    )
    phone = values.get("phone") or next(
        (found for name in _PHONE_NAMES if (found := normalise("phone", by_name.get(name), country))), None
    )
    if not (email or phone):
        return None
    own = ("visitor_id", "user_id", "ym_client_id", "ga_client_id", "yclid", "gclid", "fbclid", "vkclid")
    kept = (*own, "source", "medium", "campaign", "content", "term", "device", "region", "props")
    lead = {name: values.get(name) for name in kept}
    lead |= {
        "lead_id": event.id,
        "created_at": values["happened_at"],
        "kind": _LEAD_KINDS.get(event.name, "form"),
        "email": email,
        "phone": phone,
        "name": next((text for name in _NAME_NAMES if (text := by_name.get(name))), None),
    }
    return Row("lead", lead)


@lru_cache(maxsize=4096)
def _spam(referrer: str | None, own_rules: tuple[str, ...]) -> str | None:
    return "referrer_spam" if referrer and is_spam(read_link(referrer).host, own_rules) else None


@lru_cache(maxsize=65_536)
def _id(kind: str, value: str | None) -> str | None:
    return normalise(kind, value.replace("\0", "")) if value else None


def _plain(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _text(value: str | None) -> str | None:
    return value[:4096].replace("\0", "") or None if value else None


def _money(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    # what does not fit DECIMAL(18,4) is no amount
    return amount if amount.is_finite() and abs(amount) < 10**14 else None


def now_microseconds() -> int:
    """This moment, microseconds since 1970."""
    return time.time_ns() // 1000
