"""HTTP over RSGI, the server's own interface: the same as ``http.py`` over ASGI, for the one way in that is busy.

RSGI leaves out a header that is not ASCII.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # it is told of there

from longfunnel.collect.doors.http import MAX_BODY, HttpError, error_headers, opened

if TYPE_CHECKING:
    from longfunnel.collect.doors.http import Headers, Scope

_DIGITS = len(str(MAX_BODY))


def peer_address(peer: str) -> str:
    """The address of one end of a connection: of ``203.0.113.7:4711``, of ``[2001:db8::1]:4711``."""
    return peer.rpartition(":")[0].strip("[]")


def rsgi_headers(scope: Any) -> dict[str, str]:
    """The headers of the request by name; of a repeated one the last."""
    given = scope.headers
    headers: dict[str, str] = dict(given.items())
    if "user-agent" not in headers and "user-agent" in given:
        headers["user-agent"] = "?"  # somebody has one, and it is not ASCII
    if scope.authority and "host" not in headers:
        headers["host"] = scope.authority  # as HTTP/2 names it
    return headers


def as_asgi(scope: Any, headers: dict[str, str]) -> tuple[Scope, dict[bytes, bytes]]:
    """What the request says of its sender, as ASGI says it."""
    told = {name.encode("latin-1"): value.encode("latin-1") for name, value in headers.items()}
    return {"client": (peer_address(scope.client), 0), "scheme": scope.scheme}, told


def as_texts(headers: Headers) -> list[tuple[str, str]]:
    """The headers as RSGI wants them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


async def read_rsgi_body(headers: dict[str, str], proto: Any) -> bytes:
    """The request's body, unpacked. Raises HttpError as ``read_body`` does."""
    try:
        if len(headers.get("content-length", "x" * 99)) <= _DIGITS:
            body: bytes = await proto()
        else:  # unknown or large: no more of it is read than is needed to refuse it
            parts: list[bytes] = []
            size = 0
            async for part in proto:
                parts.append(part)
                size += len(part)
                if size > MAX_BODY:
                    break
            body = b"".join(parts)
    except ProtocolClosed as error:
        raise HttpError(400, "incomplete", "The request ended before its body did.") from error
    return opened(body, headers.get("content-encoding", ""))


def answer_rsgi_error(proto: Any, error: HttpError, headers: Headers) -> None:
    """Send an error as JSON, with the time to try again where there is one."""
    proto.response_bytes(error.status, as_texts([*headers, *error_headers(error)]), error.body)
