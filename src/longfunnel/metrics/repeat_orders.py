"""Repeat orders: orders of people who had ordered before."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Repeat orders", "Повторные заказы"),
    meaning=Text(
        "Orders of people who had ordered before, as the history or the CRM says.",
        "Заказы людей, которые уже покупали, — по истории или по отметке CRM.",
    ),
    unit="count",
    direction="up",
    how=Measure("orders", "count(*) FILTER (t.is_repeat)"),
)
