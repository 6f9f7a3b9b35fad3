"""Channels: what each channel costs and earns: from spend to profit."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import answer_table

REPORT = Report(
    title=Text("Channels", "Каналы"),
    meaning=Text(
        "What each channel costs and earns: from spend to profit.",
        "Сколько каждый канал стоит и зарабатывает: от расхода до прибыли.",
    ),
    answer=answer_table,
    basis="lead",
    in_shares=True,
    metrics=(
        "cost",
        "clicks",
        "visits",
        "leads",
        "cpl",
        "orders",
        "cr1",
        "cpo",
        "revenue",
        "profit",
        "romi",
        "drr",
        "cac",
    ),
    by=("channel",),
)
