"""Orders as the sources report them: a total, never added to what is held row by row."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Orders, as reported", "Заказы по отчётам"),
    meaning=Text(
        "Orders that ad platforms and spreadsheets report as totals: for comparison, never added to our own.",
        "Итоги рекламных систем и таблиц (заказы): для сравнения, к своим не прибавляются.",
    ),
    unit="count",
    direction="up",
    how=Measure("spends", "sum(t.reported_orders)", zero=False),
)
