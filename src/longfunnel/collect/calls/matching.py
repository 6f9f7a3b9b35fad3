"""Calls lead back to visits: by the tracking number that was called, and the time.

A match is kept as an ``identity_link`` between the caller's phone and the visitor: evidence like any other, that people are
told of, that can be cut, and that makes the call part of the journey which its visit began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.collect.loading.appending import append_collected
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import normalise
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.collect.plan import Plan

MATCHED_SQL = """
SELECT l.site, l.visitor_id, c.phone, c.started_at, l.leased_at
FROM (
    SELECT n.number, c.phone, c.started_at FROM {calls} c JOIN called_numbers n ON n.called = c.tracking_number
    WHERE c.is_outgoing IS NOT true
) c
ASOF JOIN main.number_leases l ON c.number = l.number AND c.started_at >= l.leased_at
JOIN number_hours h ON h.site = l.site AND c.started_at < l.leased_at + to_seconds(CAST(h.hours * 3600 AS BIGINT))
"""
"""One row for each call that a visit is known for. Needs what ``prepare`` makes."""


def prepare(connection: duckdb.DuckDBPyConnection, plan: Plan) -> str:
    """The query for matched calls: site, visitor_id, phone, started_at, leased_at. Makes the temp tables that it reads.

    A call is the last visit's that was lent the number within the site's ``match_hours`` before the call began.
    """
    called = connection.execute(
        "SELECT DISTINCT tracking_number FROM facts.call WHERE tracking_number IS NOT NULL"
    ).fetchall()
    pairs = [(text, number) for (text,) in called if (number := normalise("phone", text, plan.country))]
    hours = [(site.name, float(site.numbers.match_hours)) for site in plan.sites]
    for table, columns, rows in (
        ("called_numbers", "called VARCHAR, number VARCHAR", pairs),
        ("number_hours", "site VARCHAR, hours DOUBLE", hours),
    ):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")
        if rows:
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
    return MATCHED_SQL.format(calls=f"({current_sql(facts()['call'])})")


def record_matches(connection: duckdb.DuckDBPyConnection, plan: Plan, recorded_at: datetime) -> int:
    """Link the callers to the visitors whose tracking numbers they called, inside the caller's transaction; how many new links.

    Doing it again is nothing. A caller who hides the number stays unlinked: there is nothing to link.
    """
    if not connection.execute("SELECT 1 FROM main.number_leases LIMIT 1").fetchall():
        return 0
    matched = connection.execute(
        f"""SELECT site, visitor_id, phone, min(started_at) FROM ({prepare(connection, plan)})
        WHERE phone IS NOT NULL GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    links: dict[str, list[dict[str, object]]] = {}
    for site, visitor, phone, seen_at in matched:
        link = {"kind_a": "visitor", "value_a": visitor, "kind_b": "phone", "value_b": phone, "seen_at": seen_at}
        links.setdefault(site, []).append(link)
    return sum(
        append_collected(connection, "identity_link", rows, source=site, system="", recorded_at=recorded_at)
        for site, rows in links.items()
    )
