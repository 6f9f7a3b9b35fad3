"""Margin share = margin / revenue."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("Margin share", "Доля маржи"),
    meaning=Text(
        "What share of revenue is left after the cost of goods: margin / revenue.",
        "Какая доля выручки остаётся после себестоимости: маржа / выручка.",
    ),
    unit="share",
    direction="up",
    how=Ratio("margin", "revenue"),
    cases="orders",
)
