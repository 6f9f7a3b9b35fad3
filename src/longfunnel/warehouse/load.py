"""Appends rows to a fact table: new keys and new versions go in, known rows do not.

Source of the rule: bitemporal append-only facts (the row's own time in its ``_at`` column, the time we learnt it in
``recorded_at``), so that «as known on date X» is a filter.

The rows themselves are read twice and never kept: a first pass leaves only their place and hashes (the table ``incoming``),
``settle`` decides on those which rows are news, and a second pass writes these. Memory thus does not grow with their width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import duckdb

    from longfunnel.warehouse.facts import Fact

_ABSENT = "chr(0)"
_BETWEEN = "chr(31)"
INCOMING = "incoming"
"""Temporary table or view of a load: ``idx`` (the row's place), ``key_hash``, ``content_hash``, ``modified_at`` (NULL where the fact
has none)."""
CLASH = "clash"
CONTENTS = "clash_contents"
LEFT_OUT = "left_out"
"""Temporary table of a load: the rows that do not go in: ``idx``, ``why`` (same, repeated, superseded, stale, conflict) and
``kept``, the place of the row that stands for it."""


@dataclass(frozen=True)
class Loaded:
    """What one load did, in rows. ``added + changed + same + conflicts`` is the number of rows that came in."""

    added: int
    changed: int
    same: int
    """Rows already known; rows that came twice, and earlier versions within the load, are among them."""
    conflicts: int = 0
    """Rows whose key another row of the load has with different content, and nothing says which is newer: the first was taken."""
    repeated: int = 0
    superseded: int = 0
    stale: int = 0
    """Rows older, by their own ``modified_at``, than the version that is known."""


def hash_sql(parts: list[str]) -> str:
    """SQL of a stable 64-bit hash of text expressions; empty and absent differ. Stable across versions of the engine, as
    the engine's own ``hash()`` is not: half of an MD5, which is fine against accidents and not meant against attackers.

    It equals ``md5_number_lower`` of the joined text, which the engine computes five times slower.
    """
    texts: list[str] = []
    for part in parts:
        if part != "NULL":
            texts.append(f"coalesce(CAST({part} AS VARCHAR), {_ABSENT})")
        elif texts and texts[-1].startswith(_ABSENT):
            texts[-1] += f" || {_BETWEEN} || {_ABSENT}"  # neighbours that are absent make one constant
        else:
            texts.append(_ABSENT)
    return f"CAST(md5_number(concat_ws({_BETWEEN}, {', '.join(texts)})) >> 64 AS UBIGINT)"


def key_sql(fact: Fact, own: Mapping[str, str]) -> str:
    """SQL of the key's hash; ``own`` gives the expression of each column that the source has. Its parameter is ``$space``."""
    return hash_sql(["$space", *(own.get(part, "NULL") for part in fact.key)])


def content_sql(own: Mapping[str, str]) -> str:
    """SQL of the content's hash. Only columns that the source has take part, by name: a column that a later version of the
    program adds changes no hash."""
    names = sorted(own)
    return hash_sql([f"'{','.join(names)}'", *(own[name] for name in names)])


def stored_content_sql(fact: Fact, own: Mapping[str, str]) -> str:
    """What the fact table keeps as ``content_hash``: nothing for immutable facts, which never compare contents. The key takes no
    part: contents are compared only between rows of one key."""
    if fact.immutable:
        return "CAST(NULL AS UBIGINT)"
    return content_sql({name: value for name, value in own.items() if name not in fact.key})


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

    Ids are compared within ``system``, or within the source where it names none. Of rows with one key the newest by
    ``modified_at`` is taken, else the first; an immutable fact's key keeps its first row ever.
    """
    own = {column: f's."{column}"' for column in columns}
    modified = own.get("modified_at", "CAST(NULL AS TIMESTAMP)")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {INCOMING} AS
        SELECT row_number() OVER () - 1 AS idx, {key_sql(fact, own)} AS key_hash, {stored_content_sql(fact, own)} AS content_hash,
               {modified} AS modified_at FROM {staging} s""",
        {"space": system or source_system},
    )
    rows = f"SELECT row_number() OVER () - 1 AS idx, {', '.join(own.values())} FROM {staging} s"
    if clashing(connection) and fact.immutable:
        compare(connection, rows, columns, {})
    loaded = settle(connection, fact, source_system=source_system)
    append(
        connection,
        fact,
        rows,
        columns,
        {},
        content=columns,
        of_rows=_one(connection, f"SELECT count(*) FROM {INCOMING}"),
        source_system=source_system,
        system=system,
        recorded_at=recorded_at,
        import_id=import_id,
    )
    clear(connection)
    connection.execute(f"DROP TABLE {INCOMING}")
    return loaded


def clashing(connection: duckdb.DuckDBPyConnection) -> int:
    """How many keys more than one row of ``incoming`` has; they are kept for ``settle``, which this comes before."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {CLASH} AS SELECT key_hash FROM {INCOMING} GROUP BY key_hash HAVING count(*) > 1"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {CONTENTS} (idx BIGINT, content_hash UBIGINT)")
    return _one(connection, f"SELECT count(*) FROM {CLASH}")


def compare(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: list[str], parameters: Mapping[str, Any]
) -> None:
    """Give the clashing rows of an immutable fact, which has no content hash, one to be told apart by. It lives no longer
    than the load, so that the engine's own, fast one will do."""
    own = ", ".join(f'r."{column}"' for column in sorted(columns))
    connection.execute(
        f"""INSERT INTO {CONTENTS} SELECT r.idx, hash({own}) FROM ({rows}) r
        WHERE r.idx IN (SELECT idx FROM {INCOMING} WHERE key_hash IN (SELECT key_hash FROM {CLASH}))""",
        parameters,
    )


def settle(connection: duckdb.DuckDBPyConnection, fact: Fact, *, source_system: str) -> Loaded:
    """Decide which rows of ``incoming`` are news; the others go to ``left_out``. ``clashing`` comes first."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {LEFT_OUT} (idx BIGINT, why VARCHAR, kept BIGINT)")
    total = _one(connection, f"SELECT count(*) FROM {INCOMING}")
    repeated, superseded, conflicts = _settle_within(connection)
    same = stale = changed = 0
    if total and connection.execute(f'SELECT 1 FROM facts."{fact.name}" LIMIT 1').fetchall():
        same, stale, changed = _settle_against_known(connection, fact, source_system)
    left = repeated + superseded + conflicts + same + stale
    return Loaded(
        added=total - left - changed,
        changed=changed,
        same=same + repeated + superseded + stale,
        conflicts=conflicts,
        repeated=repeated,
        superseded=superseded,
        stale=stale,
    )


def _settle_within(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """Rows of one load that share a key: the newest by its own ``modified_at`` stands, else the first."""
    connection.execute(
        f"""INSERT INTO {LEFT_OUT}
        SELECT idx, CASE WHEN content_hash = first_content THEN 'repeated'
                         WHEN modified_at < first_modified THEN 'superseded' ELSE 'conflict' END, first_idx
        FROM (
            SELECT idx, content_hash, modified_at,
                   first_value(idx) OVER newest AS first_idx, first_value(content_hash) OVER newest AS first_content,
                   first_value(modified_at) OVER newest AS first_modified
            FROM (SELECT i.idx, key_hash, modified_at, coalesce(c.content_hash, i.content_hash) AS content_hash
                  FROM {INCOMING} i LEFT JOIN {CONTENTS} c USING (idx) WHERE key_hash IN (SELECT key_hash FROM {CLASH}))
            WINDOW newest AS (PARTITION BY key_hash ORDER BY modified_at DESC NULLS LAST, idx)
        ) WHERE idx <> first_idx"""
    )
    counts = dict(connection.execute(f"SELECT why, count(*) FROM {LEFT_OUT} GROUP BY why").fetchall())
    return counts.get("repeated", 0), counts.get("superseded", 0), counts.get("conflict", 0)


def _settle_against_known(
    connection: duckdb.DuckDBPyConnection, fact: Fact, source_system: str
) -> tuple[int, int, int]:
    """Rows that are known: of the same content as the newest version that this source gave, or older than the newest one."""
    table = f'facts."{fact.name}"'
    within = f"key_hash IN (SELECT key_hash FROM {INCOMING})"
    if fact.immutable:
        known = f"SELECT DISTINCT key_hash FROM {table} WHERE {within}"
        verdict, changed = "'same'", "false"
    else:
        newest = "max(modified_at)" if "modified_at" in fact.column_by_name else "CAST(NULL AS TIMESTAMP)"
        known = f"""SELECT key_hash, {newest} AS known_at,
                           arg_max(content_hash, (recorded_at, import_id)) FILTER (source_system = $source_system) AS known_content
                    FROM {table} WHERE {within} GROUP BY key_hash"""
        verdict = (
            "CASE WHEN i.content_hash = k.known_content THEN 'same' WHEN i.modified_at < k.known_at THEN 'stale' END"
        )
        changed = "true"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE known AS
        SELECT i.idx, {verdict} AS why FROM {INCOMING} i JOIN ({known}) k USING (key_hash)
        WHERE i.idx NOT IN (SELECT idx FROM {LEFT_OUT})""",
        {} if fact.immutable else {"source_system": source_system},
    )
    connection.execute(f"INSERT INTO {LEFT_OUT} SELECT idx, why, NULL FROM known WHERE why IS NOT NULL")
    found = connection.execute(
        f"SELECT count(*) FILTER (why = 'same'), count(*) FILTER (why = 'stale'), count(*) FILTER (why IS NULL AND {changed}) FROM known"
    ).fetchall()[0]
    connection.execute("DROP TABLE known")
    return found[0], found[1], found[2]


def append(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    rows: str,
    columns: list[str],
    parameters: dict[str, Any],
    *,
    content: list[str],
    of_rows: int,
    source_system: str,
    system: str,
    recorded_at: datetime,
    import_id: int,
) -> None:
    """Write the rows of the SELECT ``rows`` (``idx`` and ``columns``, with its ``parameters``; ``of_rows`` of them) that
    ``incoming`` has and ``left_out`` has not. ``content`` names the columns that make a version."""
    total, left = (
        _one(connection, f"SELECT count(*) FROM {INCOMING}"),
        _one(connection, f"SELECT count(*) FROM {LEFT_OUT}"),
    )
    if total == left:
        return
    # the smaller side of the choice is held in memory: what goes in, what stays out, or nothing when all go in
    if total == of_rows and not left:
        chosen = rows
    elif total == of_rows and left * 2 < total:
        chosen = f"SELECT * FROM ({rows}) WHERE idx NOT IN (SELECT idx FROM {LEFT_OUT})"
    else:
        chosen = (
            f"SELECT * FROM ({rows}) WHERE idx IN (SELECT idx FROM {INCOMING} EXCEPT ALL SELECT idx FROM {LEFT_OUT})"
        )
    append_all(
        connection,
        fact,
        chosen,
        columns,
        parameters,
        content=content,
        source_system=source_system,
        system=system,
        recorded_at=recorded_at,
        import_id=import_id,
    )


def append_all(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    rows: str,
    columns: list[str],
    parameters: dict[str, Any],
    *,
    content: list[str],
    source_system: str,
    system: str,
    recorded_at: datetime,
    import_id: int,
) -> None:
    """Write every row of the SELECT ``rows``, without asking whether it is news."""
    own = {column: f'r."{column}"' for column in columns}
    names = ", ".join(f'"{column}"' for column in columns)
    version = stored_content_sql(fact, {column: own[column] for column in content})
    connection.execute(
        f"""INSERT INTO facts."{fact.name}" ({names}, key_hash, content_hash, source_system, system, recorded_at, import_id)
        SELECT {", ".join(own.values())}, {key_sql(fact, own)}, {version}, $source_system, $system, $recorded_at, $import_id
        FROM ({rows}) r""",
        {
            **parameters,
            "space": system or source_system,
            "source_system": source_system,
            "system": system,
            "recorded_at": recorded_at,
            "import_id": import_id,
        },
    )


def is_all_news(connection: duckdb.DuckDBPyConnection, fact: Fact, import_id: int) -> bool:
    """Whether each row that an import has written has a key of its own, which no other import knew."""
    table = f'facts."{fact.name}"'
    own = f"SELECT key_hash FROM {table} WHERE import_id = $import_id"
    twice = f"{own} GROUP BY key_hash HAVING count(*) > 1 LIMIT 1"
    others = f"SELECT 1 FROM {table} WHERE import_id <> $import_id"
    known = f"{others} AND key_hash IN ({own}) LIMIT 1"

    # each question is asked only where the one before leaves it open: most first imports have no others beside them
    def finds(sql: str) -> bool:
        return bool(connection.execute(sql, {"import_id": import_id}).fetchall())

    return not finds(twice) and not (finds(f"{others} LIMIT 1") and finds(known))


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what a load kept for its time; ``incoming`` is its maker's to drop."""
    for name in (CLASH, CONTENTS, LEFT_OUT):
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    value: int = connection.execute(sql).fetchall()[0][0]
    return value


def current_sql(fact: Fact, *, as_of: bool = False) -> str:
    """SELECT of the fact's latest versions; with ``as_of``, as known at the bound parameter ``$as_of`` (an instant, inclusive)."""
    known = "WHERE recorded_at <= $as_of" if as_of else ""
    table = f'SELECT * FROM facts."{fact.name}" {known}'
    if fact.immutable:
        return table
    return f"{table} QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"
