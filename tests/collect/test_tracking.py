"""What the tracker sends, and what of it is in the warehouse."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Collector

SELLER = "https://www.shop.example"


def test_an_event_is_in_the_warehouse_as_it_was_sent(collector: Collector) -> None:
    url = "https://shop.example/cat?utm_source=yandex&UTM_Medium=cpc&utm_campaign=%D0%BB%D0%B5%D1%82%D0%BE&utm_term=a+b&yclid=77&rb_clickid=9"
    sent = collector.event(u=url, r="https://yandex.ru/", ti="Каталог", p={"colour": "red", "n": 2})
    answer = collector.track(sent, batch={"v": "vis", "ym": "123", "ga": "GA1.2.5.6"}, origin=SELLER)
    assert (answer.status, answer.body) == (202, b"")
    [row] = collector.rows(
        """SELECT event_id, name, visitor_id, ym_client_id, ga_client_id, url, page, title, source, medium, campaign, term, referrer,
                  yclid, vkclid, device, excluded, props, source_system FROM facts.event"""
    )
    assert row[:-2] == (
        "e1", "page_view", "vis", "123", "5.6", url, "/cat", "Каталог", "yandex", "cpc", "лето", "a b", "https://yandex.ru/", "77", "9", "desktop", None,
    )  # fmt: skip
    assert json.loads(row[-2]) == {"colour": "red", "n": 2}
    assert row[-1] == "shop"


def test_contacts_and_orders_become_columns_and_what_cannot_be_read_stays_with_the_props(collector: Collector) -> None:
    good = {
        "email": " Ann@X.ru",
        "phone": "8 912 345-67-89",
        "user_id": 15,
        "order_id": "A1",
        "amount": "10.5",
        "currency": "rub",
    }
    bad = {"email": "nobody", "phone": "1", "amount": "much"}
    collector.track(collector.event("a", "identify", p=good), collector.event("b", "identify", p=bad))
    columns = "email, phone, user_id, order_id, amount, currency, props"
    rows = collector.rows(f"SELECT {columns} FROM facts.event ORDER BY event_id")
    assert rows[0] == ("ann@x.ru", "+79123456789", "15", "A1", Decimal("10.5000"), "RUB", None)
    assert rows[1][:-1] == (None,) * 6
    assert json.loads(rows[1][-1]) == bad


@pytest.mark.parametrize("skew", [0, -86_400_000 * 400, 86_400_000 * 3000])
def test_the_time_of_an_event_is_right_by_our_clock_whatever_the_visitors_clock_says(
    collector: Collector, skew: int
) -> None:
    sent_at = 1_700_000_000_000 + skew
    collector.track(collector.event(at=sent_at - 90_000), batch={"t": sent_at})
    [(at,)] = collector.rows("SELECT happened_at FROM facts.event")
    assert abs(datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=90) - at) < timedelta(seconds=20)


def test_an_event_from_the_future_happened_when_it_came_and_one_too_old_is_set_aside(collector: Collector) -> None:
    month = 31 * 86_400_000
    assert (
        collector.track(
            collector.event("future", at=month), collector.event("old", at=-month - 1), batch={"t": 0}
        ).status
        == 202
    )
    [(at,)] = collector.rows("SELECT happened_at FROM facts.event WHERE event_id = 'future'")
    assert abs(datetime.now(UTC).replace(tzinfo=None) - at) < timedelta(seconds=20)
    [(reason, raw)] = collector.rows("SELECT reason, raw FROM main.quarantine")
    assert "31 days old" in reason
    assert json.loads(raw)["i"] == "old"
    assert collector.rows("SELECT count(*) FROM facts.event") == [(1,)]


def test_the_same_event_again_is_nothing(collector: Collector) -> None:
    for _ in range(2):
        collector.track(collector.event("a"), collector.event("b"), collector.event("a"))
        collector.loader.load_all()
    collector.track(collector.event("b"), collector.event("c"))
    assert collector.rows("SELECT event_id FROM facts.event ORDER BY 1") == [("a",), ("b",), ("c",)]
    assert collector.rows("SELECT added, same FROM main.imports WHERE fact = 'event'") == [(3, 3)]


def test_a_form_with_a_contact_is_a_lead_and_one_without_is_not(collector: Collector) -> None:
    page = "https://shop.example/buy?utm_source=vk"
    filled = {"form": "order", "fields": ["email"], "values": {"Email": "a@b.ru", "name": "Анна"}}
    collector.track(
        collector.event("f1", "form_submit", u=page, p=filled),
        collector.event("f2", "form_submit", p={"form": "search"}),
    )
    collector.track(collector.event("f3", "callback", p={"phone": "89123456789"}))
    assert collector.rows(
        "SELECT lead_id, kind, email, phone, name, visitor_id, source FROM facts.lead ORDER BY 1"
    ) == [
        ("f1", "form", "a@b.ru", None, "Анна", "v1", "vk"),
        ("f3", "call", None, "+79123456789", None, "v1", None),
    ]


def test_robots_own_visits_and_spam_are_kept_and_marked(collector: Collector) -> None:
    collector.track(collector.event("person"))
    collector.track(
        collector.event("robot"), user_agent="Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"
    )
    collector.track(collector.event("silent"), user_agent="")
    collector.ask("POST", "/e", b'{"s":"shop","e":[{"i":"own","n":"x","t":1}]}', address="10.1.2.3")
    collector.track(
        collector.event("spam", r="https://buy.spam.example/x"), collector.event("known", r="http://semalt.com/")
    )
    assert dict(collector.rows("SELECT event_id, excluded FROM facts.event")) == {
        "person": None, "robot": "bot", "silent": "bot", "own": "own", "spam": "referrer_spam", "known": "referrer_spam",
    }  # fmt: skip


def test_without_consent_nothing_is_kept(collector: Collector) -> None:
    answer = collector.track(collector.event(p={"email": "a@b.ru"}), batch={"c": 0})
    assert answer.status == 202
    assert answer.header("set-cookie") is None
    assert collector.rows("SELECT count(*) FROM facts.event") == [(0,)]
    assert not list((collector.folder / "log").glob("*.log"))


def test_a_cookieless_visitor_has_an_id_of_one_day_and_no_lasting_one(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def visit(identity: str, address: str = "203.0.113.7") -> None:
        body = {"s": "shop", "v": "lasting", "ym": "1", "ga": "2.3", "c": 1, "e": [collector.event(identity, uid="u1")]}
        answer = collector.ask("POST", "/e", json.dumps(body).encode(), address=address, cookie="lf_id=lasting")
        assert answer.header("set-cookie") is None

    visit("a")
    visit("b")
    visit("c", address="203.0.113.8")
    monkeypatch.setattr("longfunnel.collect.visiting.visitors.time.time", lambda: 4e9)
    visit("d")
    rows = collector.rows("SELECT visitor_id, ym_client_id, ga_client_id, user_id FROM facts.event ORDER BY event_id")
    ids = [row[0] for row in rows]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(
        identity.startswith("c-") and rest == (None, None, None) for identity, *rest_ in rows for rest in [tuple(rest_)]
    )


def test_no_address_is_anywhere_on_disk(collector: Collector) -> None:
    collector.ask("POST", "/e", b'{"s":"shop","c":1,"e":[{"i":"x","n":"x","t":1}]}', address="198.51.100.201")
    collector.track(collector.event("y"), x_forwarded_for="198.51.100.201")
    collector.rows("SELECT 1")
    collector.warehouse.execute("CHECKPOINT")
    for file in collector.folder.rglob("*"):
        assert file.is_dir() or b"198.51.100.201" not in file.read_bytes()


def test_the_cookie_of_the_server_wins_and_both_ids_are_linked(collector: Collector) -> None:
    collector.track(collector.event("a"), batch={"v": "young"}, cookie="x=1; lf_id=old; y=2")
    assert collector.rows("SELECT visitor_id FROM facts.event") == [("old",)]
    assert collector.rows("SELECT kind_a, value_a, kind_b, value_b FROM facts.identity_link") == [
        ("visitor", "old", "visitor", "young")
    ]


@pytest.mark.parametrize(
    ("headers", "ending"),
    [
        ({}, "; Max-Age=34128000; Path=/; SameSite=Lax"),
        ({"origin": SELLER}, "; Max-Age=34128000; Path=/; SameSite=Lax; Domain=shop.example"),
        ({"origin": SELLER, "host": "collector.example"}, "; Max-Age=34128000; Path=/; SameSite=Lax"),
    ],
)
def test_a_visitor_gets_a_cookie_for_395_days(collector: Collector, headers: dict[str, str], ending: str) -> None:
    answer = collector.track(collector.event(), **headers)
    assert answer.header("set-cookie") == "lf_id=v1" + ending


def test_a_cookie_is_secure_behind_a_trusted_proxy_with_https(collector: Collector) -> None:
    body = b'{"s":"shop","v":"v1","e":[{"i":"x","n":"x","t":1}]}'
    for address, is_secure in (("127.0.0.1", True), ("203.0.113.9", False)):
        answer = collector.ask("POST", "/e", body, address=address, x_forwarded_proto="https")
        assert (answer.header("set-cookie") or "").endswith("Secure") == is_secure


def test_a_visitor_without_an_id_gets_a_new_one_and_an_odd_id_goes_into_no_header(collector: Collector) -> None:
    for identity, given in (("a", None), ("b", "x; Domain=evil"), ("c", "\r\nSet-Cookie: a=b")):
        cookie = collector.track(collector.event(identity), batch={"v": given}).header("set-cookie") or ""
        assert len(cookie.partition(";")[0]) == len("lf_id=") + 32
        assert "evil" not in cookie


def test_gzip_is_understood(collector: Collector) -> None:
    body = gzip.compress(b'{"s":"shop","e":[{"i":"x","n":"x","t":1}]}')
    assert collector.ask("POST", "/e", [body[:10], body[10:]], content_encoding="gzip").status == 202
    assert collector.rows("SELECT count(*) FROM facts.event") == [(1,)]


def test_a_site_may_be_read_with_another_country(make: Callable[..., Collector]) -> None:
    settings = '[business]\ntimezone = "UTC"\ncountry = "US"\n[[site]]\nname = "shop"\n'
    collector = make(settings=settings)
    collector.track(collector.event(p={"phone": "(415) 555-2671"}))
    assert collector.rows("SELECT phone FROM facts.event") == [("+14155552671",)]
