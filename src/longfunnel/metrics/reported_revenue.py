"""Revenue as the sources report it: a total, never added to what is held row by row."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Revenue, as reported", "Выручка по отчётам"),
    meaning=Text(
        "Revenue that ad platforms and spreadsheets report as totals: for comparison, never added to our own.",
        "Выручка из отчётов рекламных систем и таблиц: для сравнения, к своей не прибавляется.",
    ),
    unit="money",
    direction="up",
    how=Measure("spends", "sum(t.reported_revenue)", zero=False),
)
