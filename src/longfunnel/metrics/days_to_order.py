"""Days to order: median time from the lead to the order."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Days to order", "Дней до заказа"),
    meaning=Text(
        "Median time from the lead (without one, from the first touch) to the order. Orders dated before their "
        "lead take part with a negative time.",
        "Медиана времени от лида (без него — от первого касания) до заказа. Заказы раньше своего лида участвуют с "
        "отрицательным временем.",
    ),
    unit="days",
    direction="down",
    how=Measure("orders", "median(t.days_to_order)", zero=False, additive=False),
    cases=Measure("orders", "count(t.days_to_order)"),
)
