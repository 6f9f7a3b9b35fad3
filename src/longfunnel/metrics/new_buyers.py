"""New buyers: people who ordered for the first time."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("New buyers", "Новые покупатели"),
    meaning=Text(
        "People whose first order this is.",
        "Люди, для которых это первый заказ.",
    ),
    unit="count",
    direction="up",
    how=Measure("orders", "count(*) FILTER (t.order_number = 1 AND t.is_repeat IS NOT TRUE)"),
)
