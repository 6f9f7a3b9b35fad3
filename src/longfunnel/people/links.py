"""Evidence: which identifiers stand together in a fact row. Two that do are linked; the row is the evidence.

Only the current version of a row speaks: a corrected phone replaces the earlier one, and the links that only the earlier
one gave are gone. Evidence is kept per pair, fact and source, with the number of rows and the first and last time; the
pair of an identifier with itself says who mentions it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import KINDS, node_sql, normalise_sql, register
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.warehouse.facts import Fact

Slots = list[tuple[str, str]]
"""Kind and SQL of the value, for each identifier of a row."""
Readings = dict[str, list[tuple[str, Slots]]]
"""How the rows of each source name people: conditions on rows, and the identifiers that rows under each hold."""

_TABLES = """
CREATE SCHEMA IF NOT EXISTS "{schema}";
CREATE OR REPLACE TABLE "{schema}".evidence (
    node_a UBIGINT, node_b UBIGINT, fact VARCHAR, source_system VARCHAR,
    facts BIGINT, first_seen_at TIMESTAMP, last_seen_at TIMESTAMP
);
CREATE OR REPLACE VIEW "{schema}".links AS SELECT * FROM "{schema}".evidence WHERE node_a <> node_b;
CREATE OR REPLACE TABLE "{schema}".identifiers (
    node UBIGINT, kind VARCHAR, value VARCHAR, system VARCHAR, person_id UBIGINT, is_shared BOOLEAN
);
CREATE OR REPLACE TABLE "{schema}".shared_nodes (node UBIGINT, contacts BIGINT, reason VARCHAR);
"""
_LATEST = "QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"
_PAIR = "node_a, node_b, fact, source_system"


def personal_facts() -> list[Fact]:
    """The facts whose rows name people."""
    return [fact for fact in facts().values() if fact.identifiers or fact.name == "identity_link"]


def last_import(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the latest import that brought facts about people; 0 before the first."""
    parts = " UNION ALL ".join(
        f'SELECT max(import_id) AS import_id FROM facts."{fact.name}"' for fact in personal_facts()
    )
    return int(connection.execute(f"SELECT coalesce(max(import_id), 0) FROM ({parts})").fetchall()[0][0])


def rebuild_evidence(
    connection: duckdb.DuckDBPyConnection, schema: str, country: str, as_of: datetime | None = None
) -> None:
    """Make ``evidence`` and ``identifiers`` of the schema from all facts, or from those recorded by ``as_of`` (inclusive).

    Persons are not known yet: ``person_id`` is empty. Leaves the temp table ``people_touched`` (node): every identifier.
    """
    connection.execute(_TABLES.format(schema=schema))
    for fact in personal_facts():
        rows = current_sql(fact, as_of=as_of is not None)
        known = {"as_of": as_of} if as_of else {}
        for source, readings in _readings(connection, fact, f'facts."{fact.name}"', country).items():
            _begin(connection)
            _contribute(connection, schema, fact, rows, {source: readings}, known=known)
            connection.execute(
                f"""INSERT INTO "{schema}".evidence
                SELECT node_a, node_b, $fact, $source, sum(facts)::BIGINT, min(first_seen_at), max(last_seen_at)
                FROM people_contributions GROUP BY node_a, node_b""",
                {"fact": fact.name, "source": source},
            )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE people_touched AS SELECT node FROM "{schema}".identifiers;
        DROP TABLE IF EXISTS people_contributions"""
    )


def refresh_evidence(connection: duckdb.DuckDBPyConnection, schema: str, country: str, since: int) -> None:
    """Bring ``evidence`` and ``identifiers`` up to date with the imports after ``since``; equal to a rebuild, and cheaper.

    Leaves the temp table ``people_touched`` (node): every identifier in the new rows and in the versions that they replace.
    """
    _begin(connection)
    mark = {"since": since}
    for fact in personal_facts():
        table = f'facts."{fact.name}"'
        if not connection.execute(f"SELECT 1 FROM {table} WHERE import_id > $since LIMIT 1", mark).fetchall():
            continue
        fresh = f"SELECT * FROM {table} WHERE import_id > $since"
        if fact.immutable:
            readings = _readings(connection, fact, f"({fresh})", country, mark)
            _contribute(connection, schema, fact, fresh, readings, known=mark, by_instant=True)
            continue
        versions = f"SELECT * FROM {table} WHERE key_hash IN (SELECT key_hash FROM ({fresh}))"
        readings = _readings(connection, fact, f"({versions})", country, mark)
        earlier, latest = f"{versions} AND import_id <= $since {_LATEST}", f"{versions} {_LATEST}"
        _contribute(connection, schema, fact, earlier, readings, known=mark, by_instant=True, sign=-1)
        _contribute(connection, schema, fact, latest, readings, known=mark, by_instant=True)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE people_touched AS
        SELECT DISTINCT node_a AS node FROM people_contributions WHERE node_a = node_b"""
    )
    _settle(connection, schema, country)
    connection.execute(
        f"""DELETE FROM "{schema}".identifiers WHERE node IN (SELECT node FROM people_touched)
        AND node NOT IN (SELECT node_a FROM "{schema}".evidence WHERE node_a = node_b);
        DROP TABLE people_contributions"""
    )


def _begin(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE people_contributions (
            node_a UBIGINT, node_b UBIGINT, fact VARCHAR, source_system VARCHAR,
            facts BIGINT, first_seen_at TIMESTAMP, last_seen_at TIMESTAMP)"""
    )


def _contribute(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    fact: Fact,
    rows: str,
    readings: Readings,
    *,
    known: dict[str, Any],
    by_instant: bool = False,
    sign: int = 1,
) -> None:
    """Add what the rows say to ``people_contributions``, and new identifiers to the schema's.

    ``sign`` is -1 for rows that no longer speak; ``by_instant`` keeps instants apart, for what may be taken away again.
    """
    for source, condition, slots in ((source, *one) for source, some in readings.items() for one in some):
        values = ", ".join(f"{value} AS v{place}" for place, (_, value) in enumerate(slots))
        nodes = ", ".join(
            f"{node_sql(kind, f'v{place}', 'system')} AS n{place}" for place, (kind, _) in enumerate(slots)
        )
        group = ", ".join(["system", *(f"v{place}" for place in range(len(slots)))])
        # rows that name the same identifiers are one tuple: hashing and pairing then cost little
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE people_tuples AS
            SELECT *, {nodes} FROM (
                SELECT {group}, count(*) AS facts, min(happened_at) AS first_seen_at, max(happened_at) AS last_seen_at
                FROM (SELECT coalesce(system, '') AS system, {values}, CAST("{fact.at}" AS TIMESTAMP) AS happened_at
                      FROM ({rows}) WHERE source_system = $source AND {condition})
                GROUP BY {group} {", happened_at" if by_instant else ""})""",
            {**known, "source": source},
        )
        for place, (kind, _) in enumerate(slots):
            space = "system" if KINDS[kind].is_scoped else "''"
            connection.execute(
                f"""INSERT INTO "{schema}".identifiers
                SELECT n{place}, '{kind}', any_value(v{place}), any_value({space}), NULL, FALSE
                FROM people_tuples t ANTI JOIN "{schema}".identifiers i ON i.node = t.n{place}
                WHERE n{place} IS NOT NULL GROUP BY n{place}"""
            )
            for other in range(place, len(slots)):
                connection.execute(
                    f"""INSERT INTO people_contributions
                    SELECT least(n{place}, n{other}), greatest(n{place}, n{other}), $fact, $source, {sign} * facts, first_seen_at, last_seen_at
                    FROM people_tuples WHERE n{place} IS NOT NULL AND n{other} IS NOT NULL
                    {f"AND n{place} <> n{other}" if other != place else ""}""",
                    {"fact": fact.name, "source": source},
                )
        connection.execute("DROP TABLE people_tuples")


def _readings(
    connection: duckdb.DuckDBPyConnection, fact: Fact, table: str, country: str, known: dict[str, Any] | None = None
) -> Readings:
    """How the rows in ``table`` (of the fact; SQL with the parameters ``known``) name people."""
    readings: Readings = {}
    if fact.name != "identity_link":
        filled = ", ".join(f'count("{column.name}")' for column in fact.identifiers)
        query = f"SELECT source_system, {filled} FROM {table} GROUP BY source_system ORDER BY source_system"
        for source, *counts in connection.execute(query, known or {}).fetchall():
            present = zip(fact.identifiers, counts, strict=True)
            slots = [(str(column.identifier), f'"{column.name}"') for column, count in present if count]
            if slots:
                readings[source] = [("TRUE", slots)]
        return readings
    # each row of this fact names its own kinds; its values come as the source wrote them
    register(connection)
    query = f"SELECT DISTINCT source_system, lower(trim(kind_a)), lower(trim(kind_b)) FROM {table} ORDER BY ALL"
    for source, kind_a, kind_b in connection.execute(query, known or {}).fetchall():
        if kind_a in KINDS and kind_b in KINDS:
            condition = f"lower(trim(kind_a)) = '{kind_a}' AND lower(trim(kind_b)) = '{kind_b}'"
            ends = ((kind_a, "value_a"), (kind_b, "value_b"))
            slots = [(kind, normalise_sql(kind, column, country)) for kind, column in ends]
            readings.setdefault(source, []).append((condition, slots))
    return readings


def _settle(connection: duckdb.DuckDBPyConnection, schema: str, country: str) -> None:
    """Carry the net contributions over to ``evidence``."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE people_delta AS
        SELECT {_PAIR}, sum(facts)::BIGINT AS facts,
            min(first_seen_at) FILTER (facts > 0) AS first_added_at, max(first_seen_at) FILTER (facts > 0) AS last_added_at,
            min(first_seen_at) FILTER (facts < 0) AS first_taken_at, max(first_seen_at) FILTER (facts < 0) AS last_taken_at
        FROM (SELECT {_PAIR}, first_seen_at, sum(facts) AS facts FROM people_contributions GROUP BY ALL HAVING sum(facts) <> 0)
        GROUP BY {_PAIR}"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE people_settled AS
        SELECT {_PAIR}, coalesce(e.facts, 0) + d.facts AS facts,
            least(e.first_seen_at, first_added_at) AS first_seen_at, greatest(e.last_seen_at, last_added_at) AS last_seen_at,
            coalesce(first_taken_at <= e.first_seen_at OR last_taken_at >= e.last_seen_at, FALSE) AS is_bound_lost
        FROM people_delta d LEFT JOIN "{schema}".evidence e USING ({_PAIR})"""
    )
    connection.execute(
        f"""DELETE FROM "{schema}".evidence e USING people_settled s
        WHERE e.node_a = s.node_a AND e.node_b = s.node_b AND e.fact = s.fact AND e.source_system = s.source_system"""
    )
    connection.execute(
        f"""INSERT INTO "{schema}".evidence
        SELECT {_PAIR}, facts, first_seen_at, last_seen_at FROM people_settled WHERE facts > 0 AND NOT is_bound_lost"""
    )
    _read_again(connection, schema, country)
    connection.execute("DROP TABLE people_delta; DROP TABLE people_settled")


def _read_again(connection: duckdb.DuckDBPyConnection, schema: str, country: str) -> None:
    """Pairs that lost the row which was their first or last, but have others: read those others for the new bounds."""
    lost = connection.execute("SELECT DISTINCT fact FROM people_settled WHERE facts > 0 AND is_bound_lost").fetchall()
    for (name,) in lost:
        fact = facts()[name]
        connection.execute("DELETE FROM people_contributions")
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE people_lost AS
            SELECT DISTINCT node_a AS node FROM people_settled WHERE facts > 0 AND is_bound_lost AND fact = ?""",
            [name],
        )
        readings = _readings(connection, fact, f'facts."{name}"', country)
        keys = " UNION ".join(
            f'SELECT key_hash FROM facts."{name}" WHERE {condition} AND ({_holds_lost(slots)})'
            for condition, slots in {
                condition: slots for some in readings.values() for condition, slots in some
            }.items()
        )
        rows = f'SELECT * FROM facts."{name}" WHERE key_hash IN ({keys}) {_LATEST}'
        _contribute(connection, schema, fact, rows, readings, known={})
        connection.execute(
            f"""INSERT INTO "{schema}".evidence
            SELECT {_PAIR}, sum(c.facts)::BIGINT, min(c.first_seen_at), max(c.last_seen_at)
            FROM people_contributions c
            SEMI JOIN (SELECT * FROM people_settled WHERE facts > 0 AND is_bound_lost) s USING ({_PAIR})
            GROUP BY ALL"""
        )
    connection.execute("DROP TABLE IF EXISTS people_lost")


def _holds_lost(slots: Slots) -> str:
    return " OR ".join(f"{node_sql(kind, value, 'system')} IN (SELECT node FROM people_lost)" for kind, value in slots)
