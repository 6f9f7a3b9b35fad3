"""Lifetime value to date = revenue of all orders to date / buyers of the cohort."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("LTV", "LTV"),
    meaning=Text(
        "What a buyer has brought so far: revenue of all orders, to this day, of people whose first order belongs "
        "to the period, per such person. Not a forecast.",
        "Сколько покупатель принёс к сегодняшнему дню: выручка всех заказов людей, чей первый заказ относится к "
        "периоду, на человека. Это не прогноз.",
    ),
    unit="money",
    direction="up",
    how=Ratio(Measure("buyers", "sum(t.lifetime_revenue)"), Measure("buyers", "count(*)")),
    cases=Measure("buyers", "count(*)"),
)
