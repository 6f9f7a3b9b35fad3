"""Warm-up funnel: how attention is bought: impressions, clicks and what they cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import answer_table

REPORT = Report(
    title=Text("Warm-up funnel", "Воронка прогрева"),
    meaning=Text(
        "How attention is bought: impressions, clicks and what they cost.",
        "Как покупают внимание: показы, клики и сколько они стоят.",
    ),
    answer=answer_table,
    basis="lead",
    in_shares=True,
    metrics=("impressions", "clicks", "ctr", "cpc", "cost"),
)
