"""Refund share = refunds / money that came in."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("Refund share", "Доля возвратов"),
    meaning=Text(
        "What share of the money of these orders was paid back: refunds / (revenue + refunds).",
        "Какая доля денег по этим заказам возвращена: возвраты / (выручка + возвраты).",
    ),
    unit="share",
    direction="down",
    how=Ratio("refunds", Measure("orders", "sum(t.revenue + coalesce(t.refunded_amount, 0))")),
    cases="orders",
)
