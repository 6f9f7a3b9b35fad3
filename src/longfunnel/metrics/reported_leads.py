"""Leads as the sources report them: a total, never added to what is held row by row."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Leads, as reported", "Лиды по отчётам"),
    meaning=Text(
        "Leads that ad platforms and spreadsheets report as totals: for comparison, never added to our own.",
        "Итоги рекламных систем и таблиц (лиды): для сравнения, к своим не прибавляются.",
    ),
    unit="count",
    direction="up",
    how=Measure("spends", "sum(t.reported_leads)", zero=False),
)
