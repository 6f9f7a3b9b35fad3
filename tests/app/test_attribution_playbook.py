"""A small shop's spend, sessions and conversions: credit by hand, in plain Python."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.app.real_files import REAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow
Row = dict[str, str]


def rows(file: str) -> list[Row]:
    with (REAL / "attribution_dbt_playbook" / file).open() as opened:
        return [{key: value or "" for key, value in row.items()} for row in csv.DictReader(opened)]


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - both ends are one clock


@pytest.fixture(scope="module")
def shop(imported: Callable[..., Business]) -> Iterator[Business]:
    files = ["ad_spend.csv", "sessions.csv", "customer_conversions.csv"]
    with imported("attribution_dbt_playbook", files, currency="USD", timezone="UTC") as business:
        yield business


def test_every_row_came_in(shop: Business) -> None:
    def count(fact: str) -> int:
        return int(shop.warehouse.execute(f"SELECT count(*) FROM facts.{fact}").fetchall()[0][0])

    assert {fact: count(fact) for fact in ("spend", "visit", "payment")} == {"spend": 42, "visit": 90, "payment": 21}
    assert shop.warehouse.execute("SELECT count(*) FROM main.quarantine").fetchall() == [(0,)]


def test_spend_by_campaign(shop: Business) -> None:
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows("ad_spend.csv"):
        spent[row["utm_campaign"]] += Decimal(row["spend"])
    answer = shop.ask("channels", by=["campaign"], metrics=["cost"])
    assert {row["campaign"]: row["cost"] for row in answer.rows if row["cost"]} == spent
    assert answer.totals["cost"] == sum(spent.values()) == 359


def test_visits_by_source(shop: Business) -> None:
    seen = Counter(row["utm_source"] for row in rows("sessions.csv"))
    assert {
        row["source"] or "": row["visits"] for row in shop.ask("lead_funnel", by=["source"], metrics=["visits"]).rows
    } == seen


@pytest.mark.parametrize("model", ["first", "last", "last_non_direct"])
def test_conversions_and_revenue_by_touch(shop: Business, model: str) -> None:
    credit: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for sale in rows("customer_conversions.csv"):
        at = moment(sale["converted_at"])
        touches = sorted(
            (
                row
                for row in rows("sessions.csv")
                if row["customer_id"] == sale["customer_id"] and moment(row["started_at"]) <= at
            ),
            key=lambda row: moment(row["started_at"]),
        )
        assert touches
        marked = [row for row in touches if row["utm_source"] != "direct"]
        chosen = {"first": touches[0], "last": touches[-1], "last_non_direct": (marked or touches)[-1]}[model]
        credit[chosen["utm_source"], chosen["utm_campaign"]].append(Decimal(sale["revenue"]))
    answer = shop.ask("channels", by=["source", "campaign"], metrics=["orders", "revenue"], model=model)
    counted = {
        (row["source"], row["campaign"] or ""): (row["orders"], row["revenue"]) for row in answer.rows if row["orders"]
    }
    assert counted == {key: (len(sums), sum(sums)) for key, sums in credit.items()}
    assert answer.totals["orders"] == 21
    assert answer.totals["revenue"] == sum(Decimal(sale["revenue"]) for sale in rows("customer_conversions.csv"))


def test_the_ledger_reconciles(shop: Business) -> None:
    assert not shop.ask("ledger").caveats
