"""Real companies' files, read with nothing but what is proposed for them."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.connect.conftest import NOW, counts

from longfunnel.connect import import_source, propose
from longfunnel.core.settings import Business

if TYPE_CHECKING:
    from tests.connect.conftest import Desk

DATA = Path(os.environ.get("LONGFUNNEL_DATA", Path(__file__).parents[3] / "shared" / "data"))


def bring(desk: Desk, path: str, fact: str) -> tuple[int, int, int, int, int]:
    if not (DATA / path).exists():
        pytest.skip(f"{path} is not here")
    proposal = propose(Path(path), folder=DATA, business=desk.business)
    assert proposal.source.fact == fact
    return counts(import_source(desk.warehouse, proposal.source, business=desk.business, folder=DATA, recorded_at=NOW))


def test_olist(desk: Desk) -> None:
    desk.business = Business(currency="BRL", timezone="America/Sao_Paulo", language="en")
    assert bring(desk, "olist/olist_marketing_qualified_leads_dataset.csv", "lead") == (8000, 8000, 0, 0, 0)
    assert bring(desk, "olist/olist_closed_deals_dataset.csv", "deal") == (842, 842, 0, 0, 0)
    assert desk.rows(
        """SELECT l.source, count(*) FILTER (d.status = 'won'), count(*) FROM facts.lead l LEFT JOIN facts.deal d USING (lead_id)
        GROUP BY ALL ORDER BY 3 DESC"""
    ) == [
        ("organic_search", 271, 2296),
        ("paid_search", 195, 1586),
        ("social", 75, 1350),
        ("unknown", 179, 1099),
        ("direct_traffic", 56, 499),
        ("email", 15, 493),
        ("referral", 24, 284),
        ("other", 4, 150),
        ("display", 6, 118),
        ("other_publicities", 3, 65),
        (None, 14, 60),
    ]


def test_a_small_shop(desk: Desk) -> None:
    desk.business = Business(currency="USD")
    assert bring(desk, "attribution_dbt_playbook/ad_spend.csv", "spend") == (42, 42, 0, 0, 0)
    assert bring(desk, "attribution_dbt_playbook/sessions.csv", "visit") == (90, 90, 0, 0, 0)
    assert bring(desk, "attribution_dbt_playbook/customer_conversions.csv", "payment") == (21, 21, 0, 0, 0)


@pytest.mark.slow
def test_cdnow(desk: Desk) -> None:
    desk.business = Business(currency="USD")
    assert bring(desk, "cdnow/CDNOW_master.txt", "payment") == (69_659, 69_659, 0, 0, 0)
    assert desk.rows("SELECT sum(amount), count(DISTINCT user_id) FROM facts.payment") == [
        (Decimal("2500315.63"), 23_570)
    ]
