"""A small shop's journeys by many models: credit by hand, from the files, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from tests.app.test_attribution_playbook import moment, rows, shop

if TYPE_CHECKING:
    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow
__all__ = ["shop"]
FORTY = {1: ["1"], 2: ["1/2", "1/2"]}


def position(size: int) -> list[Fraction]:
    """40 % to the first, 40 % to the last, the rest between."""
    if size < 3:
        return [Fraction(word) for word in FORTY[size]]
    return [Fraction(2, 5), *[Fraction(1, 5) / (size - 2)] * (size - 2), Fraction(2, 5)]


def decay(days: list[float]) -> list[Fraction]:
    weights = [Fraction(2 ** ((day - days[-1]) / 7)) for day in days]
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize("model", ["linear", "position", "time_decay", "shapley"])
def test_revenue_by_source_and_model(shop: Business, model: str) -> None:
    wanted: defaultdict[str, Fraction] = defaultdict(Fraction)
    for sale in rows("customer_conversions.csv"):
        at = moment(sale["converted_at"])
        seen = [row for row in rows("sessions.csv") if row["customer_id"] == sale["customer_id"]]
        way = sorted(
            (row for row in seen if at - timedelta(days=90) <= moment(row["started_at"]) <= at),
            key=lambda row: moment(row["started_at"]),
        )
        sources = [row["utm_source"] for row in way]
        days = [moment(row["started_at"]).timestamp() / 86400 for row in way]
        shares = {
            "linear": [Fraction(1, len(way))] * len(way),
            "position": position(len(way)),
            "time_decay": decay(days),
            "shapley": [
                Fraction(1, len(set(sources))) if source not in sources[k + 1 :] else Fraction()
                for k, source in enumerate(sources)
            ],
        }[model]
        for source, share in zip(sources, shares, strict=True):
            wanted[source] += share * Fraction(sale["revenue"])
    found = shop.ask("attribution", by=["source"], models=model, measure="revenue", draws="0")
    got = {row["source"] or "direct": row["credit"] for row in found.rows if row["credit"]}
    assert got.keys() == {source or "direct" for source, credit in wanted.items() if credit}
    for source, credit in got.items():
        assert abs(Fraction(credit) - (wanted.get(source) or wanted[""])) < Fraction(1, 500)
    assert found.totals["credit"] == sum(Decimal(sale["revenue"]) for sale in rows("customer_conversions.csv"))


def test_every_model_shares_out_the_same_total(shop: Business) -> None:
    found = shop.ask("attribution", models="all", measure="orders", view="side", draws="0")
    assert {total for name, total in found.totals.items() if name != "cost"} == {Decimal(21)}
    assert found.totals["cost"] == 359
