"""Appends staged rows to a fact table: new keys and new versions go in, known rows do not.

Source of the rule: bitemporal append-only facts (the row's own time in its ``_at`` column, the time we learnt it in
``recorded_at``), so that «as known on date X» is a filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.warehouse.facts import Fact

_ABSENT = "chr(0)"
_BETWEEN = "chr(31)"


@dataclass(frozen=True)
class Loaded:
    """What one load did, in rows."""

    added: int
    changed: int
    same: int


def hash_sql(parts: list[str]) -> str:
    """SQL of a stable 64-bit hash of text expressions; empty and absent differ. Stable across versions of the engine, as
    the engine's own ``hash()`` is not: half of an MD5, which is fine against accidents and not meant against attackers."""
    return f"md5_number_lower(concat_ws({_BETWEEN}, {', '.join(f'coalesce(CAST({part} AS VARCHAR), {_ABSENT})' for part in parts)}))"


def load(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    staging: str,
    columns: list[str],
    *,
    source_system: str,
    system: str,
    recorded_at: datetime,
    import_id: int,
) -> Loaded:
    """Append the rows of table ``staging`` (its ``columns`` are named and typed as the fact's) inside the caller's transaction.

    Rows of the staging table must have distinct keys or be equal. Ids are compared within ``system``, or within the source
    where it names none. An immutable fact's key keeps its first row.
    """
    space = system or source_system
    own = {column: f's."{column}"' for column in columns}
    key = hash_sql(["$space", *(own.get(part, "NULL") for part in fact.key)])
    # only columns that the source has take part, by name: a column that a later version of the program adds changes no hash
    content = hash_sql([f"'{column}='||coalesce(CAST({own[column]} AS VARCHAR), {_ABSENT})" for column in sorted(columns)])
    table = f'facts."{fact.name}"'
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE incoming AS
        SELECT DISTINCT ON (key_hash) *
        FROM (SELECT {", ".join(own[column] for column in columns)}, {key} AS key_hash, {content} AS content_hash FROM {staging} s)""",
        {"space": space},
    )
    latest = (
        f"SELECT DISTINCT key_hash, 0::UBIGINT AS content_hash FROM {table}"
        if fact.immutable
        else f"""SELECT key_hash, arg_max(content_hash, (recorded_at, import_id)) AS content_hash
                 FROM {table} WHERE key_hash IN (SELECT key_hash FROM incoming) GROUP BY key_hash"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE verdict AS
        SELECT i.key_hash, k.key_hash IS NULL AS is_new
        FROM incoming i LEFT JOIN ({latest}) k USING (key_hash)
        WHERE k.key_hash IS NULL {"" if fact.immutable else "OR k.content_hash <> i.content_hash"}"""
    )
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(
        f"""INSERT INTO {table} ({names}, key_hash, content_hash, source_system, system, recorded_at, import_id)
        SELECT {names}, key_hash, content_hash, $source_system, $system, $recorded_at, $import_id
        FROM incoming WHERE key_hash IN (SELECT key_hash FROM verdict)""",
        {"source_system": source_system, "system": system, "recorded_at": recorded_at, "import_id": import_id},
    )
    total, added, changed = connection.execute(
        f"""SELECT (SELECT count(*) FROM {staging}), count(*) FILTER (is_new), count(*) FILTER (NOT is_new) FROM verdict"""
    ).fetchall()[0]
    connection.execute("DROP TABLE incoming; DROP TABLE verdict")
    return Loaded(added=added, changed=changed, same=total - added - changed)


def current_sql(fact: Fact, *, as_of: bool = False) -> str:
    """SELECT of the fact's latest versions; with ``as_of``, as known at the bound parameter ``$as_of`` (an instant, inclusive)."""
    known = "WHERE recorded_at <= $as_of" if as_of else ""
    table = f'SELECT * FROM facts."{fact.name}" {known}'
    if fact.immutable:
        return table
    return f"{table} QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"
