"""What a record of the log becomes: rows, and how they get into their fact's table; or a rejected part, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.warehouse.facts import Fact, Type
from longfunnel.warehouse.load import Loaded, key_sql, load

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a fact: its columns that are known, typed as the fact says."""

    fact: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A part of a record that is kept in the quarantine."""

    fact: str
    number: int
    """Place within the request, from 0."""
    column: str | None
    value: str | None
    reason: str
    raw: str
    """The part as it came, JSON."""


_ARROW: dict[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.INSTANT: pa.timestamp("us"),
    Type.DAY: pa.date32(),
    Type.COUNT: pa.int64(),
    Type.MONEY: pa.decimal128(18, 4),
    Type.NUMBER: pa.float64(),
    Type.FLAG: pa.bool_(),
    Type.PROPS: pa.string(),
}
_GIVEN = "collected_rows"
_STAGING = "collected_staging"


def append_rows(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    rows: list[dict[str, Any]],
    *,
    source_system: str,
    system: str,
    recorded_at: datetime,
    import_id: int,
    known_since: datetime | None = None,
) -> Loaded:
    """Append the rows that are news. Of rows with one key an immutable fact takes the first, any other the last.

    ``known_since``: for an immutable fact the caller vouches that no key among the rows was recorded before that instant,
    so that the search for known ones need not go further back.
    """
    rows = _one_per_key(fact, rows)
    # versions are compared column by column, so that all of them take part; of an immutable fact those that are known do
    known = set().union(*rows) if fact.immutable else fact.column_by_name.keys()
    given = [column for column in fact.columns if column.name in known]
    columns = [column.name for column in given]
    arrays = [pa.array([row.get(column.name) for row in rows], _ARROW[column.type]) for column in given]
    connection.register(_GIVEN, pa.table(arrays, names=columns))
    try:
        if fact.immutable:
            return _append_new(
                connection, fact, columns, source_system, system, recorded_at, import_id, known_since, len(rows)
            )
        typed = ", ".join(f'CAST("{column.name}" AS {column.type.value}) AS "{column.name}"' for column in fact.columns)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_STAGING} AS SELECT {typed} FROM {_GIVEN}")
        loaded = load(
            connection,
            fact,
            _STAGING,
            columns,
            source_system=source_system,
            system=system,
            recorded_at=recorded_at,
            import_id=import_id,
        )
        connection.execute(f"DROP TABLE {_STAGING}")
        return loaded
    finally:
        connection.unregister(_GIVEN)


def _append_new(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    columns: list[str],
    source_system: str,
    system: str,
    recorded_at: datetime,
    import_id: int,
    known_since: datetime | None,
    total: int,
) -> Loaded:
    names = ", ".join(f'"{column}"' for column in columns)
    space = {"space": system or source_system}
    key = key_sql(fact, {column: f's."{column}"' for column in columns})
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_STAGING} AS SELECT s.*, {key} AS key_hash FROM {_GIVEN} s", space
    )
    recent = "AND recorded_at >= $known_since" if known_since else ""
    added = connection.execute(
        f"""INSERT INTO facts."{fact.name}" ({names}, key_hash, source_system, system, recorded_at, import_id)
        SELECT {names}, key_hash, $source_system, $system, $recorded_at, $import_id FROM {_STAGING}
        WHERE key_hash NOT IN (
            SELECT key_hash FROM facts."{fact.name}" WHERE key_hash IN (SELECT key_hash FROM {_STAGING}) {recent}
        )""",
        {
            "source_system": source_system,
            "system": system,
            "recorded_at": recorded_at,
            "import_id": import_id,
            **({"known_since": known_since} if known_since else {}),
        },
    ).fetchall()[0][0]
    connection.execute(f"DROP TABLE {_STAGING}")
    return Loaded(added=added, changed=0, same=total - added)


def _one_per_key(fact: Fact, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    chosen: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row.get(part) for part in fact.key)
        if not (fact.immutable and key in chosen):
            chosen[key] = row
    return list(chosen.values())
