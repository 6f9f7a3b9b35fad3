"""One person's data: shown, and taken out everywhere. And how long facts are kept.

What a person did is deleted; requests, calls, deals and payments stay counted, with everything that names the person
emptied: the books must still add up. The identifiers come from whoever knows who is who (``people``), all of one person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from longfunnel.collect.loading.gathering import understand
from longfunnel.collect.log.segment import Position
from longfunnel.collect.wire import WireError, from_payload
from longfunnel.core.errors import MENDING, LongfunnelError, SettingsError, did_you_mean, together
from longfunnel.core.text import Text, read_stored
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.facts import Fact, Type, facts
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
NAMING = frozenset(
    {"name", "company", "props", "url", "title", "referrer", "landing_page", "subject", "comment", "text"}
)
"""Columns whose words may name or tell of a person, in whatever fact they stand."""
WEBHOOK = "webhook"
"""Name of the bodies of webhooks among the periods of retention."""
_RAW = {"webhooks": "raw", "quarantine": "raw", "raw_records": "body"}


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
    _gather(connection, identifiers)
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in facts().values():
        if where := _names(fact):
            found[fact.name] = _as_dicts(connection.execute(f'SELECT * FROM facts."{fact.name}" f WHERE {where}'))
    for table, column in _RAW.items():
        rows = _as_dicts(connection.execute(f"SELECT * FROM main.{table}"))
        found[table] = [row for row in rows if _mentions(str(row[column]), _telling(identifiers))]
    for row in found["quarantine"]:
        row["reason"] = str(read_stored(row["reason"]))
    return {name: rows for name, rows in found.items() if rows}


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
        where = _names(fact)
        if not where:
            continue
        if until:
            happened_at = f'f."{fact.at}"'
            where += f" AND ({until.format(at=happened_at)})"
        if fact.name in DELETED or fact.name == "identity_link":
            deleted += affected(connection.execute(f'DELETE FROM facts."{fact.name}" f WHERE {where}'))
            continue
        blank = [
            c.name for c in fact.columns if (c.identifier and not KINDS[c.identifier].is_document) or c.name in NAMING
        ]
        if blank:
            empty = ", ".join(f'"{name}" = NULL' for name in blank)
            emptied += affected(connection.execute(f'UPDATE facts."{fact.name}" f SET {empty} WHERE {where}'))
    telling = _telling(known)
    for table, column in _RAW.items():
        rows = connection.execute(f"SELECT rowid, {column} FROM main.{table}").fetchall()
        gone = [rowid for rowid, raw in rows if _mentions(str(raw), telling)]
        if gone:
            deleted += affected(
                connection.execute(f"DELETE FROM main.{table} WHERE rowid IN (SELECT unnest(?))", [gone])
            )
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


def _names(fact: Fact) -> str:
    """SQL that is true for the rows ``f`` of the fact that name somebody of ``erased_ids``; empty for facts that name nobody."""
    if fact.name == "identity_link":
        sides = (f"(f.kind_{side}, f.value_{side}) IN (SELECT (kind, value) FROM erased_ids)" for side in "ab")
        return f"({' OR '.join(sides)})"
    tests = []
    for column in fact.identifiers:
        kind = column.identifier
        if kind not in KINDS:
            continue
        system = " AND system = coalesce(f.system, '')" if KINDS[kind].is_scoped else ""
        tests.append(f"""f."{column.name}" IN (SELECT value FROM erased_ids WHERE kind = '{kind}'{system})""")
    # a contact that was written where no column is for it
    free = [column.name for column in fact.columns if column.name in NAMING and column.type in (Type.TEXT, Type.PROPS)]
    tests += [
        f"""EXISTS (SELECT 1 FROM erased_ids e WHERE e.kind = 'email' AND contains(lower(CAST(f."{name}" AS VARCHAR)), e.value)
                    OR e.kind = 'phone' AND contains(regexp_replace(CAST(f."{name}" AS VARCHAR), '[^0-9]', '', 'g'), right(e.value, 10)))"""
        for name in free
        if tests
    ]
    return f"({' OR '.join(tests)})" if tests else ""


def _telling(identifiers: Iterable[Identifier]) -> list[Identifier]:
    """Identifiers that cannot stand in a text by chance: contacts and long machine ids."""
    return [i for i in identifiers if i.kind in ("email", "phone") or (KINDS[i.kind].is_digital and len(i.value) >= 10)]


def _mentions(text: str, identifiers: Iterable[Identifier]) -> bool:
    readings = {text.lower(), unquote_plus(text).lower()}
    digits = {re.sub(r"\D", "", re.sub(r"(?<=\d)[\s()+-]+(?=\d)", "", reading)) for reading in readings}
    for identifier in identifiers:
        if identifier.kind == "phone":
            if any(identifier.value[-10:] in reading for reading in digits):
                return True
        elif any(identifier.value.lower() in reading for reading in readings):
            return True
    return False


def _record_names(record: Record, segment: int, plan: Plan, known: frozenset[Identifier]) -> bool:
    """Whether the record of the log gives a row that names the person, or mentions a contact of theirs."""
    if _mentions(record.payload.decode("utf-8", "replace"), _telling(known)):
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
