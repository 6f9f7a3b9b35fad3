"""One person's data: shown, and taken out everywhere. And how long facts are kept.

What a person did is deleted; requests, calls, deals and payments stay counted, with everything that names the person
emptied: the books must still add up. The identifiers come from whoever knows who is who (``people``), all of one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.collect.loading.gathering import understand
from longfunnel.collect.log.segment import Position
from longfunnel.collect.naming import NAMING, count_sql, mentions, naming_sql, raw_rows, telling_of
from longfunnel.collect.wire import WireError, from_payload
from longfunnel.core.errors import MENDING, LongfunnelError, SettingsError, did_you_mean, together
from longfunnel.core.text import Text, read_stored
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import KINDS, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb

    from longfunnel.collect.log.log import Log
    from longfunnel.collect.log.segment import Record
    from longfunnel.collect.plan import Plan

DELETED = frozenset({"event", "visit", "message", "survey_answer"})
"""Facts about what a person did: their rows go. Of other facts, the columns that name the person are emptied."""
WEBHOOK = "webhook"
"""Name of the bodies of webhooks among the periods of retention."""


class ErasureError(LongfunnelError):
    """The erasure cannot be carried out now; nothing was changed."""

    code = "erasure"


@dataclass(frozen=True)
class Erased:
    """What an erasure took out."""

    deleted: int
    emptied: int
    """Rows that stay without the person."""
    log_records: int


def export_person(
    connection: duckdb.DuckDBPyConnection, identifiers: Iterable[Identifier]
) -> dict[str, list[dict[str, Any]]]:
    """Every row that names the person, by fact, all versions; and what came from other systems as it came."""
    known = frozenset(identifiers)
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in facts().values():
        where, values = naming_sql(fact, known)
        if where:
            rows = connection.execute(f'SELECT * FROM facts."{fact.name}" f WHERE {where}', values)
            found[fact.name] = _as_dicts(rows)
    for table, ids in raw_rows(connection, known).items():
        rows = connection.execute(f"SELECT * FROM main.{table} WHERE rowid IN (SELECT unnest(?))", [ids])
        found[table] = _as_dicts(rows)
    for row in found.get("quarantine", []):
        row["reason"] = str(read_stored(row["reason"]))
    return {name: rows for name, rows in found.items() if rows}


def count_person(connection: duckdb.DuckDBPyConnection, identifiers: Iterable[Identifier]) -> dict[str, int]:
    """How many rows ``export_person`` would show, by fact; what has none is left out."""
    known = frozenset(identifiers)
    found: dict[str, int] = {}
    for fact in facts().values():
        counting, values = count_sql(fact, known)
        if counting:
            found[fact.name] = connection.execute(counting, values).fetchall()[0][0]
    found |= {table: len(ids) for table, ids in raw_rows(connection, known).items()}
    return {name: many for name, many in found.items() if many}


def erase_person(
    connection: duckdb.DuckDBPyConnection,
    log: Log,
    plan: Plan,
    identifiers: Iterable[Identifier],
    *,
    loaded: Position,
    until: Position | None = None,
) -> Erased:
    """Take the person out of the facts, of what other systems sent, and of the log.

    Everything in the log before ``until`` (what ``Log.roll`` gave; without it, all there is) must have been loaded
    (``loaded`` is how far): raises ErasureError otherwise. What comes after it came anew. Afterwards the derived tables
    are gone, to be built anew, and ``rewrite_warehouse`` takes the last traces out of the file.
    """
    known = frozenset(identifiers)
    if loaded < (until or log.synced):
        raise ErasureError(
            Text("The log has not been loaded to its end.", "Журнал ещё не загружен до конца."),
            hint=Text("Wait a moment and try again.", "Подождите немного и повторите."),
        )
    with transaction(connection):
        deleted, emptied = erase_facts(connection, known, "")
        drop_derived(connection)
    records = log.rewrite(lambda record, segment: not _record_names(record, segment, plan, known), loaded=loaded)
    return Erased(deleted, emptied, records)


def erase_facts(connection: duckdb.DuckDBPyConnection, known: frozenset[Identifier], until: str) -> tuple[int, int]:
    """Delete and empty the person's rows inside the caller's transaction; how many of each.

    ``until`` bounds a fact's own time, in SQL with {at} in its place.
    """
    _gather(connection, known)
    deleted = emptied = 0
    for fact in facts().values():
        where, values = naming_sql(fact, known)
        if not where:
            continue
        if until:
            happened_at = f'f."{fact.at}"'
            where += f" AND ({until.format(at=happened_at)})"
        if fact.name in DELETED or fact.name == "identity_link":
            deleted += affected(connection.execute(f'DELETE FROM facts."{fact.name}" f WHERE {where}', values))
            continue
        blank = [
            c.name for c in fact.columns if (c.identifier and not KINDS[c.identifier].is_document) or c.name in NAMING
        ]
        if blank:
            empty = ", ".join(f'"{name}" = NULL' for name in blank)
            emptied += affected(connection.execute(f'UPDATE facts."{fact.name}" f SET {empty} WHERE {where}', values))
    for table, gone in raw_rows(connection, known).items():
        deleted += affected(connection.execute(f"DELETE FROM main.{table} WHERE rowid IN (SELECT unnest(?))", [gone]))
    named = " OR ".join(f"(kind_{side}, value_{side}) IN (SELECT (kind, value) FROM erased_ids)" for side in "ab")
    deleted += affected(connection.execute(f"DELETE FROM main.merge_log WHERE {named}"))
    visitors = [identifier.value for identifier in known if identifier.kind == "visitor"]
    deleted += affected(
        connection.execute(
            "DELETE FROM main.number_leases WHERE visitor_id IN (SELECT unnest(?::VARCHAR[]))", [visitors]
        )
    )
    return deleted, emptied


def _gather(connection: duckdb.DuckDBPyConnection, identifiers: Iterable[Identifier]) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE erased_ids (kind VARCHAR, value VARCHAR, system VARCHAR)")
    rows = [(i.kind, i.value, i.system if KINDS[i.kind].is_scoped else "") for i in identifiers]
    if rows:
        connection.executemany("INSERT INTO erased_ids VALUES (?, ?, ?)", rows)


def _record_names(record: Record, segment: int, plan: Plan, known: frozenset[Identifier]) -> bool:
    """Whether the record of the log gives a row that names the person, or mentions a contact of theirs."""
    if mentions(record.payload.decode("utf-8", "replace"), telling_of(known)):
        return True
    try:
        _, system, rows, _ = understand(from_payload(record.payload), plan, Position(segment, record.offset))
    except WireError:
        return False
    for row in rows:
        for column in facts()[row.fact].identifiers:
            value, kind = row.values.get(column.name), column.identifier
            if value and kind in KINDS and Identifier(kind, value, system if KINDS[kind].is_scoped else "") in known:
                return True
    return False


def drop_derived(connection: duckdb.DuckDBPyConnection) -> None:
    """Everything outside ``facts`` and ``main`` is derived: it is built again, without the person."""
    schemas = connection.execute(
        """SELECT schema_name FROM duckdb_schemas()
        WHERE NOT internal AND schema_name NOT IN ('facts', 'main') AND database_name = current_database()"""
    ).fetchall()
    for (schema,) in schemas:
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
    connection.execute("CREATE SCHEMA live")
    connection.execute("DELETE FROM main.builds")


def apply_retention(
    connection: duckdb.DuckDBPyConnection, days_by_fact: dict[str, int], *, now: datetime
) -> dict[str, int]:
    """Delete what is older than its days; rows deleted by fact. ``webhook`` names the bodies that other systems sent.

    Raises SettingsError for a name that is no fact. Derived tables follow with the next full build.
    """
    known = facts()
    wrong = [
        Text("[retention] «{name}» is no fact.", "[retention] «{name}» — не факт.").format(name=name)
        + did_you_mean(name, [*known, WEBHOOK])
        for name in days_by_fact
        if name not in known and name != WEBHOOK
    ]
    if wrong:
        raise SettingsError(together(wrong, MENDING))
    gone: dict[str, int] = {}
    with transaction(connection):
        for name, days in days_by_fact.items():
            table, at = ("main.webhooks", "received_at") if name == WEBHOOK else (f'facts."{name}"', known[name].at)
            limit = "CAST($now AS TIMESTAMP) - to_days($days)"
            gone[name] = affected(
                connection.execute(f'DELETE FROM {table} WHERE "{at}" < {limit}', {"now": now, "days": days})
            )
        if "event" in days_by_fact:  # which visit had which number is about the visit
            connection.execute(
                "DELETE FROM main.number_leases WHERE until_at < CAST($now AS TIMESTAMP) - to_days($days)",
                {"now": now, "days": days_by_fact["event"]},
            )
    return gone


def affected(result: duckdb.DuckDBPyConnection) -> int:
    """How many rows a statement changed."""
    number: int = result.fetchall()[0][0]
    return number


def _as_dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
