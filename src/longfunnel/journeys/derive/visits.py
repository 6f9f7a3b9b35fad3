"""Visits: sessions cut from events, and those imported ready-made; the same visit seen by two systems counts once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from longfunnel.journeys.derive.marks import stage_marks
from longfunnel.journeys.derive.stage import BUCKETS, Build
from longfunnel.journeys.kernels.sessions import SessionRules, number_sessions
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_AT_ONCE: Final = 4_000_000
"""Events that one call of the kernel reads: bounds the memory, not the result."""


_WALK: Final = f"""CAST(coalesce(e.person_id, e.session) % {BUCKETS} AS UTINYINT) AS bucket, e.person_id, coalesce(e.person_id, e.session) AS walker,
    e.at, e.recorded, e.fact_key, e.act_id, e.campaign, e.session, e.is_page"""
_WALKED: Final = "bucket, e.person_id IS NULL, walker, e.at, e.recorded"


def session_starts(
    walker: NDArray[np.uint64],
    at: NDArray[np.int64],
    campaign: NDArray[np.uint64],
    session: NDArray[np.uint64],
    rules: SessionRules,
) -> NDArray[np.bool_]:
    """Where a session starts, among events sorted by person and time.

    ``at`` is in microseconds; ``campaign`` and ``session`` are hashes, 0 for none. Sessions are cut by ``rules``; where the
    source has cut them itself (``session``), its cut stands.
    """
    starts = np.ones(len(at), dtype=np.bool_)
    starts[1:] = (walker[1:] != walker[:-1]) | (session[1:] != session[:-1])
    runs = np.append(np.flatnonzero(starts), len(at))
    codes = np.where(campaign == 0, -1, (campaign >> np.uint64(1)).astype(np.int64))
    number = number_sessions(runs, at, rules, campaign=codes)
    starts[1:] |= (number[1:] != number[:-1]) & (session[1:] == 0)
    return starts


def walk_events(build: Build) -> None:
    """Temp table ``walk``: the events of the persons at hand (all, or ``dirty``), in order of bucket, person, time.

    Events that name nobody take part under their own session, with ``person_id`` NULL; without one they are no visit.
    """
    if build.is_full:
        build.run(
            f"""CREATE OR REPLACE TEMP TABLE walk AS
            SELECT {_WALK} FROM (
                SELECT e.*, i.person_id FROM {build.live}.event_rows e LEFT JOIN {build.live}.identifiers i ON i.node = e.node
                WHERE i.person_id IS NOT NULL OR e.session IS NOT NULL
            ) e ORDER BY {_WALKED}"""
        )
        return
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE walk AS
        SELECT {_WALK} FROM (
            {_events_of(build, "dirty")}
            UNION ALL
            SELECT e.*, NULL AS person_id FROM {build.live}.event_rows e WHERE e.session IS NOT NULL
                AND NOT EXISTS (FROM {build.live}.identifiers i WHERE i.node = e.node AND i.person_id IS NOT NULL)
        ) e ORDER BY {_WALKED}"""
    )


def walk_more(build: Build, persons: str) -> None:
    """Add to ``walk`` the events of the persons of a temp table, in no order."""
    build.run(f"INSERT INTO walk SELECT {_WALK} FROM ({_events_of(build, persons)}) e")


def _events_of(build: Build, persons: str) -> str:
    """SELECT of the events of the persons of a temp table. It goes by their nodes, which are few: the events are only scanned."""
    return f"""SELECT e.*, i.person_id FROM {build.live}.event_rows e JOIN (
        SELECT node, person_id FROM {build.live}.identifiers SEMI JOIN {persons} USING (person_id)) i ON i.node = e.node"""


def _cut(build: Build) -> None:
    """Temp table ``cut``: one row per session of ``walk``: its first event, its end, how many events and pages."""
    build.run(
        """CREATE OR REPLACE TEMP TABLE cut (
            person_id UBIGINT, started_at TIMESTAMP, ended_at TIMESTAMP, fact_key UBIGINT, recorded UBIGINT, session UBIGINT,
            events BIGINT, pages BIGINT)"""
    )
    rules = SessionRules(silence=timedelta(minutes=build.settings.counting.session_minutes))
    counts = dict(build.run("SELECT bucket, count(*) FROM walk GROUP BY bucket").fetchall())
    for first, last in _groups(counts):
        got: dict[str, Any] = build.run(
            """SELECT walker, person_id IS NULL AS nobody, epoch_us("at") AS at, fact_key, recorded, is_page,
                coalesce(campaign, 0) AS campaign, coalesce(session, 0) AS session
            FROM walk WHERE bucket BETWEEN $first AND $last""",
            first=first,
            last=last,
        ).fetchnumpy()
        if not len(got["walker"]):
            continue
        starts = np.flatnonzero(session_starts(got["walker"], got["at"], got["campaign"], got["session"], rules))
        ends = np.append(starts[1:], len(got["walker"])) - 1
        sessions = pa.table(
            {
                "person_id": pa.array(got["walker"][starts], mask=np.asarray(got["nobody"][starts])),
                "started_at": pa.array(got["at"][starts]).cast(pa.timestamp("us")),
                "ended_at": pa.array(got["at"][ends]).cast(pa.timestamp("us")),
                "fact_key": got["fact_key"][starts],
                "recorded": got["recorded"][starts],
                "session": got["session"][starts],
                "events": ends - starts + 1,
                "pages": np.add.reduceat(got["is_page"].astype(np.int64), starts),
            }
        )
        build.connection.register("cut_now", sessions)
        build.run("INSERT INTO cut BY NAME SELECT * FROM cut_now")
        build.connection.unregister("cut_now")


def _groups(counts: dict[int, int]) -> list[tuple[int, int]]:
    """Runs of buckets of about ``_ROWS_AT_ONCE`` rows together."""
    groups: list[tuple[int, int]] = []
    first, rows = 0, 0
    for bucket in range(BUCKETS):
        rows += counts.get(bucket, 0)
        if rows >= _ROWS_AT_ONCE or bucket == BUCKETS - 1:
            groups.append((first, bucket))
            first, rows = bucket + 1, 0
    return groups


def _sessions(build: Build, silent: list[str], since: int) -> None:
    """Temp table ``sessions``: ``cut``, with sessions of the source put together again, and what their first event says.

    A visit that begins with the same event as before still says the same, as events do not change. Others mostly begin with
    an event of the imports after ``since``, which lie together.
    """
    build.run(
        """CREATE OR REPLACE TEMP TABLE whole AS
        SELECT person_id, session, min(started_at) AS started_at, max(ended_at) AS ended_at,
            arg_min(fact_key, (started_at, recorded)) AS fact_key, sum(events)::BIGINT AS events, sum(pages)::BIGINT AS pages
        FROM cut WHERE session <> 0 GROUP BY person_id, session
        UNION ALL
        SELECT person_id, session, started_at, ended_at, fact_key, events, pages FROM cut WHERE session = 0"""
    )
    kind = "CASE WHEN list_contains($silent, f.source_system) THEN 'silent' ELSE 'visit' END"
    keep = f"""w.*, f.source_system, f.device, f.region,
        CASE WHEN f.session_id IS NOT NULL THEN {hash_sql(["f.session_id"])} END AS visit_ref"""
    if build.is_full:
        rows = "whole w JOIN facts.event f ON f.key_hash = w.fact_key"
        stage_marks(build, "sessions", facts()["event"], rows, kind, keep, silent=silent)
        return
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE known_sessions AS
        SELECT w.*, v.source_system, v.device, v.region, v.visit_ref, v.own_mark AS mark_id, v.has_mark
        FROM whole w JOIN {build.live}.visits v ON v.visit_key = w.fact_key AND v.own_mark IS NOT NULL"""
    )
    build.run(
        """CREATE OR REPLACE TEMP TABLE unknown_sessions AS
        SELECT w.* FROM whole w ANTI JOIN known_sessions k ON k.fact_key = w.fact_key"""
    )
    build.run("CREATE OR REPLACE TEMP TABLE all_sessions AS FROM known_sessions")
    for imports in (f"import_id > {since}", f"import_id <= {since}"):
        rows = f"unknown_sessions w JOIN (FROM facts.event WHERE {imports}) f ON f.key_hash = w.fact_key"
        stage_marks(build, "sessions", facts()["event"], rows, kind, keep, silent=silent)
        build.run("INSERT INTO all_sessions BY NAME FROM sessions")
        build.run("DELETE FROM unknown_sessions WHERE fact_key IN (SELECT fact_key FROM sessions)")
        if not build.one("SELECT count(*) FROM unknown_sessions"):
            break
    build.run("CREATE OR REPLACE TEMP TABLE sessions AS FROM all_sessions")
    build.run("DROP TABLE all_sessions; DROP TABLE known_sessions; DROP TABLE unknown_sessions")


def build_visits(build: Build, silent_events: list[str], since: int) -> None:
    """Fill ``visits`` for the persons at hand; needs ``walk``, ``visit_rows``, and, unless full, ``dirty``.

    The same visit seen by two systems: a visit is left out when a visit of the same person, by a system that comes before
    its own, overlaps it or lies within ``session_minutes`` of it. Sessions cut from events come first, then sources of ready-made visits by name;
    a session that knows no origin takes the one that a visit left out for it knows.
    """
    _cut(build)
    _sessions(build, silent_events, since)
    minutes = build.settings.counting.session_minutes
    only = "" if build.is_full else "WHERE i.person_id IN (SELECT person_id FROM dirty) OR i.person_id IS NULL"
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE seen AS
        SELECT fact_key AS visit_key, source_system, '' AS rank, person_id, started_at, ended_at, mark_id, has_mark, pages,
            date_diff('second', started_at, ended_at) AS duration_seconds, events = 1 AS is_bounce, device, region, visit_ref
        FROM sessions
        UNION ALL
        SELECT v.fact_key, v.source_system, 'x' || v.source_system, i.person_id, v.at, v.ended_at, v.mark_id, v.has_mark, v.pages,
            v.duration_seconds, v.is_bounce, v.device, v.region, v.visit_ref
        FROM {build.live}.visit_rows v LEFT JOIN {build.live}.identifiers i ON i.node = v.node {only}"""
    )
    systems = build.one("SELECT count(DISTINCT rank) FROM seen")
    build.run(
        'CREATE OR REPLACE TEMP TABLE same_visit (visit_key UBIGINT, kept UBIGINT, mark_id UBIGINT, has_mark BOOLEAN, "at" TIMESTAMP)'
    )
    if systems > 1:
        build.run(
            f"""INSERT INTO same_visit
            SELECT later.visit_key, earlier.visit_key, later.mark_id, later.has_mark, later.started_at
            FROM seen later JOIN seen earlier ON earlier.person_id = later.person_id AND earlier.rank < later.rank
                AND earlier.started_at <= later.ended_at + INTERVAL {minutes} MINUTE
                AND later.started_at <= earlier.ended_at + INTERVAL {minutes} MINUTE"""
        )
    if not build.is_full:
        build.run(
            f"DELETE FROM {build.live}.visits WHERE person_id IS NULL OR person_id IN (SELECT person_id FROM dirty)"
        )
    build.run(
        f"""INSERT INTO {build.live}.visits BY NAME
        SELECT s.visit_key, s.source_system, s.person_id, s.started_at, {build.day("s.started_at")} AS day_on, s.visit_key AS touch_id,
            CASE WHEN s.has_mark THEN s.mark_id ELSE coalesce(k.mark_id, s.mark_id) END AS origin_id,
            1 AS visits, s.pages, s.duration_seconds, s.is_bounce, s.device, s.region, s.visit_ref,
            CASE WHEN s.rank = '' THEN s.mark_id END AS own_mark, CASE WHEN s.rank = '' THEN s.has_mark END AS has_mark
        FROM seen s LEFT JOIN (SELECT kept, arg_min(mark_id, ("at", visit_key)) AS mark_id FROM same_visit WHERE has_mark GROUP BY kept) k
            ON k.kept = s.visit_key
        WHERE s.visit_key NOT IN (SELECT visit_key FROM same_visit)"""
    )
    build.run("DROP TABLE cut; DROP TABLE whole; DROP TABLE sessions; DROP TABLE seen; DROP TABLE same_visit")
