"""The sources as pages show them: what each has brought, how fresh it is, its runs, its quarantine; and bringing one in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text, read_stored
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    import duckdb

    from longfunnel.app.business import Business
    from longfunnel.connect import ImportReport
    from longfunnel.core.progress import Progress

_DAYS = {"spend": "day_on", "fx_rate": "day_on"}


@dataclass(frozen=True)
class SourceState:
    """One source, as its rows stand."""

    name: str
    rows: int
    """Rows of its facts, all versions."""
    recorded_at: datetime | None
    """When it last brought something, or was last looked at."""
    latest_on: date | None
    """The last day that its rows speak of, by the business's clock."""
    quarantined: int
    runs: int


@dataclass(frozen=True)
class Run:
    """One import of one file."""

    number: int
    fact: str
    file: str
    recorded_at: datetime
    read: int
    added: int
    changed: int
    same: int
    quarantined: int


@dataclass(frozen=True)
class Cause:
    """Rows of the quarantine that have one cause."""

    fact: str
    column: str
    """Theirs; empty where the row could not be parted into cells."""
    reason: Text
    rows: int
    values: list[tuple[str, int]]
    """The commonest values that could not be read, with how often."""
    examples: list[dict[str, Any]]
    """file, row_number, value, raw of the first rows."""


def source_states(connection: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> dict[str, SourceState]:
    """Every source that has ever brought something, by name; days are those of ``zone``, the business's."""

    def day(instant: str) -> str:
        return f"CAST(timezone($zone, timezone('UTC', {instant})) AS DATE)"

    counted = " UNION ALL ".join(
        f"SELECT source_system, count(*) AS rows, {f'max({_DAYS[name]})' if name in _DAYS else day(f'max({fact.at})')} AS latest_on"
        f' FROM facts."{name}" GROUP BY 1'
        for name, fact in facts().items()
    )
    rows = connection.execute(
        f"""WITH kept AS (SELECT source_system, sum(rows) AS rows, max(latest_on) FILTER (latest_on <= CAST(timezone($zone, now()) AS DATE)) AS latest_on
            FROM ({counted}) GROUP BY 1),
        ran AS (SELECT source_system, max(recorded_at) AS recorded_at, count(*) AS runs FROM main.imports GROUP BY 1),
        bad AS (SELECT source_system, count(*) AS rows FROM main.quarantine GROUP BY 1)
        SELECT source_system, coalesce(kept.rows, 0)::BIGINT, recorded_at, latest_on, coalesce(bad.rows, 0), coalesce(runs, 0)
        FROM kept FULL JOIN ran USING (source_system) FULL JOIN bad USING (source_system) WHERE source_system IS NOT NULL""",
        {"zone": zone.key},
    ).fetchall()
    return {row[0]: SourceState(*row) for row in rows}


def runs_of(connection: duckdb.DuckDBPyConnection, source: str, *, limit: int = 30) -> list[Run]:
    """The latest imports of a source, newest first."""
    rows = connection.execute(
        """SELECT import_id, fact, file, recorded_at, read, added, changed, same, quarantined FROM main.imports
        WHERE source_system = ? ORDER BY import_id DESC LIMIT ?""",
        [source, limit],
    ).fetchall()
    return [Run(*row) for row in rows]


def causes_of(connection: duckdb.DuckDBPyConnection, source: str, *, examples: int = 5) -> list[Cause]:
    """The source's quarantine by cause, the most frequent first."""
    causes = connection.execute(
        """SELECT fact, coalesce(column_name, ''), reason, count(*) FROM main.quarantine
        WHERE source_system = ? GROUP BY ALL ORDER BY count(*) DESC, 2, 3 LIMIT 50""",
        [source],
    ).fetchall()
    found = []
    for fact, column, reason, many in causes:
        same = [source, fact, column, reason]
        where = "source_system = ? AND fact = ? AND coalesce(column_name, '') = ? AND reason = ?"
        values = connection.execute(
            f"SELECT value, count(*) FROM main.quarantine WHERE {where} AND value IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
            same,
        ).fetchall()
        rows = connection.execute(
            f"SELECT file, row_number, value, raw FROM main.quarantine WHERE {where} ORDER BY file, row_number LIMIT {int(examples)}",
            same,
        ).fetchall()
        shown = [dict(zip(("file", "row_number", "value", "raw"), row, strict=True)) for row in rows]
        found.append(Cause(fact, column, read_stored(reason), many, values, shown))
    return found


def facts_held(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The facts of which at least one row is there."""
    return {name for name in facts() if connection.execute(f'SELECT 1 FROM facts."{name}" LIMIT 1').fetchall()}


def bring_in(
    business: Business, names: list[str] | None = None, *, progress: Progress | None = None
) -> list[ImportReport]:
    """Sync these sources (all, when none is named) and build: a job that tells how far it is. Raises SyncError as ``sync`` does,
    after what could be imported was built."""
    from longfunnel.app.sources.sync import SyncError

    def part(since: float, share: float) -> Progress | None:
        return (lambda what, done: progress(what, since + share * done)) if progress else None

    failure = None
    try:
        reports = business.sync(names, progress=part(0, 0.6))
    except SyncError as error:
        failure, reports = error, error.reports
    if reports or not failure:
        business.build(progress=part(0.6, 0.4))
    if failure:
        raise failure
    return reports
