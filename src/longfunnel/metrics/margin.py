"""Margin = revenue - cost of goods."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Difference, Metric

METRIC = Metric(
    title=Text("Margin", "Маржа"),
    meaning=Text(
        "Revenue less cost of goods, before advertising cost. An unknown cost of goods is not subtracted.",
        "Выручка за вычетом себестоимости, до расхода на рекламу. Неизвестная себестоимость не вычитается.",
    ),
    unit="money",
    direction="up",
    how=Difference("revenue", ("cost_of_goods",)),
)
