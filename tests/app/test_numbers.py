"""How a pool of tracking numbers fares, from what was observed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from longfunnel.app.business import Business, now
from longfunnel.app.sites.numbers import number_pools
from longfunnel.collect.calls.numbers import advised_size, pool_load
from longfunnel.core.errors import NothingYetError, QuestionError

SETTINGS = """
[business]
timezone = "Europe/Moscow"
[[site]]
name = "shop"
numbers.pool = ["+7 495 111-11-01", "+7 495 111-11-02"]
numbers.replaces = ["+7 495 123-45-67"]
numbers.minutes = 10
[[site]]
name = "plain"
"""


@pytest.fixture
def business(tmp_path: Path) -> Business:
    (tmp_path / "longfunnel.toml").write_text(SETTINGS, "utf-8")
    return Business(tmp_path)


def test_before_any_visit_nothing_is_known_and_a_wish_can_be_computed(business: Business) -> None:
    (pool,) = number_pools(business)
    assert (pool.site, pool.numbers, pool.visits_per_hour, pool.wrong_share, pool.advised_numbers) == ("shop", 2, None, None, None)  # fmt: skip
    (wish,) = number_pools(business, "shop", visits_per_hour=30, call_delay=300)
    load = pool_load(2, 30, lease=600, call_delay=300)
    assert (wish.load_erlangs, wish.unserved_share, wish.wrong_share) == (5.0, load.unserved_share, load.wrong_share)
    advised = advised_size(30, lease=600, call_delay=300)
    assert advised is not None
    assert wish.advised_numbers == advised.size


def test_visits_leases_and_calls_are_observed(business: Business) -> None:
    hour = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    events = [(f"e{number}", f"v{number % 7}", hour + timedelta(minutes=number)) for number in range(20)]
    business.warehouse.executemany(
        "INSERT INTO facts.event (event_id, visitor_id, happened_at, name, source_system) VALUES (?, ?, ?, 'page_view', 'shop')",
        events,
    )
    leases = []
    for visit in range(24):  # each is active for 5 minutes: its number stays for 15
        for minutes in (0, 5):
            at = hour + timedelta(minutes=20 * visit + minutes)
            leases.append(("shop", f"+7495111110{visit % 2 + 1}", f"v{visit}", at, at + timedelta(minutes=10)))
    business.warehouse.executemany("INSERT INTO main.number_leases VALUES (?, ?, ?, ?, ?)", leases)
    calls = [
        (f"c{visit}", f"8 (495) 111-11-0{visit % 2 + 1}", hour + timedelta(minutes=20 * visit + 9), visit)
        for visit in range(24)
    ]
    business.warehouse.executemany(
        "INSERT INTO facts.call (call_id, tracking_number, started_at, key_hash) VALUES (?, ?, ?, ?)",
        [*calls, ("other", "+78005553535", hour, 99)],
    )
    (pool,) = number_pools(business)
    assert (pool.visits_per_hour, pool.calls, pool.matched_calls) == (7, 24, 24)
    assert (pool.lease_minutes, pool.call_delay_minutes, pool.is_delay_observed) == (15, 4, True)
    assert pool.load_erlangs == pytest.approx(7 * 15 / 60)


def test_a_site_without_numbers_has_nothing_to_tell(business: Business) -> None:
    with pytest.raises(NothingYetError, match="No site has tracking numbers"):
        number_pools(business, "plain")
    with pytest.raises(QuestionError, match="Did you mean «shop»"):
        number_pools(business, "shp")
