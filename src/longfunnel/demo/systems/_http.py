"""HTTP as an invented system sees it: a request whole, an answer whole."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_WORTH_PACKING = 1000


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def params(self) -> dict[str, str]:
        """The query; of a name that comes twice the last."""
        return dict(self.query)


@dataclass(frozen=True)
class Answer:
    """What is said to it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """How long it takes."""


def told(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON."""
    kind = {"content-type": "application/json; charset=utf-8"}
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), {**kind, **headers})


def served(handle: Callable[[Asked], Awaitable[Answer]]) -> Callable[..., Awaitable[None]]:
    """The ASGI application of a handler."""

    async def app(
        scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        answer = await handle(Asked(scope["method"], scope["path"], query, headers, body))
        await asyncio.sleep(answer.seconds)
        body = answer.body
        sent = {**answer.headers}
        if len(body) > _WORTH_PACKING and "gzip" in headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            sent["content-encoding"] = "gzip"
        sent["content-length"] = str(len(body))
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return app
