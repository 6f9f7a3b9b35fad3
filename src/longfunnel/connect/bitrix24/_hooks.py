"""Webhooks of the portal: a form that names an event and an id, which is then read anew, so that order and repeats do not matter."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.connect._engine import ConnectError, Hook, RefusedError, Touched
from longfunnel.connect.bitrix24._calls import call, rows_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api

_EVENT = re.compile(r"ONCRM(DEAL|LEAD|CONTACT)(ADD|UPDATE|DELETE|MOVETOCATEGORY)")
_STREAMS = {"DEAL": "deals", "LEAD": "leads", "CONTACT": "contacts"}
EVENTS = (
    *(f"ONCRM{kind}{verb}" for kind in ("DEAL", "LEAD") for verb in ("ADD", "UPDATE", "DELETE")),
    "ONCRMDEALMOVETOCATEGORY",
    "ONCRMCONTACTUPDATE",
)
"""What an outgoing webhook should send."""
_FORM = "application/x-www-form-urlencoded"


def read(content_type: str, body: bytes) -> list[Touched]:
    """What a webhook tells; nothing for an event that concerns us not. Raises ValueError for what is no webhook of a portal."""
    form = _form(content_type, body)
    if not form.get("event"):
        raise ValueError("a webhook of Bitrix24 names its event")
    event = _EVENT.fullmatch(form["event"].upper())
    if not event:
        return []
    key = form.get("data[FIELDS][ID]", "")
    if not key.isdecimal():
        raise ValueError("a webhook of Bitrix24 names the record by its number")
    return [Touched(_STREAMS[event[1]], key)]


def is_genuine(_: Mapping[str, str], content_type: str, body: bytes, credentials: Mapping[str, str]) -> bool:
    """Whether the portal's ``application_token`` is ours. Without one in the credentials the secret address alone is the proof: a
    webhook is believed nothing but that a record should be read again."""
    expected = credentials.get("application_token")
    if not expected:
        return True
    try:
        given = _form(content_type, body).get("auth[application_token]", "")
    except ValueError:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())


async def register(api: Api, address: str, _: Mapping[str, Any]) -> None:
    """Bind the events to the address, those that are not bound yet. Raises RefusedError for an inbound webhook, which may not."""
    if api.access.credentials.get("webhook"):
        raise RefusedError(
            Text(
                "An inbound webhook cannot ask Bitrix24 to send events.",
                "Входящий вебхук не может попросить Битрикс24 присылать события.",
            ),
            hint=Text(
                "Make an outbound webhook in the portal with the address {address} and the events {events}.",
                "Создайте на портале исходящий вебхук с адресом {address} и событиями {events}.",
            ).format(address=address, events=", ".join(EVENTS)),
        )
    bound = rows_of((await call(api, "event.get"))["result"], "event.get")
    known = {str(row.get("event") or "").upper() for row in bound if row.get("handler") == address}
    for event in EVENTS:
        if event not in known:
            try:
                await call(api, "event.bind", {"event": event, "handler": address})
            except ConnectError as error:
                if "already" not in str(error).lower():
                    raise


def _form(content_type: str, body: bytes) -> dict[str, str]:
    if content_type.partition(";")[0].strip().lower() != _FORM:
        raise ValueError(f"a webhook of Bitrix24 is {_FORM}, not {content_type}")
    return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))


HOOK = Hook(read, is_genuine, register)
