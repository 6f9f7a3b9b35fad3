"""Visits: where sessions start, and that the same visit seen twice counts once."""

from __future__ import annotations

import pytest
from tests.journeys.business import Facts

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def view(event_id: str, at: str, visitor: str = "v", **more: str) -> dict[str, str]:
    return {"event_id": event_id, "happened_at": f"2026-03-01 {at}", "name": "page_view", "visitor_id": visitor, **more}


@pytest.mark.parametrize(("second", "visits"), [("10:30:00", 1), ("10:30:01", 2)])
def test_more_than_thirty_minutes_of_silence_ends_a_session(business: Facts, second: str, visits: int) -> None:
    business.add("event", view("1", "10:00"), view("2", second))
    business.build()
    assert business.one("SELECT count(*) FROM live.visits") == visits


def test_midnight_ends_nothing(business: Facts) -> None:
    business.add("event", view("1", "23:50"), {**view("2", "23:59"), "happened_at": "2026-03-02 00:10"})
    business.build()
    assert business.rows("SELECT pages, duration_seconds, is_bounce FROM live.visits") == [(2, 1200, False)]


def test_another_campaign_ends_a_session_and_the_same_one_again_does_not(business: Facts) -> None:
    ad = {"source": "yandex", "medium": "cpc", "campaign": "a"}
    business.add(
        "event",
        view("1", "10:00", **ad),
        view("2", "10:01"),
        view("3", "10:02", **ad),
        view("4", "10:03", source="vk", medium="cpc", campaign="b"),
        view("5", "10:04"),
    )
    business.build()
    assert business.rows("SELECT o.source, v.pages FROM live.visits v JOIN live.origins o USING (origin_id) ORDER BY started_at") == [
        ("yandex", 3), ("vk", 2),
    ]  # fmt: skip


def test_a_session_that_the_source_has_cut_is_left_as_it_is(business: Facts) -> None:
    business.add(
        "event",
        view("1", "10:00", session_id="s"),
        view("2", "15:00", session_id="s"),
        view("3", "15:01", session_id="t"),
    )
    business.build()
    assert sorted(business.rows("SELECT pages FROM live.visits")) == [(1,), (2,)]


def test_a_referrer_on_the_site_itself_is_no_referrer(business: Facts) -> None:
    business.add(
        "event",
        view("1", "10:00", "a", url="https://www.shop.example/x", referrer="https://shop.example/y"),
        view("2", "10:00", "b", url="https://blog.shop.example/x", referrer="https://shop.example/"),
        view("3", "10:00", "c", url="https://shop.example/x", referrer="https://habr.com/"),
    )
    business.build()
    assert sorted(business.rows("SELECT o.channel FROM live.visits JOIN live.origins o USING (origin_id)")) == [
        ("Direct",), ("Direct",), ("Referral",),
    ]  # fmt: skip


def test_an_imported_visit_beside_an_own_session_is_the_same_visit_and_lends_it_its_origin(business: Facts) -> None:
    business.add(
        "event", view("1", "10:00"), view("2", "10:05", "other", referrer="https://habr.com/"), source="tracker"
    )
    business.add(
        "visit",
        {
            "visit_id": "m1",
            "started_at": "2026-03-01 10:01",
            "visitor_id": "v",
            "source": "yandex",
            "medium": "organic",
        },
        {"visit_id": "m2", "started_at": "2026-03-01 14:00", "visitor_id": "v", "source": "vk", "medium": "social"},
        source="metrika",
    )
    business.build()
    assert business.rows(
        "SELECT v.source_system, o.channel FROM live.visits v JOIN live.origins o USING (origin_id) ORDER BY started_at"
    ) == [("tracker", "Organic Search"), ("tracker", "Referral"), ("metrika", "Organic Social")]


def test_visits_of_a_source_that_never_says_where_from_are_unknown_not_direct(business: Facts) -> None:
    business.add("visit", {"visit_id": "1", "started_at": "2026-03-01", "user_id": "u"})
    business.build()
    assert business.one("SELECT o.channel FROM live.visits JOIN live.origins o USING (origin_id)") is None


def test_visits_that_name_nobody_are_counted_and_kept_through_an_incremental_build(business: Facts) -> None:
    business.add("visit", {"visit_id": "1", "started_at": "2026-03-01", "source": "vk"})
    business.build()
    business.add("visit", {"visit_id": "2", "started_at": "2026-03-02", "source": "vk"})
    assert not business.build(dirty_only=True).is_full
    assert business.one("SELECT sum(visits) FROM live.visits WHERE person_id IS NULL") == 2


def test_the_day_is_the_business_s_own(tmp_path: object) -> None:
    from pathlib import Path

    from longfunnel.core.settings import Business, Settings

    facts = Facts(Path(str(tmp_path)), Settings(business=Business(timezone="America/Sao_Paulo")))
    # summer time of 2018 began on 4 November: UTC-3 before, UTC-2 after
    facts.add(
        "visit",
        {"visit_id": "1", "started_at": "2018-11-03 02:59", "user_id": "a"},
        {"visit_id": "2", "started_at": "2018-11-05 02:00", "user_id": "b"},
        {"visit_id": "3", "started_at": "1995-06-01 02:59", "user_id": "c"},
    )
    facts.build()
    assert [str(row[0]) for row in facts.rows("SELECT day_on FROM live.visits ORDER BY started_at")] == [
        "1995-05-31",
        "2018-11-02",
        "2018-11-05",
    ]
    facts.close()
