"""Uploads of offline conversions, as the invented VK Ads takes them."""

from __future__ import annotations

import json
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

_KINDS = ("email", "phone", "okid", "vkid", "idfa", "gaid")


def taken_list(content_type: str, body: bytes) -> dict[str, Any] | None:
    """Name, kind, period and rows of a multipart upload; None where a part is missing or says nothing usable."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts: dict[str, bytes] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True) if isinstance(part, Message) else b""
        if isinstance(name, str) and isinstance(payload, bytes):
            parts[name] = payload
    try:
        data = json.loads(parts["data"])
        rows = parts["list_users"].decode().splitlines()
        if data["type"] not in _KINDS or not data["name"] or not rows:
            return None
        return {
            "name": data["name"],
            "type": data["type"],
            "attribution_period": int(data["attribution_period"]),
            "rows": rows,
        }
    except (KeyError, ValueError, TypeError):
        return None
