"""Events come by two interfaces, ASGI and the server's own: both give the same answer and keep the same."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import msgspec
import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]
from tests.collect.conftest import CHROME, Answer

from longfunnel.collect.doors.http import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.collect.conftest import Collector

EVENT = b'{"s":"shop","v":"v1","t":2,"c":2,"e":[{"i":"a","n":"x","t":1}]}'
PAGE = "https://shop.example"


class Headers:
    """As the server gives them: what is not ASCII is there, and cannot be read."""

    def __init__(self, given: list[tuple[str, str]]) -> None:
        self._given = given

    def items(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._given if value.isascii()]

    def __contains__(self, name: str) -> bool:
        return any(name == own for own, _ in self._given)


class Scope:
    proto, http_version, method, path, query_string, scheme = "http", "1.1", "POST", "/e", "", "http"

    def __init__(self, client: str, headers: list[tuple[str, str]], authority: str | None) -> None:
        self.client, self.headers, self.authority = client, Headers(headers), authority


class Proto:
    """The server's end of one request."""

    def __init__(self, parts: list[bytes], *, is_cut: bool = False) -> None:
        self._parts, self._is_cut, self.read = parts, is_cut, 0
        self.answer: Answer | None = None

    async def __call__(self) -> bytes:
        if self._is_cut:
            raise ProtocolClosed("RSGI transport is closed")
        return b"".join(self._parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            self.read += 1
            yield part

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        assert self.answer is None
        self.answer = Answer(status, [(name.encode(), value.encode()) for name, value in headers], body)


def take(
    collector: Collector,
    parts: list[bytes],
    headers: list[tuple[str, str]],
    *,
    client: str = "203.0.113.7:4711",
    authority: str | None = None,
    is_cut: bool = False,
) -> tuple[Answer, Proto]:
    proto = Proto(parts, is_cut=is_cut)
    collector.runner.run(collector.endpoint.take_events(Scope(client, headers, authority), proto))
    assert proto.answer
    return proto.answer, proto


REQUESTS: list[tuple[bytes, dict[str, str]]] = [
    (EVENT, {}),
    (EVENT, {"origin": PAGE, "cookie": "a=b; lf_id=v0"}),
    (EVENT, {"origin": "https://evil.example"}),
    (EVENT, {"origin": "null", "user-agent": "Googlebot/2.1"}),
    (EVENT, {"x-forwarded-for": "10.1.2.3", "x-forwarded-proto": "https", "origin": PAGE}),
    (EVENT, {"longfunnel-test": "1"}),
    (EVENT.replace(b'"c":2', b'"c":0'), {}),
    (EVENT.replace(b'"c":2', b'"c":1'), {"origin": PAGE}),
    (EVENT.replace(b"shop", b"other"), {"origin": PAGE}),
    (EVENT.replace(b'"v":"v1"', b'"v":"no id"'), {"cookie": "lf_id=v7"}),
    (gzip.compress(EVENT), {"content-encoding": "gzip"}),
    (gzip.compress(EVENT)[:-4], {"content-encoding": "gzip"}),
    (EVENT, {"content-encoding": "br"}),
    (b"{", {"origin": PAGE}),
    (b"", {}),
    (b" " * MAX_BODY + EVENT, {"origin": PAGE}),
]


@pytest.mark.parametrize("client", ["203.0.113.7", "127.0.0.1", "10.1.2.3", "2001:db8::1"])
def test_both_ways_answer_and_keep_the_same(make: Callable[..., Collector], client: str) -> None:
    ours, theirs = make("rsgi"), make("asgi")
    peer = f"[{client}]:1" if ":" in client else f"{client}:1"
    # twice: the second meets what the first has left behind
    for number, (body, headers) in enumerate(REQUESTS * 2):
        told = {"host": "stats.shop.example", "user-agent": CHROME, **headers}
        sent = body.replace(b'"a"', b'"%d"' % number)
        own, _ = take(ours, [sent], [*told.items(), ("content-length", str(len(sent)))], client=peer)
        other = theirs.ask("POST", "/e", sent, address=client, **told)
        kept = [(key, value) for key, value in other.headers if key != b"content-length"]
        assert (own.status, sorted(own.headers), own.body) == (other.status, sorted(kept), other.body), (body, headers)
    sql = "SELECT event_id, visitor_id[:2], device, excluded FROM facts.event ORDER BY 1"
    assert ours.rows(sql) == theirs.rows(sql)
    assert ours.monitor.answers == theirs.monitor.answers
    assert (ours.monitor.events, ours.monitor.without_consent) == (
        theirs.monitor.events,
        theirs.monitor.without_consent,
    )


def test_a_body_of_unknown_length_is_read_no_further_than_it_may_be(collector: Collector) -> None:
    answer, _ = take(collector, [EVENT[:9], EVENT[9:]], [("user-agent", CHROME)])
    assert answer.status == 202
    for headers in ([], [("content-length", "90000000")]):
        answer, proto = take(collector, [b"x" * 40_000] * 9, headers)
        assert (answer.status, proto.read) == (413, 2)


def test_a_request_that_ends_early_is_no_event(collector: Collector) -> None:
    answer, _ = take(collector, [EVENT], [("content-length", "99")], is_cut=True)
    assert answer.status == 400
    assert collector.rows("SELECT count(*) FROM facts.event") == [(0,)]


def test_a_browser_whose_name_is_not_ascii_is_no_robot(collector: Collector) -> None:
    take(collector, [EVENT], [("user-agent", "Браузер"), ("content-length", "64")], authority="stats.shop.example")
    take(collector, [EVENT.replace(b'"a"', b'"b"')], [("content-length", "64")])
    assert collector.rows("SELECT event_id, excluded FROM facts.event ORDER BY 1") == [("a", None), ("b", "bot")]


def test_a_full_disk_is_said(make: Callable[..., Collector]) -> None:
    collector = make(log_options={"reserve_bytes": 1 << 60})
    answer, _ = take(collector, [EVENT], [("content-length", "64"), ("origin", PAGE)])
    assert (answer.status, answer.header("retry-after")) == (503, "10")
    assert answer.header("access-control-allow-origin") == PAGE
    assert msgspec.json.decode(answer.body)["error"]["code"] == "log_unavailable"
