"""Rows that were collected, appended to their fact and noted as an import, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.collect.loading.staging import Columns, Rejected, append_columns, append_rows
from longfunnel.core.text import stored
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import duckdb

    from longfunnel.warehouse.load import Loaded

COLLECTED = "collected"
"""Stands in place of a file's name in ``main.imports`` and before the position in ``main.quarantine``."""


def new_import(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the next import. Take it inside the transaction that writes: numbers then rise as transactions commit."""
    number: int = connection.execute("SELECT nextval('main.import_ids')").fetchall()[0][0]
    return number


def append_collected(
    connection: duckdb.DuckDBPyConnection,
    fact: str,
    values: list[dict[str, Any]] | Columns,
    *,
    source: str,
    system: str,
    recorded_at: datetime,
    known_since: datetime | None = None,
) -> int:
    """Append the rows of ``fact`` that are news; how many. Columns and ``known_since``: see ``append_columns``."""
    import_id = new_import(connection)
    append: Callable[..., Loaded] = append_rows if isinstance(values, list) else append_columns
    loaded = append(
        connection,
        facts()[fact],
        values,
        source_system=source,
        system=system,
        recorded_at=recorded_at,
        import_id=import_id,
        known_since=known_since,
    )
    _note(connection, source, fact, recorded_at, import_id, loaded.added, loaded.changed, loaded.same)
    return loaded.added + loaded.changed


def put_aside(connection: duckdb.DuckDBPyConnection, rejected: list[tuple[str, Rejected, str]]) -> None:
    """Put the parts that cannot be taken into the quarantine: each with its source and its place in the log."""
    if not rejected:
        return
    import_id = new_import(connection)
    connection.executemany(
        "INSERT INTO main.quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (import_id, source, part.fact, f"{COLLECTED} {place}", part.number, part.column, part.value, stored(part.reason), part.raw)
            for source, part, place in rejected
        ],
    )  # fmt: skip


def _note(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    fact: str,
    recorded_at: datetime,
    import_id: int,
    added: int,
    changed: int,
    same: int,
) -> None:
    """The day's row in ``main.imports`` moves on, so that builds and freshness see what came and the table stays small."""
    today = recorded_at.replace(hour=0, minute=0, second=0, microsecond=0)
    which = "file = $file AND source_system = $source AND fact = $fact AND recorded_at >= $today"
    keys = {"file": COLLECTED, "source": source, "fact": fact, "today": today}
    known = connection.execute(
        f"SELECT coalesce(sum(added), 0), coalesce(sum(changed), 0), coalesce(sum(same), 0) FROM main.imports WHERE {which}",
        keys,
    ).fetchall()[0]
    connection.execute(f"DELETE FROM main.imports WHERE {which}", keys)
    added, changed, same = added + known[0], changed + known[1], same + known[2]
    connection.execute(
        "INSERT INTO main.imports VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, 0)",
        [import_id, source, fact, COLLECTED, recorded_at, added + changed + same, added, changed, same],
    )
