"""Summary: the nine numbers of the three funnels: warm-up, leads, sales."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import answer_table

REPORT = Report(
    title=Text("Summary", "Сводка"),
    meaning=Text(
        "The nine numbers of the three funnels: warm-up, leads, sales.",
        "Девять чисел трёх воронок: прогрев, лиды, продажи.",
    ),
    answer=answer_table,
    basis="lead",
    in_shares=True,
    metrics=("ctr", "cpc", "clicks", "cr", "cpl", "leads", "cr1", "cpo", "orders"),
)
