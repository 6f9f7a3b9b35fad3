"""A request of the tracker becomes rows: events, and where a visitor left a contact, a lead."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.collect.loading.staging import Rejected, Row
from longfunnel.collect.visiting.links import read_link
from longfunnel.collect.visiting.traffic import is_spam
from longfunnel.collect.wire import FULL, Hit, TrackedEvent, read_batch
from longfunnel.core.text import Text
from longfunnel.warehouse.identifiers import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the warehouse keeps naive UTC
OLDEST = timedelta(days=30)
"""An event that waited longer on the visitor's device is not counted: its clock is wrong, or nobody needs it any more."""

_DAY = 86_400_000_000
"""Microseconds."""
_OLDEST = OLDEST // timedelta(microseconds=1)

_TOO_OLD = Text(
    "The visitor's clock says that it is {days} days old: it is not counted.",
    "По часам посетителя это было {days} дн. назад: не учтено.",
)
_LONGEST = 4096
"""Characters of a text that are kept."""

_LEAD_NAMES = frozenset({"lead", "form_submit", "callback", "chat"})
_LEAD_KINDS = {"chat": "chat", "callback": "call"}
_EMAIL_NAMES = ("email", "e-mail", "mail", "e_mail", "почта")
_PHONE_NAMES = ("phone", "tel", "telephone", "mobile", "телефон")
_NAME_NAMES = ("name", "fio", "full_name", "first_name", "имя")
_to_json = msgspec.json.Encoder(decimal_format="string").encode


def instant(microseconds: int) -> datetime:
    """Microseconds since 1970 as the warehouse keeps instants: UTC, without a zone."""
    return _EPOCH + timedelta(microseconds=microseconds)


_OWN = (
    "event_id", "name", "happened_at", "title", "referrer", "excluded",
    "visitor_id", "ym_client_id", "ga_client_id", "device", "region",
)  # fmt: skip
"""What each event is kept with, in this order; then what its address tells and what the site says, by column."""

_Event = tuple[Any, ...]
_NOTHING: dict[str, Any] = {}


class Events:
    """Events of many requests to one site, kept so that they become columns without a step for each value.

    ``country`` (ISO 3166 alpha-2) says how a phone without country code is read.
    """

    def __init__(self, *, country: str = "", spam_referrers: tuple[str, ...] = ()) -> None:
        self._country, self._spam_referrers = country, spam_referrers
        self._events: list[_Event] = []

    def __len__(self) -> int:
        return len(self._events)

    def add(self, hit: Hit) -> tuple[list[Row], list[Rejected]]:
        """Take in the events of one request, or none of them: raises WireError for what is no batch.

        Returned are its other rows (leads, identity links) and the events that cannot be counted, with the reason.
        """
        batch = read_batch(hit.body)
        visitor = _id("visitor", hit.visitor)
        is_full = batch.consent == FULL
        ym_client = _id("ym_client", batch.ym_client_id) if is_full else None
        ga_client = _id("ga_client", batch.ga_client_id) if is_full else None
        shared = (visitor, ym_client, ga_client, hit.device or None, hit.region or None)
        taken: list[_Event] = []
        others: list[Row] = []
        rejected: list[Rejected] = []
        for number, event in enumerate(batch.events):
            age = _age(batch.sent_at, event.at) if batch.sent_at is not None and batch.sent_at > event.at else 0
            if age > _OLDEST:
                reason = _TOO_OLD.format(days=age // _DAY)
                rejected.append(Rejected("event", number, "t", str(event.at), reason, _to_json(event).decode()))
                continue
            excluded = hit.excluded or _spam(event.referrer, self._spam_referrers)
            given = _given(event, is_full=is_full, country=self._country) if event.props or event.uid else _NOTHING
            own = (event.id, event.name, hit.at - age, _text(event.title), _text(event.referrer), excluded)
            taken.append(whole := (*own, *shared, _page(event.url or ""), given))
            if event.name in _LEAD_NAMES and not excluded and (lead := _lead(event, _values(whole), self._country)):
                others.append(lead)
        former = _id("visitor", hit.former_visitor)
        if former and visitor and former != visitor:
            ends = {"kind_a": "visitor", "value_a": visitor, "kind_b": "visitor", "value_b": former}
            others.append(Row("identity_link", {**ends, "seen_at": instant(hit.at)}))
        self._events += taken
        return others, rejected

    def rows(self) -> list[Row]:
        """The events as rows: of each the columns that are known."""
        return [Row("event", _values(event)) for event in self._events]

    def columns(self) -> dict[str, Sequence[Any]]:
        """The events as columns: each that is known of any of them. Instants are microseconds since 1970, UTC."""
        *own, pages, given = zip(*self._events, strict=True)
        columns: dict[str, Sequence[Any]] = dict(zip(_OWN, own, strict=True))
        for told in (pages, given):
            # what an address tells is shared by its events, and mostly nothing is said besides: few are different objects
            for name in sorted(set().union(*{id(each): each for each in told}.values())):
                columns[name] = [each.get(name) for each in told]
        return {name: values for name, values in columns.items() if values.count(None) < len(values)}


def _values(event: _Event) -> dict[str, Any]:
    """An event by column, as far as it is known."""
    *own, page, given = event
    values = {name: value for name, value in zip(_OWN, own, strict=True) if value}
    return {**values, **page, **given, "happened_at": instant(event[2])}


def _age(sent_at: float, at: float) -> int:
    """How long ago it happened when it was sent, microseconds, by the visitor's own clock: right even where that clock is wrong."""
    return round(min(sent_at - at, 1e13) * 1000) if math.isfinite(sent_at) and math.isfinite(at) else 0


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
    if not value:
        return None
    if len(value) > _LONGEST or "\0" in value:
        return value[:_LONGEST].replace("\0", "") or None
    return value


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
