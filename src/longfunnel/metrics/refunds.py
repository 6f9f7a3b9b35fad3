"""Refunds: money paid back."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Refunds", "Возвраты"),
    meaning=Text(
        "Money paid back on the orders counted, whenever it was; revenue is already without it.",
        "Сколько денег возвращено по этим заказам, когда бы это ни было; из выручки это уже вычтено.",
    ),
    unit="money",
    direction="down",
    how=Measure("orders", "sum(t.refunded_amount)", zero=False),
)
