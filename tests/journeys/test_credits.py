"""Credits: which touch brought a subject, against a plain rule; and the reason where none did."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.business import Facts

from longfunnel.core.settings import Counting, Settings
from longfunnel.journeys.derive.credits import credits_sql

pytestmark = pytest.mark.slow  # each test builds a business
START = datetime.fromisoformat("2026-01-01")
SOURCES = {"vk": "social", "yandex": "organic", "(direct)": "(none)"}


def visit(visit_id: str, at: str, person: str = "p", source: str = "vk") -> dict[str, str]:
    return {"visit_id": visit_id, "started_at": at, "user_id": person, "source": source, "medium": SOURCES[source]}


def reason(business: Facts, subject: str) -> object:
    return business.one(f"SELECT reason FROM live.credits WHERE subject = '{subject}' AND model = 'last_non_direct'")


@given(
    st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.integers(0, 12), st.sampled_from(sorted(SOURCES))), max_size=8, unique_by=lambda t: t[0]
            ),
            st.lists(st.integers(0, 14), min_size=1, max_size=3, unique=True),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 12),
)
@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_models_equal_the_plain_rule(
    tmp_path_factory: pytest.TempPathFactory, persons: list[tuple[list[tuple[int, str]], list[int]]], window: int
) -> None:
    """Each person has touches and deals, by the day; one build holds many of them, for it is what takes the time."""
    facts = Facts(tmp_path_factory.mktemp("business"), Settings(counting=Counting(lookback_days=window)))
    visits, deals = [], []
    for number, (touches, closed) in enumerate(persons):
        for day, source in touches:
            at = (START + timedelta(days=day)).isoformat()
            visits.append(visit(f"{number} {day}", at, person=f"p{number}", source=source))
        for day in closed:
            at = (START + timedelta(days=day)).isoformat()
            deals.append({"deal_id": f"{number} {day}", "created_at": at, "user_id": f"p{number}"})
    if visits:
        facts.add("visit", *visits, source="m")
    facts.add("deal", *deals)
    facts.build()
    got = {
        (deal, model): source
        for deal, model, source in facts.rows(
            """SELECT d.deal_id, c.model, o.source FROM live.credits c JOIN live.deals d ON d.deal_key = c.subject_key
            LEFT JOIN live.origins o USING (origin_id) WHERE c.subject = 'deal'"""
        )
    }
    facts.close()
    for number, (touches, closed) in enumerate(persons):
        for day in closed:
            inside = [source for at, source in sorted(touches) if day - window <= at <= day]
            firm = [source for source in inside if source != "(direct)"]
            assert got[f"{number} {day}", "first"] == (inside[0] if inside else None)
            assert got[f"{number} {day}", "last"] == (inside[-1] if inside else None)
            assert got[f"{number} {day}", "last_non_direct"] == (firm[-1] if firm else inside[-1] if inside else None)


def test_deals_and_orders_that_grew_from_a_lead_stand_where_the_lead_stands(business: Facts) -> None:
    business.add("visit", visit("1", "2026-01-01", source="vk"), visit("2", "2026-01-05", source="yandex"))
    business.add("lead", {"lead_id": "l", "created_at": "2026-01-02", "user_id": "p"})
    business.add(
        "deal",
        {"deal_id": "d", "lead_id": "l", "created_at": "2026-01-06", "user_id": "p", "status": "won", "amount": "9"},
    )
    business.build()
    assert sorted(
        business.rows("SELECT subject, model, o.source FROM live.credits JOIN live.origins o USING (origin_id)")
    ) == [
        (subject, model, "vk")
        for subject in ("deal", "lead", "order")
        for model in ("first", "last", "last_non_direct")
    ]


def test_a_lead_s_word_that_names_only_the_site_yields_to_a_visit(business: Facts) -> None:
    business.add("visit", visit("1", "2026-01-01"))
    business.add("lead", {"lead_id": "l", "created_at": "2026-01-02", "user_id": "p", "source": "Сайт"})
    business.add("lead", {"lead_id": "m", "created_at": "2026-01-02", "user_id": "q", "source": "Сайт"})
    business.build()
    assert sorted(
        business.rows(
            """SELECT lead_id, o.channel FROM live.credits c JOIN live.leads ON lead_key = subject_key JOIN live.origins o USING (origin_id)
            WHERE model = 'last'"""
        )
    ) == [("l", "Organic Social"), ("m", "Website")]


def test_a_silent_lead_takes_what_its_copy_or_its_deal_says(business: Facts) -> None:
    business.add("lead", {"lead_id": "f", "created_at": "2026-01-01 10:00", "phone": "+71"}, source="form")
    business.add(
        "lead", {"lead_id": "c", "created_at": "2026-01-01 10:01", "phone": "+71", "source": "vk", "medium": "cpc"}
    )
    business.add("lead", {"lead_id": "g", "created_at": "2026-01-01 10:00", "phone": "+72"}, source="form")
    business.add("deal", {"deal_id": "d", "lead_id": "g", "created_at": "2026-01-03", "source": "avito"}, source="form")
    business.build()
    assert sorted(
        business.rows(
            """SELECT lead_id, o.channel FROM live.credits c JOIN live.leads ON lead_key = subject_key JOIN live.origins o USING (origin_id)
            WHERE model = 'last'"""
        )
    ) == [("f", "Paid Social"), ("g", "Organic Shopping")]


def test_a_call_takes_the_origin_of_the_visit_it_names(business: Facts) -> None:
    business.add("visit", visit("v1", "2026-01-01", person="p"))
    business.add("call", {"call_id": "c", "started_at": "2026-01-02", "phone": "+71", "visit_id": "v1"})
    business.add("lead", {"lead_id": "l", "created_at": "2026-01-02 00:01", "phone": "+71"})
    business.build()
    assert (
        business.one("SELECT DISTINCT o.channel FROM live.credits JOIN live.origins o USING (origin_id)")
        == "Organic Social"
    )


def test_reasons_name_what_is_missing(business: Facts) -> None:
    business.settings = Settings(counting=Counting(lookback_days=5))
    business.shared = {("phone", "+7000")}
    business.add("visit", visit("1", "2026-01-10", "late"), visit("2", "2026-01-10", "lost"))
    business.add(
        "deal",
        {"deal_id": "outside", "created_at": "2026-01-20", "user_id": "late"},
        {"deal_id": "early", "created_at": "2026-01-01", "user_id": "lost"},
        {"deal_id": "nobody", "created_at": "2026-01-20", "user_id": "stranger"},
        {"deal_id": "office", "created_at": "2026-01-20", "phone": "+7000"},
        {"deal_id": "odd", "created_at": "2026-01-20", "source": "zzz"},
        {"deal_id": "gone", "created_at": "2026-01-20", "source": "vk", "is_deleted": True},
        {"deal_id": "euro", "created_at": "2026-01-20", "source": "vk", "amount": "5", "currency": "EUR"},
        {"deal_id": "blank", "created_at": "2026-01-20", "source": "vk", "amount": "5"},
        {"deal_id": "good", "created_at": "2026-01-20", "source": "vk", "amount": "5", "currency": "USD"},
        {"deal_id": "silent", "created_at": "2026-01-20", "lead_id": "l"},
    )
    business.add("lead", {"lead_id": "l", "created_at": "2026-01-19"})
    business.build()
    assert dict(business.rows("SELECT deal_id, reason FROM live.deals")) == {
        "outside": "outside_lookback", "early": "before_tracking", "nobody": "no_lead", "office": "shared_identifier",
        "odd": "unknown_source", "gone": "deleted", "euro": "no_exchange_rate", "blank": "currency_missing", "good": None,
        "silent": "lead_without_source",
    }  # fmt: skip


def test_another_window_at_question_time_equals_a_build_with_it(business: Facts) -> None:
    business.add("visit", visit("1", "2026-01-01"), visit("2", "2026-01-15", source="yandex"))
    business.add("lead", {"lead_id": "l", "created_at": "2026-01-20", "user_id": "p"})
    business.build()
    asked = sorted(business.rows(credits_sql("live", 7)))
    business.settings = Settings(counting=Counting(lookback_days=7))
    business.build(dirty_only=True)
    assert asked == sorted(business.rows("FROM live.credits"))
    assert len(asked) == 3


def test_rows_bear_the_credit_of_the_default_model(business: Facts) -> None:
    business.add(
        "visit", {"visit_id": "1", "started_at": "2026-01-01", "user_id": "p", "source": "vk", "medium": "cpc"}
    )
    business.add("lead", {"lead_id": "l", "created_at": "2026-01-02", "user_id": "p"})
    business.add("lead", {"lead_id": "m", "created_at": "2026-01-02", "user_id": "nobody"})
    business.add("deal", {"deal_id": "d", "lead_id": "l", "created_at": "2026-01-03", "status": "won", "amount": "5"})
    business.build()
    for subject in ("lead", "deal", "order"):
        on_rows = business.rows(
            f"SELECT {subject}_key, credited_origin_id, credited_on FROM live.{subject}s ORDER BY 1"
        )
        credited = business.rows(
            f"SELECT subject_key, origin_id, touch_on FROM live.credits WHERE subject = '{subject}' AND model = 'last_non_direct' ORDER BY 1"
        )
        assert on_rows == credited, subject
        assert any(origin for _, origin, _ in on_rows)
