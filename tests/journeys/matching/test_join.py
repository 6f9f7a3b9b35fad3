"""Cost and visits on one row: identities after the build, conservation of money, corrections, levels and their reasons."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.business import Facts
from tests.journeys.matching import oracle

from longfunnel.core.matching import MatchRule
from longfunnel.core.settings import Settings
from longfunnel.journeys.matching.campaigns import SpendRow, campaigns_of
from longfunnel.journeys.matching.matcher import Link
from longfunnel.journeys.reasons import UNMET

pytestmark = pytest.mark.slow  # each test builds a business
YANDEX = MatchRule(
    utm_source="ya_*", utm_campaign="{campaign}|{campaign_id}", utm_content="{ad_id}", utm_term="{keyword_id}"
)


def spend(day: int, cost: str, **more: Any) -> dict[str, Any]:
    return {"day_on": f"2026-01-{day:02}", "cost": cost, "source": "yandex", "medium": "cpc", **more}


def visit(number: int, **more: Any) -> dict[str, Any]:
    return {"visit_id": str(number), "started_at": "2026-01-01 10:00", "visitor_id": f"v{number}", **more}


def cut(business: Facts) -> list[tuple[Any, ...]]:
    """Cost and visits by channel, campaign, ad group, keyword and ad."""
    return business.rows(
        """SELECT channel, source, campaign, ad_group, term, ad, sum(cost), sum(visits) FROM (
            SELECT origin_id, cost, NULL AS visits FROM live.spends UNION ALL SELECT origin_id, NULL, visits FROM live.visits
        ) JOIN live.origins USING (origin_id) GROUP BY ALL ORDER BY ALL"""
    )


def test_cost_and_visits_stand_on_one_row_down_to_the_ad(business: Facts) -> None:
    business.settings = Settings(match=(YANDEX,))
    known = {
        "campaign_id": "101",
        "ad_group": "G",
        "ad": "Elephants",
        "term": "buy",
        "props": '{"ad_id": "900", "keyword_id": "55"}',
    }
    business.add("spend", spend(1, "10", campaign="Brand", **known), spend(2, "5", campaign="Brand RU", **known))
    business.add(
        "visit",
        visit(1, source="ya_search", medium="x", campaign="brand|101", content="900", term="55"),
        visit(2, source="ya_search", medium="x", campaign="Brand RU|101", content="nobody", term="none"),
        visit(3, source="mail", medium="email", campaign="brand|101"),
    )
    business.build()
    assert cut(business) == [
        ("Email", "mail", "brand|101", None, None, None, None, 1),
        ("Paid Search", "yandex", "Brand RU", "G", "buy", "Elephants", 15, 1),
        ("Paid Search", "yandex", "Brand RU", None, "none", None, None, 1),
    ]  # fmt: skip
    assert business.rows("SELECT matched_by, count(*) FROM live.origins GROUP BY ALL ORDER BY ALL") == [
        ("1", 2),
        (None, 3),
    ]
    assert business.rows("SELECT DISTINCT matched, unmatched FROM live.spends") == [("ad", None)]


def test_a_changed_rule_takes_effect_at_the_next_build(business: Facts) -> None:
    business.add("spend", spend(1, "10", campaign="Brand RU"))
    business.add("visit", visit(1, source="ya", campaign="brand-ru"))
    business.build()
    assert business.rows("SELECT DISTINCT matched, unmatched FROM live.spends") == [(None, "channel_without_visits")]
    business.settings = Settings(match=(MatchRule(utm_campaign="{campaign}", normalise=("case", "separators")),))
    assert not business.build(dirty_only=True).is_full
    assert cut(business) == [("Paid Search", "yandex", "Brand RU", None, None, None, 10, 1)]
    assert business.rows("SELECT is_paid, is_direct FROM live.touches") == [(True, False)]
    assert business.rows("SELECT DISTINCT matched, unmatched FROM live.spends") == [("campaign", None)]
    business.settings = Settings()
    business.build(dirty_only=True)
    assert business.rows("SELECT is_paid FROM live.touches") == [(False,)]


def test_a_lead_s_own_marks_meet_the_spend_too(business: Facts) -> None:
    business.settings = Settings(match=(YANDEX,))
    business.add("spend", spend(1, "10", campaign="Brand", campaign_id="101"))
    business.add(
        "lead",
        {
            "lead_id": "1",
            "created_at": "2026-01-02",
            "phone": "+71",
            "source": "ya_x",
            "campaign": "brand|101",
            "content": "1",
            "term": "1",
        },
    )
    business.build()
    assert business.rows(
        "SELECT o.channel, o.campaign FROM live.credits c JOIN live.origins o USING (origin_id) WHERE c.model = 'last'"
    ) == [("Paid Search", "Brand")]


def test_a_default_rule_names_the_campaign_and_leaves_the_channel(business: Facts) -> None:
    business.add("spend", spend(1, "10", campaign="brand", campaign_id="7"))
    business.add("visit", visit(1, source="mail", medium="email", campaign="Brand"))
    business.build()
    assert [row[:3] for row in cut(business)] == [("Email", "mail", "brand"), ("Paid Search", "yandex", "brand")]


def test_each_level_that_meets_nothing_has_its_reason(business: Facts) -> None:
    finer = {"campaign_id": "1", "campaign": "a", "ad_group": "g"}
    business.add(
        "spend",
        spend(1, "1", **finer, term="k", ad="x"),
        spend(1, "2", **finer, term="k", ad="y"),
        spend(1, "4", **finer, term="l"),
        spend(1, "8", campaign_id="1", campaign="a", ad_group="h"),
        spend(1, "16", campaign_id="2", campaign="b", term="k"),
        spend(1, "32", campaign_id="1", campaign="a"),
        spend(1, "64"),
        spend(1, "128", source="vk", medium="cpc"),
        {"day_on": "2026-01-01", "cost": "256"},
    )
    business.add("visit", visit(1, source="yandex", medium="cpc", campaign="1", term="k", content="x"))
    business.build()
    assert business.rows("SELECT sum(cost)::INT, matched, unmatched, any_value(reason) FROM live.spends GROUP BY ALL ORDER BY 1") == [
        (1, "ad", None, None),
        (2, "keyword", "ad_without_visits", None),
        (4, "ad_group", "keyword_without_visits", None),
        (8, "campaign", "ad_group_without_visits", None),
        (16, "channel", "campaign_without_visits", None),
        (32 + 0, "campaign", None, None),
        (64, "channel", None, None),
        (128, None, "channel_without_visits", None),
        (256, None, None, "spend_without_source"),
    ]  # fmt: skip


def test_a_correction_of_a_past_day_replaces_it(business: Facts) -> None:
    business.settings = Settings(match=(YANDEX,))
    rows = [spend(day, "10", campaign="Brand", campaign_id="101", term="k") for day in (1, 2, 3)]
    business.add("spend", *rows, source="direct")
    business.add("visit", visit(1, source="ya_x", campaign="brand|101", content="1", term="k"))
    business.build()
    for _ in range(2):
        business.add("spend", rows[1] | {"cost": "7.55"}, source="direct", recorded_at="2026-02-01")
        business.build(dirty_only=True)
        assert business.one("SELECT sum(cost) FROM live.spends") == Decimal("27.55")
    after = business.tables()
    business.build()
    assert business.tables() == after


NAMES = st.sampled_from([None, "1", "2", "Aa", "aa", "a_b"])
SPENDS = st.fixed_dictionaries(
    {"day": st.integers(1, 3), "cost": st.integers(0, 10_000), "source": st.sampled_from([None, "yandex", "vk"]), "campaign_id": NAMES, "campaign": NAMES,
     "ad_group": NAMES, "term": NAMES, "ad": NAMES, "keyword_id": st.sampled_from([None, "55", "56"])}
)  # fmt: skip
VISITS = st.fixed_dictionaries({"source": st.sampled_from([None, "yandex", "vk", "ya"]), "campaign": st.sampled_from([None, "1", "AA", "a_b", "aa|1", "a b"]),
                                "content": NAMES, "term": st.sampled_from([None, "1", "aa", "55"])})  # fmt: skip
RULES = st.sampled_from(
    [
        MatchRule(utm_campaign="{campaign}|{campaign_id}"),
        MatchRule(utm_campaign="{campaign}", normalise=("case", "separators")),
        MatchRule(utm_source="ya*", utm_campaign="{campaign_id}", utm_term="{keyword_id}"),
        MatchRule(campaign="aa", utm_campaign="a*"),
        MatchRule(utm_content="{ad_id}"),
        MatchRule(utm_source="{source}*", campaign_id="1"),
    ]
)


@settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.lists(SPENDS, max_size=8), st.lists(VISITS, max_size=6), st.lists(RULES, max_size=3))
def test_random_spend_is_conserved_and_meets_visits_by_the_definition(
    tmp_path_factory: pytest.TempPathFactory,
    spends: list[dict[str, Any]],
    visits: list[dict[str, Any]],
    rules: list[MatchRule],
) -> None:
    business = Facts(tmp_path_factory.mktemp("business"), Settings(match=tuple(rules)))
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, one in enumerate(spends):
        row = {k: v for k, v in one.items() if k not in ("day", "cost", "keyword_id") and v is not None}
        props = {"props": json.dumps({"keyword_id": one["keyword_id"]})} if one["keyword_id"] else {}
        fact = {"day_on": f"2026-01-0{one['day']}", "cost": f"{one['cost'] / 100:.2f}", **row, **props}
        business.add("spend", fact, source="direct", recorded_at=f"2026-02-01 10:00:{number:02}")
        latest[
            one["day"], *(row.get(name) for name in ("source", "campaign_id", "campaign", "ad_group", "term", "ad"))
        ] = one
    for number, one in enumerate(visits):
        business.add("visit", visit(number, **{k: v for k, v in one.items() if v is not None}))
    business.build()
    total = sum(Decimal(one["cost"]) / 100 for one in latest.values())
    assert (
        business.one("SELECT coalesce(sum(cost), 0) FROM live.spends"),
        business.one("SELECT count(*) FROM live.spends"),
    ) == (total, len(latest))
    assert (sum((row[6] or 0 for row in cut(business)), Decimal(0)), sum(row[7] or 0 for row in cut(business))) == (
        total,
        len(visits),
    )

    rows = [
        SpendRow(number, "direct", f"2026-01-0{one['day']}", None, one["source"], None, one["campaign_id"], one["campaign"], None, one["ad_group"],
                 one["keyword_id"], one["term"], None, one["ad"])
        for number, one in enumerate(latest.values())
    ]  # fmt: skip
    campaigns = campaigns_of(rows)
    met = [
        found
        for one in visits
        if (
            found := oracle.match(
                campaigns, rules, Link(one["source"], None, one["campaign"], one["content"], one["term"])
            )
        )
    ]
    of_campaigns = {
        row.mark_id: row.campaign or row.campaign_id
        for place, _, _ in met
        for row in campaigns[place].rows
        if campaigns[place].is_named
    }
    expected = sum(Decimal(list(latest.values())[number]["cost"]) / 100 for number in of_campaigns)
    finer = "('campaign', 'ad_group', 'keyword', 'ad')"
    assert business.one(f"SELECT coalesce(sum(cost), 0) FROM live.spends WHERE matched IN {finer}") == expected
    # each row either meets as finely as it can, or says why not
    order = list(UNMET)
    for matched, unmatched, channel in business.rows(
        "SELECT s.matched, s.unmatched, o.channel FROM live.spends s JOIN live.origins o USING (origin_id)"
    ):
        if unmatched:
            level = next(name for name, reason in UNMET.items() if reason == unmatched)
            assert matched is None or order.index(level) > order.index(matched)
        else:
            assert matched is not None or channel in (None, "Unassigned")
    business.close()
