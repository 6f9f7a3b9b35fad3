"""Builds persons from the facts and the decisions: all of them, or only those that changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from longfunnel.people.links import last_import, rebuild_evidence, refresh_evidence
from longfunnel.people.mark import Mark, read_mark, write_mark
from longfunnel.people.merges import log_merges
from longfunnel.people.rules import rules, write_nodes
from longfunnel.people.solve import forget, solve

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from longfunnel.core.settings import Settings
    from longfunnel.state import Decision

_LIVE = "live"


@dataclass(frozen=True)
class PeopleChange:
    """What one build did, in persons and identifiers."""

    is_full: bool
    """Whether evidence was read from all facts, not only from the new ones."""
    persons: int
    identifiers: int
    shared: int
    """Identifiers that link nobody."""
    dirty: int
    """Persons, of this build or the one before, whose timeline may differ from the earlier one."""
    merged: int
    """Persons of the build before that turned out to be another one."""


def refresh_people(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    decisions: Iterable[Decision],
    *,
    schema: str = _LIVE,
    as_of: datetime | None = None,
    full: bool = False,
    noticed_at: datetime | None = None,
) -> PeopleChange:
    """Bring the persons of ``schema`` up to date, inside the caller's transaction.

    Makes ``links`` and ``evidence``, ``identifiers`` (node, kind, value, system, person_id, is_shared) and ``shared_nodes``
    (node, contacts, reason). Reads only what was imported since the last build, unless ``full`` or there was none; a build
    ``as_of`` an instant reads the facts recorded and the decisions taken by then, and is always full. Leaves the temp
    table ``dirty_persons`` (person_id): every person, old or new, that has an identifier whose evidence, sharing or person
    changed. Merges of persons in the live schema go to ``main.merge_log``, stamped ``noticed_at`` (now, if not given).
    """
    in_force = rules(settings.guards, decisions, as_of)
    mark = None if as_of else read_mark(connection, schema)
    newest = last_import(connection)
    country = settings.business.home_country
    is_full = full or mark is None or mark.import_id == 0 or mark.country != country
    kept = (
        f'SELECT node, person_id FROM "{schema}".identifiers'
        if mark
        else "SELECT 0::UBIGINT AS node, 0::UBIGINT AS person_id LIMIT 0"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE people_before AS {kept}")
    if is_full or mark is None:
        rebuild_evidence(connection, schema, country, as_of)
    else:
        refresh_evidence(connection, schema, country, mark.import_id)
        _touch(connection, in_force.changed(mark.rules))
    everywhere = is_full or mark is None or mark.rules.guards != in_force.guards
    seeds = f'"{schema}".identifiers' if everywhere else "people_touched"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE people_seeds AS SELECT node FROM {seeds}")
    solve(connection, schema, in_force, everywhere=everywhere)
    _write(connection, schema)
    merged = 0
    if mark and schema == _LIVE:
        noticed_at = noticed_at or datetime.now(UTC).replace(tzinfo=None)
        merged = log_merges(connection, schema, import_id=newest, noticed_at=noticed_at)
    # what is known as of an earlier time cannot be continued
    write_mark(connection, schema, Mark(0 if as_of else newest, country, in_force))
    change = _change(connection, schema, is_full=is_full, merged=merged)
    forget(connection)
    return change


def _touch(connection: duckdb.DuckDBPyConnection, nodes: set[int]) -> None:
    write_nodes(connection, "people_decided", node=sorted(nodes))
    connection.execute(
        "INSERT INTO people_touched SELECT node FROM people_decided ANTI JOIN people_touched USING (node); DROP TABLE people_decided"
    )


def _write(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    connection.execute(
        f"""UPDATE "{schema}".identifiers i SET person_id = s.person_id, is_shared = s.is_shared FROM people_solved s
        WHERE i.node = s.node AND (i.person_id IS DISTINCT FROM s.person_id OR i.is_shared <> s.is_shared);
        DELETE FROM "{schema}".shared_nodes WHERE node IN (SELECT node FROM people_seeds);
        INSERT INTO "{schema}".shared_nodes SELECT node, contacts, reason FROM people_shared ORDER BY node"""
    )


def _change(connection: duckdb.DuckDBPyConnection, schema: str, *, is_full: bool, merged: int) -> PeopleChange:
    of_changed = "" if is_full else "SEMI JOIN changed USING (node)"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE dirty_persons AS
        WITH changed AS (
            SELECT node FROM people_touched
            UNION SELECT node FROM people_toggled
            UNION SELECT node FROM people_near
            UNION SELECT node FROM people_solved s LEFT JOIN people_before b USING (node) WHERE s.person_id IS DISTINCT FROM b.person_id
        )
        SELECT person_id FROM people_before {of_changed} WHERE person_id IS NOT NULL
        UNION SELECT person_id FROM "{schema}".identifiers {of_changed} WHERE person_id IS NOT NULL"""
    )
    persons, identifiers, shared, dirty = connection.execute(
        f"""SELECT count(DISTINCT person_id), count(*), (SELECT count(*) FROM "{schema}".shared_nodes), (SELECT count(*) FROM dirty_persons)
        FROM "{schema}".identifiers"""
    ).fetchall()[0]
    return PeopleChange(
        is_full=is_full, persons=persons, identifiers=identifiers, shared=shared, dirty=dirty, merged=merged
    )
