"""Spend: VAT and the agency's fee by source, and one account that two sources report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.journeys.business import Facts

from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import Business, Settings, Source, parse_settings

pytestmark = pytest.mark.slow  # each test builds a business
ADS = {"source": "yandex", "medium": "cpc"}


def spend(day: int, campaign: str, cost: str, **more: Any) -> dict[str, Any]:
    return {"day_on": f"2026-01-{day:02}", "campaign": campaign, "cost": cost, "currency": "USD", **ADS, **more}


def told(business: Facts) -> list[tuple[Any, ...]]:
    return business.rows(
        """SELECT o.campaign, s.source_system, s.cost, s.original_cost, s.reason FROM live.spends s
        JOIN live.origins o USING (origin_id) ORDER BY ALL"""
    )


def test_vat_comes_off_and_the_fee_comes_on(business: Facts) -> None:
    business.settings = Settings(
        source=(Source("direct", "spend", vat_percent=20, fee_percent=10), Source("it's", "spend", fee_percent=15))
    )
    business.add(
        "spend",
        spend(1, "a", "120", has_vat=True),
        spend(1, "b", "120"),
        spend(1, "c", "120", has_vat=False),
        source="direct",
    )
    business.add("spend", spend(1, "d", "100"), source="it's")
    business.add("spend", spend(1, "e", "7"), source="other")
    business.build()
    assert {row[0]: (row[2], row[3]) for row in told(business)} == {
        "a": (110, 120), "b": (110, 120), "c": (132, 120), "d": (115, 100), "e": (7, 7)
    }  # fmt: skip


def test_vat_comes_off_before_the_exchange(business: Facts) -> None:
    business.settings = Settings(source=(Source("direct", "spend", vat_percent=22),))
    business.add("fx_rate", {"day_on": "2026-01-01", "currency": "RUB", "rate": "0.0125"}, source="rates")
    business.add("spend", spend(1, "a", "122000", currency="RUB"), source="direct")
    business.build()
    assert told(business)[0][2] == Decimal(1250)


def test_the_last_known_rate_holds_over_a_weekend_and_says_where_it_came_from(business: Facts) -> None:
    friday, monday = (
        {"day_on": "2026-01-02", "currency": "usd", "rate": "90"},
        {"day_on": "2026-01-06", "currency": "USD", "rate": "95"},
    )
    business.settings = Settings(business=Business(currency="RUB"))
    business.add("fx_rate", friday, source="sheet", recorded_at="2026-01-01")
    business.add("fx_rate", friday | {"rate": "91"}, monday, source="cbr", recorded_at="2026-01-07")
    business.add(
        "spend", *(spend(day, "a", "1") for day in range(1, 8)), spend(8, "a", "1", currency="RUB"), source="direct"
    )
    business.build()
    assert business.rows("SELECT day(day_on), cost, day(rate_on), rate_source, reason FROM live.spends ORDER BY day_on") == [
        (1, None, None, None, "no_exchange_rate"),
        *((day, 91, 2, "cbr", None) for day in (2, 3, 4, 5)),
        (6, 95, 6, "cbr", None), (7, 95, 6, "cbr", None), (8, 1, None, None, None),
    ]  # fmt: skip


def test_a_correction_of_a_past_day_replaces_it_however_often_it_comes(business: Facts) -> None:
    rows = [spend(day, "a", "10", account="main") for day in (1, 2, 3)]
    business.add("spend", *rows, source="api")
    business.add("spend", rows[0] | {"cost": "11"}, source="sheet")
    business.build()
    for again in (1, 2):
        business.add("spend", rows[1] | {"cost": "7.77"}, source="api", recorded_at=f"2026-02-0{again}")
        business.build(dirty_only=True)
        assert business.one("SELECT sum(cost) FROM live.spends") == Decimal("27.77")
        assert business.one("SELECT count(*) FROM live.spends WHERE reason = 'duplicate'") == 1
    business.add("spend", rows[1] | {"cost": "0"}, source="api", recorded_at="2026-02-03")
    business.build(dirty_only=True)
    assert business.one("SELECT sum(cost) FROM live.spends") == 20


def test_a_large_cost_survives_vat(business: Facts) -> None:
    business.settings = Settings(source=(Source("direct", "spend", vat_percent=20),))
    business.add("spend", spend(1, "a", "1200000000.12"), source="direct")
    business.build()
    assert told(business)[0][2] == Decimal("1000000000.1000")


def test_an_account_that_two_sources_report_counts_once(business: Facts) -> None:
    business.add(
        "spend",
        *(spend(1, "a", "10", account="Main", content="x"), spend(1, "a", "11", account="main", content="y")),
        *(spend(1, "b", "20", account="main"), spend(2, "a", "5", account="main")),
        source="api",
    )
    business.add(
        "spend",
        spend(1, "A", "21", account="MAIN "),
        spend(1, "c", "3", account="main"),
        spend(3, "a", "8", account="main"),
        source="sheet",
    )
    business.add("spend", spend(1, "a", "9", account="main") | {"source": "vk"}, source="sheet")
    business.add("spend", spend(1, "a", "4"), source="sheet")
    business.build()
    assert sorted((row[0], row[1], row[3], row[4]) for row in told(business) if row[2] is not None) == [
        ("a", "api", 5, None), ("a", "api", 10, None), ("a", "api", 11, None), ("a", "sheet", 4, None), ("a", "sheet", 8, None),
        ("a", "sheet", 9, None), ("b", "api", 20, None), ("c", "sheet", 3, None),
    ]  # fmt: skip
    assert [row for row in told(business) if row[2] is None] == [("A", "sheet", None, 21, "duplicate")]


def test_totals_of_an_account_are_not_added_to_its_campaigns(business: Facts) -> None:
    business.add("spend", spend(1, "a", "10", account="main"), spend(1, "b", "20", account="main"), source="api")
    total = {key: value for key, value in spend(1, "", "30", account="main").items() if key != "campaign"}
    business.add("spend", total, total | {"day_on": "2026-01-02"}, source="sheet")
    business.build()
    assert [(row[2], row[3], row[4]) for row in told(business) if row[1] == "sheet"] == [
        (30, 30, None),
        (None, 30, "duplicate"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("vat_percent = 120", "from 0 to 100"),
        ("fee_percent = -1", "from 0 to 100"),
        ('vat_percent = 20\nfact = "lead"', "is for spend"),
    ],
)
def test_settings_that_make_no_sense(line: str, said: str) -> None:
    fact = "" if "fact" in line else 'fact = "spend"'
    with pytest.raises(SettingsError, match=said):
        parse_settings(f'[[source]]\nname = "x"\npath = "x.csv"\n{fact}\n{line}')
