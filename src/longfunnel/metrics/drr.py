"""Cost-to-revenue ratio (ДРР, ACoS) = cost / revenue."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("Cost-to-revenue", "ДРР"),
    meaning=Text(
        "Share of revenue that advertising took: cost / revenue.",
        "Доля рекламных расходов в выручке: расход / выручка.",
    ),
    unit="share",
    direction="down",
    how=Ratio("cost", "revenue"),
    cases="orders",
)
