"""The log of what was written into outside systems: one row a value, its state moved on as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb

WriteState = Literal["intended", "done", "same", "kept", "failed", "undone"]


@dataclass(frozen=True)
class Write:
    """One value that was written, or that there was a reason not to write."""

    number: int
    rule: str
    source: str
    fact: str
    record_id: str
    column: str
    field: str
    was: str
    """Empty: there was nothing."""
    became: str
    state: WriteState
    told: str
    at: datetime


_COLUMNS = "write_id, rule, source_system, fact, record_id, column_name, field, was, became, state, told, written_at"


def latest(connection: duckdb.DuckDBPyConnection, source: str) -> dict[tuple[str, str, str], Write]:
    """The newest write of each fact, record and field of a system."""
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM main.writes WHERE source_system = ?
        QUALIFY row_number() OVER (PARTITION BY fact, record_id, field ORDER BY write_id DESC) = 1""",
        [source],
    ).fetchall()
    return {(write.fact, write.record_id, write.field): write for write in map(_write, rows)}


def entries(connection: duckdb.DuckDBPyConnection, *, rule: str = "", limit: int = 100) -> list[Write]:
    """The newest writes, of one rule or of all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM main.writes WHERE rule = ? OR ? = '' ORDER BY write_id DESC LIMIT ?",
        [rule, rule, limit],
    ).fetchall()
    return [_write(row) for row in rows]


def tally(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[WriteState, int]]:
    """Of each rule, how many values came to which state, by the newest entry of each field."""
    rows = connection.execute(
        """SELECT rule, state, count(*) FROM (
            SELECT rule, state FROM main.writes
            QUALIFY row_number() OVER (PARTITION BY rule, fact, record_id, field ORDER BY write_id DESC) = 1)
        GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    counts: dict[str, dict[WriteState, int]] = {}
    for rule, state, many in rows:
        counts.setdefault(rule, {})[state] = many
    return counts


def done(connection: duckdb.DuckDBPyConnection, rule: str) -> list[Write]:
    """What a rule has written and nobody has undone, the newest of each field."""
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM main.writes WHERE rule = ? AND column_name <> 'conversion'
        QUALIFY row_number() OVER (PARTITION BY fact, record_id, field ORDER BY write_id DESC) = 1""",
        [rule],
    ).fetchall()
    return [write for write in map(_write, rows) if write.state in ("done", "intended")]


def add(connection: duckdb.DuckDBPyConnection, writes: Iterable[tuple[Any, ...]]) -> list[int]:
    """Note writes (rule, source, fact, record, column, field, was, became, state, told, at); their numbers."""
    numbers = []
    for write in writes:
        number = connection.execute("SELECT nextval('main.write_ids')").fetchall()[0][0]
        connection.execute("INSERT INTO main.writes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [number, *write])
        numbers.append(number)
    return numbers


def move(connection: duckdb.DuckDBPyConnection, numbers: list[int], state: WriteState, told: str = "") -> None:
    """What has come of these writes."""
    connection.execute(
        "UPDATE main.writes SET state = ?, told = ? WHERE write_id IN (SELECT unnest(?::BIGINT[]))",
        [state, told, numbers],
    )


def _write(row: tuple[Any, ...]) -> Write:
    number, rule, source, fact, record_id, column, field, was, became, state, told, at = row
    return Write(number, rule, source, fact, record_id, column, field, was or "", became, state, told, at)
