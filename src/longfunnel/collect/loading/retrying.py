"""Webhooks that could not be understood, read again: after the mapping of their source was mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.collect.loading.appending import COLLECTED, append_collected, put_aside
from longfunnel.collect.loading.hooks import hook_rows

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.collect.loading.staging import Rejected
    from longfunnel.collect.plan import Plan


@dataclass(frozen=True)
class Retried:
    """What came of it, in rows."""

    rows: int
    news: int
    """Rows that are facts now."""
    quarantined: int
    """Rows that still cannot be understood."""


def retry_hooks(connection: duckdb.DuckDBPyConnection, plan: Plan, name: str, recorded_at: datetime) -> Retried:
    """Read the quarantined webhooks of the source ``name`` again, inside the caller's transaction.

    A body is read whole, as it came: rows of it that were taken before are known, and nothing doubles.
    """
    source = plan.hook_named(name)
    bodies = connection.execute(
        f"""SELECT w.position, w.received_at, w.content_type, w.raw FROM main.webhooks w
        WHERE w.source_system = $name AND '{COLLECTED} ' || w.position IN (
            SELECT file FROM main.quarantine WHERE source_system = $name)
        ORDER BY w.received_at, w.position""",
        {"name": name},
    ).fetchall()
    if source is None or not bodies:
        return Retried(0, 0, 0)
    values: dict[str, list[dict[str, Any]]] = {}
    rejected: list[tuple[str, Rejected, str]] = []
    for position, received_at, content_type, raw in bodies:
        rows, bad = hook_rows(
            source, content_type, raw.encode(), plan.reader(source), received_at=received_at, position=position
        )
        for row in rows:
            values.setdefault(row.fact, []).append(row.values)
        rejected += [(name, part, position) for part in bad]
    connection.execute(
        "DELETE FROM main.quarantine WHERE source_system = ? AND file IN (SELECT unnest(?))",
        [name, [f"{COLLECTED} {position}" for position, *_ in bodies]],
    )
    news = sum(
        append_collected(connection, fact, rows, source=name, system=source.system, recorded_at=recorded_at)
        for fact, rows in values.items()
    )
    put_aside(connection, rejected)
    return Retried(sum(map(len, values.values())) + len(rejected), news, len(rejected))
