"""An ASGI application behind RSGI, the server's own interface: the collector's busiest path is taken without ASGI, the rest with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # it is told of there

from longfunnel.collect.doors.rsgi import peer_address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping

    from longfunnel.collect.doors.http import Scope

_DISCONNECT: dict[str, Any] = {"type": "http.disconnect"}


async def answer_by(application: Any, scope: Any, proto: Any) -> None:
    """Let the ASGI ``application`` answer the RSGI request.

    A header that is not ASCII is not passed on: RSGI has none. What is sent to a client that has gone is thrown away; the
    application learns of it by ``receive``.
    """
    exchange = _Exchange(proto)
    await application(_asgi_scope(scope), exchange.receive, exchange.send)


def _asgi_scope(scope: Any) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": scope.http_version,
        "method": scope.method,
        "scheme": scope.scheme,
        "path": scope.path,
        "query_string": scope.query_string.encode("latin-1"),
        "root_path": "",
        "headers": _headers(scope),
        "client": _end(scope.client),
        "server": _end(scope.server),
        "state": {},
        "extensions": {},
    }


def _end(peer: str) -> tuple[str, int]:
    port = peer.rpartition(":")[2]
    return peer_address(peer), int(port) if port.isdecimal() else 0


def _headers(scope: Any) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in scope.headers.items()]
    if scope.authority and not any(name == b"host" for name, _ in headers):
        headers.append((b"host", scope.authority.encode("latin-1")))  # HTTP/2 names the host outside the headers
    return headers


class _Exchange:
    """``receive`` and ``send`` of one request."""

    def __init__(self, proto: Any) -> None:
        self._proto = proto
        self._parts: AsyncIterator[bytes] | None = None
        self._is_read = False
        self._start: tuple[int, list[tuple[str, str]]] | None = None
        self._stream: Any = None

    async def receive(self) -> MutableMapping[str, Any]:
        """The next part of the body; after the last one, that the client has gone, once it has."""
        if self._is_read:
            await self._proto.client_disconnect()
            return dict(_DISCONNECT)
        if self._parts is None:
            self._parts = aiter(self._proto)
        try:
            part = await anext(self._parts)
        except StopAsyncIteration:
            self._is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        except ProtocolClosed:
            self._is_read = True
            return dict(_DISCONNECT)
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Pass on what the application answers: at once where it is one piece, else as a stream."""
        if message["type"] == "http.response.start":
            headers = [
                (bytes(name).decode("latin-1"), _text(bytes(value))) for name, value in message.get("headers", ())
            ]
            self._start = message["status"], headers
            return
        body, is_more = bytes(message.get("body", b"")), bool(message.get("more_body"))
        try:
            if self._start:
                status, headers = self._start
                self._start = None
                if not is_more:
                    if body:
                        self._proto.response_bytes(status, headers, body)
                    else:
                        self._proto.response_empty(status, headers)
                    return
                self._stream = self._proto.response_stream(status, headers)
            if self._stream and body:
                await self._stream.send_bytes(body)
        except ProtocolClosed:
            pass


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")  # RSGI sends it as UTF-8 again
    except UnicodeDecodeError:
        return value.decode("latin-1")
