"""What goes over the wire, and what goes into the log: the tracker's batch, and one record of each way in.

Records are MessagePack arrays that begin with their kind: a field is only ever added at the end, with a default.
``gc=False`` stands where something comes by the thousand: JSON has no cycles that the garbage collector need look for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text, spoken

NO_CONSENT, COOKIELESS, FULL = 0, 1, 2
MAX_EVENTS = 500
NO_JSON = Text("The body is not JSON: {why}.", "Тело запроса — не JSON: {why}.")


class WireError(LongfunnelError):
    """What was sent cannot be understood; the message names the field."""

    code = "malformed"


class TrackedEvent(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={"id": "i", "name": "n", "at": "t", "url": "u", "referrer": "r", "title": "ti", "props": "p"},
):
    """One event as the tracker sends it. ``at`` is milliseconds of the visitor's clock."""

    id: str
    name: str
    at: float
    url: str | None = None
    referrer: str | None = None
    title: str | None = None
    props: dict[str, Any] | None = None
    uid: str | None = None


class Batch(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={
        "site": "s",
        "visitor": "v",
        "sent_at": "t",
        "consent": "c",
        "ym_client_id": "ym",
        "ga_client_id": "ga",
        "events": "e",
    },
):
    """One request of the tracker. ``sent_at`` is milliseconds of the same clock as the events' ``at``."""

    site: str
    events: list[TrackedEvent]
    sent_at: float | None = None
    visitor: str | None = None
    consent: int = FULL
    ym_client_id: str | None = None
    ga_client_id: str | None = None


class Wish(msgspec.Struct, frozen=True, rename={"site": "s", "visitor": "v", "consent": "c"}):
    """A page that asks which phone number its visit is to see."""

    site: str
    visitor: str | None = None
    consent: int = FULL


_decoder = msgspec.json.Decoder(Batch)
_wish_decoder = msgspec.json.Decoder(Wish)


def read_batch(body: bytes) -> Batch:
    """The tracker's batch in a request's body. Raises WireError that names the field."""
    try:
        batch = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise WireError(spoken(f"{error}.")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(NO_JSON.format(why=error)) from error
    if not 0 < len(batch.events) <= MAX_EVENTS:
        said = Text("$.e: 1 to {most} events, not {many}.", "$.e: событий должно быть от 1 до {most}, а не {many}.")
        raise WireError(said.format(most=MAX_EVENTS, many=len(batch.events)))
    if batch.consent not in (NO_CONSENT, COOKIELESS, FULL):
        said = Text(
            "$.c: 0 (none), 1 (cookieless) or 2 (full), not {given}.",
            "$.c: 0 (нет), 1 (без cookie) или 2 (полное), а не {given}.",
        )
        raise WireError(said.format(given=batch.consent))
    for number, event in enumerate(batch.events):
        if not (0 < len(event.id) <= 100 and 0 < len(event.name) <= 200) or "\0" in event.id or "\0" in event.name:
            said = Text(
                "$.e[{number}]: i needs 1 to 100 characters, n 1 to 200, and neither a NUL.",
                "$.e[{number}]: в i нужно от 1 до 100 знаков, в n — от 1 до 200, и без NUL.",
            )
            raise WireError(said.format(number=number))
    return batch


def read_wish(body: bytes) -> Wish:
    """What a page asks in a request's body. Raises WireError that names the field."""
    try:
        return _wish_decoder.decode(body)
    except msgspec.ValidationError as error:
        raise WireError(spoken(f"{error}.")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(NO_JSON.format(why=error)) from error


class Hit(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="hit"):
    """A request of the tracker. The address it came from is not in it; what was made of it is."""

    at: int
    """When it came, microseconds since 1970, UTC."""
    site: str
    body: bytes
    visitor: str | None
    former_visitor: str | None
    """Another id that the same browser sent: evidence that both are one visitor."""
    device: str | None
    region: str | None
    excluded: str | None
    """Why it counts nowhere: bot, own."""


class Submission(msgspec.Struct, frozen=True, array_like=True, tag="api"):
    """A request of the server-side API: rows of one fact, checked before they were accepted."""

    at: int
    source: str
    """Name of the key that it was sent with."""
    fact: str
    body: bytes
    request_key: str | None
    """Idempotency-Key: rows without an id take theirs from it."""


class Hook(msgspec.Struct, frozen=True, array_like=True, tag="hook"):
    """A webhook of another system, as it came."""

    at: int
    source: str
    content_type: str
    body: bytes


class Lease(msgspec.Struct, frozen=True, array_like=True, tag="lease"):
    """A tracking number that was given to a visit, up to a time."""

    at: int
    site: str
    number: str
    visitor: str
    until: int


Entry = Hit | Submission | Hook | Lease

_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(Entry)


def to_payload(entry: Entry) -> bytes:
    """The entry as the log keeps it."""
    return _encoder.encode(entry)


def from_payload(payload: bytes) -> Entry:
    """The entry that the log kept. Raises WireError for bytes that no version of the program wrote."""
    try:
        entry: Entry = _entry_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = Text(
            "The log has a record that this version does not know: {why}.",
            "В журнале есть запись, которой эта версия не знает: {why}.",
        )
        raise WireError(said.format(why=error)) from error
    return entry
