"""Return on ad spend = revenue / cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("ROAS", "ROAS"),
    meaning=Text(
        "Revenue per unit of money spent on advertising: revenue / cost.",
        "Выручка на рубль рекламы: выручка / расход.",
    ),
    unit="ratio",
    direction="up",
    how=Ratio("revenue", "cost"),
    cases="orders",
)
