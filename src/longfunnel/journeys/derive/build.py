"""Builds the derived tables: all of them anew, or only what new facts and changed identities touch.

Events and visits are many, so a build after new facts walks only the persons concerned, and what a visit says of its origin is
kept with it. Everything that hangs on leads, deals
and money reaches across persons (a rate, a campaign's name, a stage's usual place), and is a hundred times fewer: it is made
anew each time, and what changed by it in a person's timeline is found by comparing. So both ways give the same rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING
from uuid import uuid4

from longfunnel.journeys.column_files import forget_columns
from longfunnel.journeys.derive.credits import build_credits, stand
from longfunnel.journeys.derive.deals import build_deals, link_deals
from longfunnel.journeys.derive.declared import declarations
from longfunnel.journeys.derive.exchange import load_rates, price
from longfunnel.journeys.derive.leads import build_leads, join_leads
from longfunnel.journeys.derive.marks import silent_sources
from longfunnel.journeys.derive.orders import build_orders, build_payments, finish_orders, link_orders, stage_purchases
from longfunnel.journeys.derive.origins import build_origins, stage_said, stage_spend_marks
from longfunnel.journeys.derive.rows import reroute, take_events, take_visits
from longfunnel.journeys.derive.spends import build_spends
from longfunnel.journeys.derive.stage import Build, stage_current
from longfunnel.journeys.derive.stages import build_stage_entries
from longfunnel.journeys.derive.timeline import build_timeline, find_changed, stage_acts
from longfunnel.journeys.derive.touches import build_touches
from longfunnel.journeys.derive.visits import build_visits, walk_events, walk_more

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import duckdb

    from longfunnel.core.settings import Settings
    from longfunnel.warehouse.facts import Fact

_SMALL = ("lead", "call", "deal", "stage_entry", "payment", "message", "spend")


@dataclass(frozen=True)
class Refreshed:
    """What a build did: whether it was a full one, how many persons it walked, and seconds by step."""

    is_full: bool
    persons: int
    seconds: dict[str, float]


def refresh_journeys(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    row_node: Callable[[Fact, str], str],
    schema: str = "live",
    as_of: datetime | None = None,
    dirty_only: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> Refreshed:
    """Bring the derived tables of ``schema`` up to date, inside the caller's transaction.

    Needs ``<schema>.identifiers(node, kind, person_id, is_shared)``, ``<schema>.shared_nodes(node)`` and
    ``row_node(fact, alias)``: the SQL of the node that a fact's row belongs to, NULL where it names nobody. With
    ``dirty_only``, only persons of new facts and those of temp table ``dirty_persons(person_id)`` (old and new ids of every
    person whose identity changed) are walked again, unless there was no build before or a rule changed that reaches
    everybody. ``as_of`` builds, always in full, from what was known at that instant.
    """
    forget_columns(connection, schema)
    rules, silent = _rules(connection, settings, as_of)
    last = _last_build(connection, schema) if dirty_only and as_of is None else None
    is_full = last is None or last[1] != rules or _has_unshared(connection, schema)
    build = Build(connection, settings, schema, row_node, as_of, is_full=is_full)
    since, appended = (-1, 0) if last is None or is_full else (last[0], last[2])
    steps = _steps(build, since, appended, silent)
    for number, (name, step) in enumerate(steps):
        if progress:
            progress(name, number / len(steps))
        began = time.perf_counter()
        step()
        build.timings[name] = time.perf_counter() - began
    persons = build.one(f"SELECT count(DISTINCT person_id) FROM {'walk' if is_full else 'dirty'}")
    _finish(build, rules)
    return Refreshed(is_full, persons, build.timings)


def _steps(
    build: Build, since: int, appended: int, silent: dict[str, list[str]]
) -> list[tuple[str, Callable[[], None]]]:
    """The steps in their order; each needs what those before it left."""

    def start() -> None:
        if build.is_full:
            build.run(f"CREATE SCHEMA IF NOT EXISTS {build.live}")
            for name, sql in declarations().items():
                build.run(f"DROP TABLE IF EXISTS {build.live}.{name}")
                build.run(sql.replace(f"CREATE TABLE {name}", f"CREATE TABLE {build.live}.{name}", 1))
        build.run("CREATE OR REPLACE TEMP TABLE new_nodes (node UBIGINT)")

    def events() -> None:
        if not build.is_full:
            reroute(build)
        take_events(build, since)
        take_visits(build, since, silent["visit"])
        if not build.is_full:
            _find_dirty(build)
        walk_events(build)

    def rows() -> None:
        for name in _SMALL:
            stage_current(build, name)
        load_rates(build)
        price(build, "now_spend", "t.day_on", "cost", "revenue")
        price(build, "now_deal", build.day("coalesce(t.closed_at, t.created_at)"), "amount", "cost_of_goods")
        price(build, "now_payment", build.day("t.paid_at"), "amount", "cost_of_goods")
        stage_purchases(build)
        stage_said(build)
        stage_spend_marks(build)

    def sales() -> None:
        join_leads(build)
        link_deals(build)
        build_stage_entries(build)
        build_touches(build)
        build_leads(build)
        link_orders(build)
        build_orders(build)
        build_deals(build)
        finish_orders(build)
        build_payments(build)

    def credit() -> None:
        build_credits(build)
        stand(build.connection, build.schema)

    def timeline() -> None:
        stage_acts(build)
        if not build.is_full and find_changed(build):
            walk_more(build, "more_dirty")
        rows_behind = build_timeline(build, appended)
        build.run(f"DELETE FROM {build.live}.builds")
        build.run(
            f"INSERT INTO {build.live}.builds (version, appended) VALUES ($version, $rows)",
            version=uuid4().hex,
            rows=rows_behind,
        )

    return [
        ("start", start),
        ("events", events),
        ("visits", lambda: build_visits(build, silent["event"], since)),
        ("rows", rows),
        ("origins", lambda: build_origins(build)),
        ("spends", lambda: build_spends(build)),
        ("sales", sales),
        ("credits", credit),
        ("timeline", timeline),
    ]


def _find_dirty(build: Build) -> None:
    """Temp table ``dirty(person_id)``: persons of new events and visits, and those whose identity changed."""
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE dirty AS
        SELECT DISTINCT person_id FROM (
            SELECT i.person_id FROM {build.live}.identifiers i SEMI JOIN new_nodes n ON n.node = i.node
            UNION ALL SELECT person_id FROM dirty_persons
        ) WHERE person_id IS NOT NULL"""
    )


def _rules(
    connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: datetime | None
) -> tuple[int, dict[str, list[str]]]:
    """Hash of everything whose change reaches the tables that are not made anew each time, and the silent sources."""
    probe = Build(connection, settings, "live", lambda _fact, _alias: "", as_of)
    silent = {name: silent_sources(probe, name) for name in ("event", "visit")}
    text = repr((declarations(), settings.counting.session_minutes, settings.business.timezone, silent))
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], "big"), silent


def _last_build(connection: duckdb.DuckDBPyConnection, schema: str) -> tuple[int, int, int] | None:
    """(last import, rules, rows behind the sorted part) of the last build, if there was one."""
    there = connection.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'builds'", [schema]
    ).fetchone()
    row = connection.execute(f'SELECT import_id, rules, appended FROM "{schema}".builds').fetchone() if there else None
    return (row[0], row[1], row[2]) if row else None


def _has_unshared(connection: duckdb.DuckDBPyConnection, schema: str) -> bool:
    """Whether an identifier is no longer shared: rows that name it may stand elsewhere now, and only reading all tells which."""
    gone = f'SELECT node FROM "{schema}".shared_before EXCEPT SELECT node FROM "{schema}".shared_nodes'
    return bool(connection.execute(f"SELECT count(*) FROM ({gone})").fetchall()[0][0])


def _finish(build: Build, rules: int) -> None:
    """Note what the tables were built from, and drop what only the build needed."""
    build.run(
        f"""UPDATE {build.live}.builds SET rules = $rules, import_id = (
            SELECT coalesce(max(import_id), -1) FROM (SELECT import_id FROM facts.event UNION ALL SELECT import_id FROM facts.visit))""",
        rules=rules,
    )
    build.run(
        f"DELETE FROM {build.live}.shared_before; INSERT INTO {build.live}.shared_before SELECT node FROM {build.live}.shared_nodes"
    )
    temporary = [f"now_{name}" for name in _SMALL] + [
        *(
            "walk",
            "new_nodes",
            "dirty",
            "more_dirty",
            "rates",
            "said",
            "spend_marks",
            "spend_levels",
            "money_events",
            "lead_joins",
            "deal_rows",
            "deal_leads",
        ),
        *("sold", "order_deals", "order_payments", "order_purchases", "small_acts", "visit_act"),
    ]
    for name in temporary:
        build.run(f"DROP TABLE IF EXISTS temp.{name}")
