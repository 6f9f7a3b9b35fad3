"""Revenue per lead = revenue / leads."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("Revenue per lead", "Выручка на лид"),
    meaning=Text(
        "What a lead brings on average: revenue / leads.",
        "Сколько в среднем приносит лид: выручка / лиды.",
    ),
    unit="money",
    direction="up",
    how=Ratio("revenue", "leads"),
    cases="leads",
)
