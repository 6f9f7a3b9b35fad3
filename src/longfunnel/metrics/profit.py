"""Profit = revenue - cost of goods - cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Difference, Metric

METRIC = Metric(
    title=Text("Profit", "Прибыль"),
    meaning=Text(
        "Revenue less cost of goods and advertising cost. What is not known to be spent is not subtracted.",
        "Выручка за вычетом себестоимости и расхода на рекламу. Неизвестные затраты не вычитаются.",
    ),
    unit="money",
    direction="up",
    how=Difference("revenue", ("cost_of_goods", "cost")),
)
