"""Time between the stages of the long funnel, person by person: median and 90th percentile, in days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

Times = dict[str, tuple[float | None, float | None]]


def stage_times(context: Context, question: Question, known: list[str]) -> tuple[Times, str]:
    """(median, p90) in days by stage, where both ends are known for each person; and the SQL, to be read.

    A time is negative where sources disagree about which came first; such times take part.
    """
    parameters = Parameters()
    span = spans(question)[0]
    selects = []
    for stage, (subject, start, end, joins) in _ends(context, parameters, known).items():
        if stage in known and subject in context.connected:
            days = f"date_diff('microsecond', {start}, {end}) / 86400000000.0"
            rows = scope(context, question, parameters, subject, span)
            more = ("t.first_touch_at < t.created_at",) if stage == "leads" else ()
            selects.append(
                f"SELECT '{stage}' AS stage, median({days}) AS median_days, quantile_cont({days}, 0.9) AS p90_days\n"
                + rows.from_where(joins=joins, cut=False, more=more)
            )
    if not selects:
        return {}, ""
    statement = Statement("\nUNION ALL\n".join(selects), parameters.values)
    rows_found = context.connection.execute(statement.sql, statement.parameters).fetchall()
    return {stage: (median, p90) for stage, median, p90 in rows_found}, statement.runnable()


def _ends(context: Context, parameters: Parameters, known: list[str]) -> dict[str, tuple[str, str, str, str]]:
    """Stage → subject, SQL of the instant at the previous stage, SQL of the instant at this one, further joins."""
    deals, orders, entries = context.table("deals"), context.table("orders"), context.table("stage_entries")
    found = {
        # a lead whose first touch is the lead itself had no visit that we know of
        "leads": ("leads", "t.first_touch_at", "t.created_at", ""),
        "deals": ("deals", "t.lead_at", "t.created_at", ""),
        "orders": (
            "orders",
            "coalesce(d.made_at, t.lead_at)" if "deals" in known else "t.lead_at",
            "t.ordered_at",
            f"LEFT JOIN (SELECT deal_key, created_at AS made_at FROM {deals}) AS d ON d.deal_key = t.deal_key",
        ),
        "repeat_orders": (
            "orders",
            "p.previous_at",
            "t.ordered_at",
            f"""JOIN (
    SELECT order_key, lag(ordered_at) OVER (PARTITION BY person_id ORDER BY order_number) AS previous_at
    FROM {orders} WHERE person_id IS NOT NULL) AS p ON p.order_key = t.order_key AND t.is_repeat""",
        ),
    }
    stages = context.settings.counting.qualified_stages
    if stages and "stage_entries" in context.connected:
        names = parameters.bind("qualified_stages", list(stages))
        found["qualified_leads"] = (
            "leads",
            "t.created_at",
            "q.qualified_at",
            f"""JOIN (
    SELECT d.lead_key, min(e.entered_at) AS qualified_at
    FROM {entries} AS e JOIN {deals} AS d ON d.deal_key = e.deal_key
    WHERE list_contains({names}, e.stage) GROUP BY d.lead_key) AS q ON q.lead_key = t.lead_key""",
        )
    return found
