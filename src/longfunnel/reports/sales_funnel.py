"""Sales funnel: how requests become money: leads, deals, orders, what an order costs and brings."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import answer_table

REPORT = Report(
    title=Text("Sales funnel", "Воронка продаж"),
    meaning=Text(
        "How requests become money: leads, deals, orders, what an order costs and brings.",
        "Как обращения становятся деньгами: лиды, сделки, заказы, сколько заказ стоит и приносит.",
    ),
    answer=answer_table,
    basis="lead",
    in_shares=True,
    metrics=("leads", "qualified_leads", "deals", "win_rate", "cr1", "orders", "cpo", "revenue", "aov"),
)
