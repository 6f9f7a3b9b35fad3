"""Won deals."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Won", "Выиграно"),
    meaning=Text(
        "Deals that were won.",
        "Выигранные сделки.",
    ),
    unit="count",
    direction="up",
    how=Measure("closed_deals", "count(*) FILTER (t.status = 'won')"),
)
