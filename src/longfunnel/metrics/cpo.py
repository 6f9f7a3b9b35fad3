"""Cost per order = cost / orders."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CPO", "CPO"),
    meaning=Text(
        "What an order cost in advertising: cost / orders.",
        "Сколько рекламы стоил заказ: расход / заказы.",
    ),
    unit="money",
    direction="down",
    how=Ratio("cost", "orders"),
    cases="orders",
)
