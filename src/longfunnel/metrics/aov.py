"""Average order value = revenue / orders with a known sum."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("Average order", "Средний чек"),
    meaning=Text(
        "What an order brings on average: revenue / orders whose sum is known.",
        "Сколько в среднем приносит заказ: выручка / заказы с известной суммой.",
    ),
    unit="money",
    direction="up",
    how=Ratio("revenue", Measure("orders", "count(t.revenue)", instead="reported_orders")),
    cases=Measure("orders", "count(t.revenue)", instead="reported_orders"),
)
