"""What a record of the log becomes: rows, and how they get into their fact's table; or a rejected part, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.warehouse.arrow import ARROW
from longfunnel.warehouse.load import Loaded, key_sql, load

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.core.text import Text
    from longfunnel.warehouse.facts import Fact


Columns = Mapping[str, Sequence[Any]]
"""Rows of a fact, column by column; an instant may be microseconds since 1970, UTC."""


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
    reason: Text
    raw: str
    """The part as it came, JSON."""


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

    ``known_since``: see ``append_columns``.
    """
    if fact.immutable:
        known = set().union(*rows)
        columns = {
            column.name: [row.get(column.name) for row in rows] for column in fact.columns if column.name in known
        }
        return append_columns(
            connection,
            fact,
            columns,
            source_system=source_system,
            system=system,
            recorded_at=recorded_at,
            import_id=import_id,
            known_since=known_since,
        )
    rows = list({tuple(row.get(part) for part in fact.key): row for row in rows}.values())
    # versions are compared column by column, so that all of them take part
    names = [column.name for column in fact.columns]
    connection.register(_GIVEN, _table(fact, {name: [row.get(name) for row in rows] for name in names}))
    try:
        typed = ", ".join(f'CAST("{column.name}" AS {column.type.value}) AS "{column.name}"' for column in fact.columns)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_STAGING} AS SELECT {typed} FROM {_GIVEN}")
        loaded = load(
            connection,
            fact,
            _STAGING,
            names,
            source_system=source_system,
            system=system,
            recorded_at=recorded_at,
            import_id=import_id,
        )
        connection.execute(f"DROP TABLE {_STAGING}")
        return loaded
    finally:
        connection.unregister(_GIVEN)


def append_columns(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    columns: Columns,
    *,
    source_system: str,
    system: str,
    recorded_at: datetime,
    import_id: int,
    known_since: datetime | None = None,
) -> Loaded:
    """Append the rows of an immutable fact that are news, given as those of its columns that are known. Of rows with one key the first.

    ``known_since``: the caller vouches that no key among the rows was recorded before that instant, so that the search for
    known ones need not go further back.
    """
    table = _first_per_key(fact, columns, _table(fact, columns))
    key = key_sql(fact, {name: f's."{name}"' for name in columns})
    names = ", ".join(f'"{name}"' for name in columns)
    connection.register(_GIVEN, table)
    try:
        hashes = connection.execute(
            f"SELECT {key} AS key_hash FROM {_GIVEN} s", {"space": system or source_system}
        ).to_arrow_table()
        connection.register(_GIVEN, table.append_column("key_hash", hashes["key_hash"]))
        recent = "AND recorded_at >= $known_since" if known_since else ""
        added = connection.execute(
            f"""INSERT INTO facts."{fact.name}" ({names}, key_hash, source_system, system, recorded_at, import_id)
            SELECT {names}, key_hash, $source_system, $system, $recorded_at, $import_id FROM {_GIVEN}
            WHERE key_hash NOT IN (
                SELECT key_hash FROM facts."{fact.name}" WHERE key_hash IN (SELECT key_hash FROM {_GIVEN}) {recent}
            )""",
            {
                "source_system": source_system,
                "system": system,
                "recorded_at": recorded_at,
                "import_id": import_id,
                **({"known_since": known_since} if known_since else {}),
            },
        ).fetchall()[0][0]
    finally:
        connection.unregister(_GIVEN)
    return Loaded(added=added, changed=0, same=table.num_rows - added)


def _table(fact: Fact, columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(values, ARROW[fact.column_by_name[name].type]) for name, values in columns.items()})


def _first_per_key(fact: Fact, columns: Columns, table: pa.Table) -> pa.Table:
    keys = list(zip(*(columns[part] for part in fact.key if part in columns), strict=True))
    if len(set(keys)) == len(keys):
        return table
    places = {key: place for place, key in reversed([*enumerate(keys)])}
    return table.take(sorted(places.values()))
