"""Return on marketing investment = (revenue - cost of goods - cost) / cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("ROMI", "ROMI"),
    meaning=Text(
        "What each unit of money spent on advertising returned above itself: (revenue − cost of goods − cost) / "
        "cost. 0 % is breaking even.",
        "Сколько сверх себя вернул каждый рубль рекламы: (выручка − себестоимость − расход) / расход. 0 % — вышли "
        "в ноль.",
    ),
    unit="share",
    direction="up",
    how=Ratio("profit", "cost"),
    cases="orders",
)
