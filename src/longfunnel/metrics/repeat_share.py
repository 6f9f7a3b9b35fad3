"""Repeat share = repeat orders / orders."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("Repeat share", "Доля повторных"),
    meaning=Text(
        "Share of orders from people who had ordered before: repeat orders / orders.",
        "Доля заказов от тех, кто уже покупал: повторные заказы / заказы.",
    ),
    unit="share",
    direction="up",
    how=Ratio("repeat_orders", Measure("orders", "count(*)")),
    cases=Measure("orders", "count(*)"),
)
