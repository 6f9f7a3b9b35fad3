"""Revenue: what orders brought."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Revenue", "Выручка"),
    meaning=Text(
        "What orders brought: paid less refunded where payments are connected, what was won elsewhere (the setting "
        "«Revenue is»). Where no orders are held row by row, revenue as reported by the sources.",
        "Сколько принесли заказы: оплачено за вычетом возвратов, если подключены оплаты, иначе сумма выигранных "
        "сделок (настройка «Выручка — это»). Если заказов поштучно нет — выручка по отчётам источников.",
    ),
    unit="money",
    direction="up",
    how=Measure("orders", "sum(t.revenue)", instead="reported_revenue"),
)
