"""Cost per click = cost / clicks (IAB)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CPC", "CPC"),
    meaning=Text(
        "What a click cost: cost / clicks.",
        "Сколько стоил клик: расход / клики.",
    ),
    unit="money",
    direction="down",
    how=Ratio("cost", "clicks"),
    cases="clicks",
)
