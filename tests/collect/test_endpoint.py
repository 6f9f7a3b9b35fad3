from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longfunnel.collect.doors.http import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.collect.conftest import Collector


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "not JSON"),
        (b"[]", 400, "Expected `object`"),
        (b"\xff\xfe", 400, "not JSON"),
        (b'{"s":"shop"}', 400, "missing required field `e`"),
        (b'{"s":"shop","e":[]}', 400, "$.e: 1 to 500 events"),
        (b'{"s":"shop","e":[{"i":"","n":"x","t":1}]}', 400, "$.e[0]"),
        (b'{"s":"shop","e":[{"i":"a","n":"x","t":"late"}]}', 400, "$.e[0].t"),
        (b'{"s":"shop","c":7,"e":[{"i":"a","n":"x","t":1}]}', 400, "$.c"),
        (b'{"s":"other","e":[{"i":"a","n":"x","t":1}]}', 403, "\u00abother\u00bb"),
    ],
)
def test_a_mistake_is_answered_with_its_field(collector: Collector, body: bytes, status: int, told: str) -> None:
    answer = collector.ask("POST", "/e", body)
    assert answer.status == status
    assert told in answer.json["error"]["message"]


def test_a_body_too_large_is_refused_in_every_form(collector: Collector) -> None:
    large = b'{"s":"shop","x":"' + b"x" * MAX_BODY + b'"}'
    assert collector.ask("POST", "/e", large).status == 413
    assert collector.ask("POST", "/e", [large[:100], large[100:]]).status == 413
    assert collector.ask("POST", "/e", gzip.compress(b"0" * 50_000_000), content_encoding="gzip").status == 413
    assert collector.ask("POST", "/e", gzip.compress(b"{}")[:-4], content_encoding="gzip").status == 400
    assert collector.ask("POST", "/e", zlib.compress(b"{}"), content_encoding="gzip").status == 400
    assert collector.ask("POST", "/e", b"{}", content_encoding="br").status == 415


def test_only_pages_of_the_site_may_send(collector: Collector) -> None:
    for origin, status in (
        ("https://shop.example", 202), ("https://a.b.shop.example", 202), ("http://shop.example", 403), ("https://shop.example.evil", 403),
        ("https://evilshop.example", 403), ("null", 202),
    ):  # fmt: skip
        answer = collector.track(collector.event(), origin=origin)
        assert (origin, answer.status) == (origin, status)
        assert answer.header("access-control-allow-origin") == origin
        assert answer.header("access-control-allow-credentials") == "true"
        assert answer.header("vary") == "Origin"


def test_a_preflight_allows_what_the_tracker_needs(collector: Collector) -> None:
    answer = collector.ask("OPTIONS", "/e", origin="https://shop.example", access_control_request_method="POST")
    assert answer.status == 204
    assert "content-type" in (answer.header("access-control-allow-headers") or "")
    assert answer.header("access-control-allow-origin") == "https://shop.example"


def test_too_many_requests_from_one_address_wait(make: Callable[..., Collector]) -> None:
    collector = make(settings='[collector]\nrequests_per_second = 0.5\n[[site]]\nname = "shop"\n')
    answers = [collector.track(collector.event(str(number))) for number in range(7)]
    assert [answer.status for answer in answers] == [202] * 5 + [429] * 2
    assert answers[-1].header("retry-after") == "2"
    body = b'{"s":"shop","e":[{"i":"x","n":"x","t":1}]}'
    assert collector.ask("POST", "/e", body, address="203.0.113.99").status == 202


def test_a_trusted_proxy_tells_the_address_and_a_stranger_does_not(make: Callable[..., Collector]) -> None:
    collector = make(settings='[collector]\nrequests_per_second = 0.1\n[[site]]\nname = "shop"\n')
    body = b'{"s":"shop","e":[{"i":"x","n":"x","t":1}]}'
    for number in range(4):
        forged = f"1.2.3.{number}, 198.51.100.{number}, 127.0.0.9"
        assert collector.ask("POST", "/e", body, address="127.0.0.1", x_forwarded_for=forged).status == 202
        status = collector.ask("POST", "/e", body, address="203.0.113.1", x_forwarded_for=f"198.51.100.{number}").status
        assert status == (202 if number == 0 else 429)


def test_a_full_disk_is_503_with_a_time_to_try_again(make: Callable[..., Collector]) -> None:
    collector = make(log_options={"reserve_bytes": 1 << 60})
    answer = collector.track(collector.event(), origin="https://shop.example")
    assert (answer.status, answer.header("retry-after")) == (503, "10")
    assert answer.header("access-control-allow-origin") == "https://shop.example"
    assert answer.json["error"]["code"] == "log_unavailable"
    assert collector.ask("GET", "/ready").status == 503
    assert collector.ask("GET", "/health").status == 200


def test_a_full_queue_is_503(make: Callable[..., Collector]) -> None:
    collector = make(log_options={"queue_bytes": 50})
    assert collector.track(collector.event()).status == 503


def test_health_readiness_and_measures(collector: Collector) -> None:
    collector.track(collector.event("a"), collector.event("b"))
    collector.track(batch={"e": []})
    collector.rows("SELECT 1")
    assert collector.ask("GET", "/ready").json == {"status": "ready"}
    text = collector.ask("GET", "/metrics").body.decode()
    assert "longfunnel_collector_events_total 2.0" in text
    assert 'longfunnel_collector_answers_total{status="400"} 1.0' in text
    assert "longfunnel_loader_rows_total 2.0" in text


def test_the_scripts_are_served_with_a_tag(collector: Collector) -> None:
    answer = collector.ask("GET", "/lf.js")
    if answer.status == 404:
        pytest.skip("the tracker is not built")
    assert answer.header("content-type") == "text/javascript; charset=utf-8"
    assert "max-age=3600" in (answer.header("cache-control") or "")
    assert collector.ask("GET", "/lf.js", if_none_match=answer.header("etag") or "").status == 304
    assert collector.ask("HEAD", "/lf.js").body == b""


def test_the_goals_of_a_site_are_public(collector: Collector) -> None:
    assert collector.ask("GET", "/goals/shop.json").json == [{"name": "cart", "url": "/cart*", "on": "click"}]
    assert collector.ask("GET", "/goals/nothing.json").json == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/e", 405), ("POST", "/lf.js", 405), ("GET", "/x", 404), ("GET", "/api/v1/lead", 405)],
)
def test_other_addresses_and_methods(collector: Collector, method: str, path: str, status: int) -> None:
    assert collector.ask(method, path).status == status


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["email", "phone", "amount", "order_id", "values", "x", "user_id", "currency"])
event_like = st.fixed_dictionaries(
    {"i": st.text(max_size=10), "n": st.text(max_size=10), "t": st.integers(-(10**20), 10**20) | st.floats()},
    optional={
        "u": st.text(max_size=60) | st.just("https://[::1/?utm_source=%ff%00"),
        "r": st.text(max_size=20),
        "ti": st.text(max_size=20),
        "p": st.dictionaries(names, json_values, max_size=4),
        "uid": st.text(max_size=5),
    },
)
short = st.text(max_size=8)
batch_like = st.fixed_dictionaries(
    {"s": st.just("shop"), "e": st.lists(event_like, max_size=3)},
    optional={"t": st.floats() | st.integers(), "v": short, "c": st.integers(0, 2), "ym": short, "ga": short},
)
bodies = st.one_of(
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode()),
    batch_like.map(lambda value: json.dumps(value).encode()),
    batch_like.map(lambda value: gzip.compress(json.dumps(value).encode())),
    st.just(b"[" * 60_000),
    st.just(b'{"s":"shop","e":[{"i":"\\ud800","n":"\\u0000","t":1e999}]}'),
)
paths = st.sampled_from(
    [
        "/e",
        "/e",
        "/e",
        "/api/v1/lead",
        "/api/v1/event",
        "/api/v1/spend",
        "/hooks/tilda/t0ken",
        "/hooks/signed/s0",
        "/hooks/",
    ]
)
header_names = ["content-type", "content-encoding", "origin", "cookie", "x-forwarded-for", "idempotency-key"]
header_values = ["gzip", "application/x-www-form-urlencoded", "Bearer lf_secret", "lf_id=\u00ff", "\u0000", "["]
odd_headers = st.dictionaries(
    st.sampled_from([*header_names, "authorization", "user-agent", "host", "x-signature"]),
    st.sampled_from([*header_values, "http://[", "a" * 300, "", "127.0.0.1, ,x"]),
    max_size=4,
)


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory, collector_class: type[Collector]) -> Iterator[Collector]:
    collector = collector_class(tmp_path_factory.mktemp("fuzz"))
    yield collector
    collector.close()


@given(requests=st.lists(st.tuples(paths, bodies, odd_headers), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_that_is_sent_breaks_the_endpoint_or_the_loader(
    long_lived: Collector, requests: list[tuple[str, bytes, dict[str, str]]]
) -> None:
    for path, body, headers in requests:
        answer = long_lived.ask(
            "POST", path, body, **{"authorization": "Bearer lf_secret", **headers}, address="127.0.0.1"
        )
        assert answer.status < 500, (path, body, headers, answer.body)
    long_lived.loader.load_all()
    assert long_lived.loader.position >= long_lived.log.synced
    assert long_lived.loader.trouble == ""
