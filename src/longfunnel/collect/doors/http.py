"""HTTP over bare ASGI: the request as the collector needs it, bounded in size and rate, and its answers."""

from __future__ import annotations

import time
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.collect.visiting.traffic import Network, is_within
from longfunnel.core.errors import LongfunnelError

if TYPE_CHECKING:
    from longfunnel.core.text import Text

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MAX_BODY = 64 << 10
"""Bytes of a request's body, both as sent and unpacked."""


class HttpError(LongfunnelError):
    """A request that is answered with ``status`` and said why, in English, as programs read it; ``fields`` names what is wrong where."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_seconds: int = 0,
        fields: list[tuple[str, Text]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_seconds, self.fields = status, code, retry_seconds, fields

    @property
    def body(self) -> bytes:
        """The answer: ``{"error": {"code", "message", "fields": [{"field", "reason"}]}}``."""
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.fields:
            told["fields"] = [{"field": field, "reason": reason.en} for field, reason in self.fields]
        return msgspec.json.encode({"error": told})


class RateLimit:
    """``per_second`` requests from each sender, ``burst`` at once. Remembers the ``senders`` seen last.

    A bucket holds up to ``burst`` tokens and gains ``per_second``; a request takes one (token bucket, as in ITU-T I.371).
    """

    def __init__(
        self, per_second: float, burst: float, *, senders: int = 50_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._burst, self._most, self._clock = per_second, burst, senders, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, sender: str) -> float:
        """0 when the request may pass, else the seconds until one may."""
        now = self._clock()
        # taken out and put back, so that the dictionary's order is the order of last use
        buckets = self._buckets
        tokens, at = buckets.pop(sender, (self._burst, now))
        tokens += (now - at) * self._per_second
        if tokens > self._burst:
            tokens = self._burst
        wait = 0.0
        if tokens >= 1:
            tokens -= 1
        else:
            wait = (1 - tokens) / self._per_second
        buckets[sender] = (tokens, now)
        if len(buckets) > self._most:
            del buckets[next(iter(buckets))]
        return wait


async def read_body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """The request's body, unpacked. Raises HttpError 413 when it is too large, 415 for an unknown packing, 400 for a broken one."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body"):
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MAX_BODY:
                break
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise HttpError(400, "incomplete", "The request ended before its body did.")
    return opened(body, headers.get(b"content-encoding", b"").decode("latin-1"))


def opened(body: bytes, packing: str) -> bytes:
    """The body unpacked. Raises HttpError as ``read_body`` does."""
    if len(body) > MAX_BODY:
        raise HttpError(413, "too_large", f"At most {MAX_BODY} bytes a request.")
    return _unpack(body, packing) if packing else body


def _unpack(body: bytes, packing: str) -> bytes:
    name = packing.strip().lower()
    if name == "identity":
        return body
    if name not in ("gzip", "x-gzip"):
        raise HttpError(415, "unknown_encoding", "Content-Encoding: only gzip is understood.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, MAX_BODY + 1)
    except zlib.error as error:
        raise HttpError(400, "malformed", f"The body is not gzip: {error}.") from error
    if len(unpacked) > MAX_BODY:
        raise HttpError(413, "too_large", f"At most {MAX_BODY} bytes a request, unpacked.")
    if not unpacker.eof:
        raise HttpError(400, "malformed", "The gzip of the body is cut short.")
    return unpacked


def client_address(scope: Scope, headers: dict[bytes, bytes], trusted: tuple[Network, ...]) -> tuple[str, bool]:
    """The visitor's address, and whether the page was asked for over https: as trusted proxies say, else as the connection is."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    is_secure = scope.get("scheme") == "https"
    forwarded = headers.get(b"x-forwarded-for")
    proto = headers.get(b"x-forwarded-proto")
    if (forwarded or proto) and is_within(address, trusted):
        if proto:
            is_secure = proto.strip().lower().startswith(b"https")
        for hop in reversed((forwarded or b"").decode("latin-1").split(",")):
            if not (hop := hop.strip()) or not _is_address(hop):
                break
            address = hop
            if not is_within(hop, trusted):
                break
    return address, is_secure


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


async def answer(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    """Send a whole answer."""
    await send(
        {"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


async def answer_error(send: Send, error: HttpError, headers: Headers) -> None:
    """Send an error as JSON, with the time to try again where there is one."""
    await answer(send, error.status, [*headers, *error_headers(error)], error.body)


def error_headers(error: HttpError) -> Headers:
    """The headers of an error's answer."""
    retry = [(b"retry-after", b"%d" % error.retry_seconds)] if error.retry_seconds else []
    return [(b"content-type", b"application/json"), *retry]
