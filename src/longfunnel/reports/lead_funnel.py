"""Lead funnel: how attention becomes requests: visits, their conversion, leads and what they cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import answer_table

REPORT = Report(
    title=Text("Lead funnel", "Воронка лидов"),
    meaning=Text(
        "How attention becomes requests: visits, their conversion, leads and what they cost.",
        "Как внимание становится обращениями: визиты, конверсия, лиды и сколько они стоят.",
    ),
    answer=answer_table,
    basis="lead",
    in_shares=True,
    metrics=("visits", "bounce_share", "cr", "leads", "cpl", "cost"),
)
