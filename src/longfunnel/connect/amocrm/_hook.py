"""Webhooks of amoCRM: forms with nested names, not signed. They only tell which records to read again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.connect._engine import ConnectError, Hook, Touched
from longfunnel.connect.amocrm._paging import Listing
from longfunnel.connect.amocrm._values import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api

EVENTS = (
    "add_lead",
    "update_lead",
    "status_lead",
    "responsible_lead",
    "delete_lead",
    "restore_lead",
    "add_contact",
    "update_contact",
    "add_unsorted",
)
_STREAMS = {("leads", "id"): "deals", ("contacts", "id"): "contacts", ("unsorted", "uid"): "requests"}
_NAME = re.compile(r"(\w+)\[(\w+)\]\[(\d+)\]\[(\w+)\]")
_OF_ACCOUNT = re.compile(r"\w+\[")
_MOST = 100_000


def _read(content_type: str, body: bytes) -> list[Touched]:  # noqa: ARG001 - it is always a form
    """The records that a body names, each once, in its order; others than deals, contacts and requests are passed over."""
    told = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST)
    if not any(_OF_ACCOUNT.match(name) for name, _ in told):
        raise ValueError("no webhook of amoCRM")
    touched: dict[tuple[str, str], Touched] = {}
    for name, value in told:
        parts = _NAME.fullmatch(name)
        stream = _STREAMS.get((parts[1], parts[4])) if parts else None
        if stream and (one := value.strip()):
            touched[stream, one] = Touched(stream, one)
    return list(touched.values())


async def _register(api: Api, address: str, options: Mapping[str, Any]) -> None:
    """Ask for webhooks to ``address``, unless they come there already."""
    wanted = [str(one) for one in options.get("webhook_events") or EVENTS]
    try:
        known = await Listing(api, "webhooks", "webhooks", limit=0).whole() or []
    except ConnectError as error:
        if error.kind not in ("gone", "refused", "forbidden"):
            raise
        known = []  # the list cannot be seen: asking twice for one address changes nothing
    for hook in known:
        if hook.get("destination") == address and set(wanted) <= {str(one) for one in listed(hook.get("settings"))}:
            return
    await api.post("webhooks", {"destination": address, "settings": wanted})


HOOK = Hook(_read, register=_register)
