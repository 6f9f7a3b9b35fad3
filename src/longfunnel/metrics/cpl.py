"""Cost per lead = cost / leads."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CPL", "CPL"),
    meaning=Text(
        "What a lead cost: cost / leads.",
        "Сколько стоил лид: расход / лиды.",
    ),
    unit="money",
    direction="down",
    how=Ratio("cost", "leads"),
    cases="leads",
)
