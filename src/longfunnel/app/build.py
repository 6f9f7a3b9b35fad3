"""Build: derive people and journeys from the facts, in one transaction: a kill leaves the build before."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from longfunnel import __version__
from longfunnel.app.business import now
from longfunnel.core.errors import NothingYetError
from longfunnel.core.settings import Mail
from longfunnel.core.text import Text
from longfunnel.journeys.derive.declared import declarations
from longfunnel.warehouse.database import transaction

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.business import Business
    from longfunnel.core.progress import Progress

LIVE = "live"
building = threading.RLock()
"""Held by a build. Builds of one process take turns: the second finds what the first has built."""
_KEPT_AS_OF = 3
"""How many earlier states stay built; the least recently built goes first."""


@dataclass(frozen=True)
class BuildReport:
    """What a build did."""

    did_something: bool
    is_full: bool
    persons: int
    dirty: int
    """Persons whose timeline was made anew."""
    seconds: float

    def __str__(self) -> str:
        if not self.did_something:
            return "Nothing new to build."
        how = "from all facts" if self.is_full else f"{self.dirty:,} of them changed"
        return f"{self.persons:,} people, {how}, in {self.seconds:.1f} s"


def schema_of(as_of: datetime | None) -> str:
    """Where the derived tables of now, or of an earlier moment, stand."""
    return LIVE if as_of is None else f"as_of_{as_of:%Y%m%dT%H%M%S%f}"


def build(
    business: Business,
    *,
    full: bool = False,
    as_of: datetime | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Bring the derived tables up to date with the facts, the settings and the decisions; ``as_of`` an earlier UTC instant, too.

    Raises NothingYetError when nothing was ever imported.
    """
    with building:
        return _build(business, full=full, as_of=as_of, progress=progress)


def _build(
    business: Business,
    *,
    full: bool,
    as_of: datetime | None,
    progress: Progress | None,
) -> BuildReport:
    started = time.perf_counter()
    connection, settings, decisions = business.warehouse, business.settings, business.decisions()
    schema = schema_of(as_of)
    newest = connection.execute("SELECT max(import_id) FROM main.imports").fetchall()[0][0]
    if newest is None:
        raise NothingYetError(
            Text("There is no data yet.", "Данных пока нет."),
            hint=Text(
                "Bring some in with: longfunnel import FILE, or look at: longfunnel demo",
                "Загрузите их: longfunnel import ФАЙЛ, или посмотрите пример: longfunnel demo",
            ),
        )
    # a program that declares its tables otherwise builds them anew
    # what the numbers are called and who posts them changes none of them
    counted = msgspec.structs.replace(settings, stage=(), mail=Mail())
    standing = (newest, msgspec.json.encode(counted), repr(decisions), __version__, declarations())
    fingerprint = hashlib.sha256(repr(standing).encode()).hexdigest()
    built = connection.execute("SELECT fingerprint FROM main.builds WHERE schema_name = ?", [schema]).fetchall()
    if built == [(fingerprint,)] and not full:
        return BuildReport(False, False, 0, 0, time.perf_counter() - started)
    # the builders bring compiled kernels with them: an answer from what is built already does without
    from longfunnel.journeys.derive.build import refresh_journeys
    from longfunnel.people import refresh_people, row_node_sql, shared_kinds

    if progress:
        progress(Text("who is who", "кто есть кто"), 0.1)
    with business.interruptible(), transaction(connection, beside=True):
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        change = refresh_people(connection, settings, decisions, schema=schema, as_of=as_of, full=full)
        if progress:
            progress(Text("journeys", "пути людей"), 0.4)
        refresh_journeys(
            connection,
            settings,
            schema=schema,
            row_node=partial(row_node_sql, schema=schema, guarded=shared_kinds(connection, schema)),
            as_of=as_of,
            dirty_only=not change.is_full,
        )
        connection.execute("INSERT OR REPLACE INTO main.builds VALUES (?, ?, ?)", [schema, fingerprint, now()])
        _forget_old(business)
    return BuildReport(True, change.is_full, change.persons, change.dirty, time.perf_counter() - started)


def _forget_old(business: Business) -> None:
    connection = business.warehouse
    old = connection.execute(
        "SELECT schema_name FROM main.builds WHERE schema_name <> ? ORDER BY built_at DESC OFFSET ?",
        [LIVE, _KEPT_AS_OF],
    ).fetchall()
    for (schema,) in old:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        connection.execute("DELETE FROM main.builds WHERE schema_name = ?", [schema])
