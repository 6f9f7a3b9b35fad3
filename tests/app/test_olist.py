"""Olist's real leads and deals, by the README's own steps."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.app.real_files import REAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow

BY_SOURCE = {
    "organic_search": (271, 2296), "paid_search": (195, 1586), "social": (75, 1350), "unknown": (179, 1099),
    "direct_traffic": (56, 499), "email": (15, 493), "referral": (24, 284), "other": (4, 150), "display": (6, 118),
    "other_publicities": (3, 65), None: (14, 60),
}  # fmt: skip


@pytest.fixture(scope="module")
def olist(imported: Callable[..., Business]) -> Iterator[Business]:
    files = ["olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"]
    with imported("olist", files, currency="BRL", timezone="America/Sao_Paulo") as business:
        yield business


def test_won_of_all_leads(olist: Business) -> None:
    stages = {row["stage"]: row for row in olist.ask("long_funnel").rows}
    assert (stages["leads"]["count"], stages["deals"]["count"], stages["orders"]["count"]) == (8000, 842, 842)
    assert stages["orders"]["conversion_from_first"] == pytest.approx(0.10525, abs=1e-12)
    assert stages["impressions"]["count"] is None


def test_won_by_source(olist: Business) -> None:
    answer = olist.ask("long_funnel", by=["source"])
    assert {row["source"]: (row["orders"], row["leads"]) for row in answer.rows} == BY_SOURCE
    assert (answer.totals["orders"], answer.totals["leads"]) == (842, 8000)
    channels = olist.ask("channels", metrics=["leads", "won", "orders", "cr1"]).rows
    assert sum(row["won"] for row in channels) == 842
    assert {row["channel"]: row["cr1"] for row in channels}["Paid Search"] == pytest.approx(195 / 1586)


def test_a_deal_closed_before_its_lead_stays_and_is_told(olist: Business) -> None:
    told = {caveat.code: caveat for caveat in olist.ask("long_funnel").caveats}
    assert told["orders_before_lead"].count == 1
    pipeline = olist.ask("pipeline")
    assert {caveat.code: caveat.count for caveat in pipeline.caveats}["deals_closed_before_lead"] == 1
    assert sum(row["entered"] for row in pipeline.rows) == 842


def test_days_to_won_are_those_of_the_company_s_own_clock(olist: Business) -> None:
    """A first contact is a day: it begins at midnight in São Paulo; so does its summer time, which some days to won cross."""
    zone = ZoneInfo("America/Sao_Paulo")

    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)

    with (REAL / "olist/olist_marketing_qualified_leads_dataset.csv").open() as opened:
        contact = {row["mql_id"]: instant(row["first_contact_date"]) for row in csv.DictReader(opened)}
    with (REAL / "olist/olist_closed_deals_dataset.csv").open() as opened:
        days = [
            (instant(row["won_date"]) - contact[row["mql_id"]]) / timedelta(days=1) for row in csv.DictReader(opened)
        ]
    counted = [row[0] for row in olist.warehouse.execute("SELECT days_to_order FROM live.orders").fetchall()]
    assert sorted(counted) == pytest.approx(sorted(days), abs=1e-9)
    assert (median(counted), max(counted), min(counted)) == pytest.approx((14.65, 427.6, -1.18), abs=0.05)


def test_the_ledger_holds_every_deal_and_reconciles(olist: Business) -> None:
    ledger = olist.ask("ledger")
    assert sum(row["rows"] for row in ledger.rows) == 842
    assert not ledger.caveats
    reasons = {row["reason"]: row["rows"] for row in ledger.rows if row["reason"]}
    assert reasons == {"lead_without_source": 14, "unknown_source": 179}


def test_any_other_column_can_be_cut_by(olist: Business) -> None:
    with (REAL / "olist/olist_closed_deals_dataset.csv").open() as opened:
        kinds = [row["lead_type"] or None for row in csv.DictReader(opened)]
    cut = olist.ask("sales_funnel", by=["props.lead_type"], metrics=["won"]).rows
    assert {row["props.lead_type"]: row["won"] for row in cut if row["won"]} == {
        kind: kinds.count(kind) for kind in set(kinds)
    }
