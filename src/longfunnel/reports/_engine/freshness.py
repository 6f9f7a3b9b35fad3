"""How fresh each source is, so that a reader knows what a number could not have seen yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.reports._engine.answer import Fresh

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context

_DAYS = {"spends": "day_on", "visits": "day_on", "leads": "created_on", "deals": "created_on", "payments": "paid_on"}


def freshness(context: Context) -> tuple[Fresh, ...]:
    """Per source: when its last import was recorded, and the last day that its rows speak of."""
    latest = "\n  UNION ALL\n  ".join(
        f"SELECT source_system, max({day}) AS latest_on FROM {context.table(table)} GROUP BY ALL"
        for table, day in _DAYS.items()
        if table in context.connected
    )
    days = (
        f"SELECT source_system, max(latest_on) AS latest_on FROM (\n  {latest}) GROUP BY ALL"
        if latest
        else ("SELECT NULL::VARCHAR AS source_system, NULL::DATE AS latest_on WHERE false")
    )
    rows = context.once(
        f"""SELECT coalesce(i.source_system, d.source_system), i.recorded_at, d.latest_on
        FROM (SELECT source_system, max(recorded_at) AS recorded_at FROM main.imports GROUP BY ALL) i
        FULL JOIN ({days}) d ON d.source_system = i.source_system
        WHERE coalesce(i.source_system, d.source_system) IS NOT NULL
        ORDER BY 1"""
    )
    return tuple(Fresh(*row) for row in rows)
