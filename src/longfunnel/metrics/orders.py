"""Orders: sales."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Orders", "Заказы"),
    meaning=Text(
        "Sales: a won deal, its payments and the purchase on the site are one order. Where none are held row by "
        "row, orders as reported by the sources.",
        "Продажи: выигранная сделка, её оплаты и покупка на сайте — один заказ. Если заказов поштучно нет — заказы "
        "по отчётам источников.",
    ),
    unit="count",
    direction="up",
    how=Measure("orders", "count(*)", instead="reported_orders"),
)
