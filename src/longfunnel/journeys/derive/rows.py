"""Takes new events and ready-made visits in: each once, narrowed to what later steps walk over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.journeys.derive.marks import path_sql, stage_marks
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build

_PAGE_NAMES: Final = (
    "('page_view', 'pageview', '$pageview', 'page', 'screen_view', 'hit', 'просмотр страницы', 'просмотр')"
)


def _known(build: Build, fact: str) -> tuple[str, dict[str, object]]:
    """SELECT of the fact's rows as known, with their place in the table, and its bound values."""
    values: dict[str, object] = {} if build.as_of is None else {"as_of": build.as_of}
    known = "recorded_at <= $as_of" if values else "TRUE"
    # bots and own traffic are kept as facts and are nobody's journey
    people = "AND excluded IS NULL" if fact == "event" else ""
    return f"SELECT *, rowid AS recorded FROM facts.{fact} WHERE {known} {people}", values


def _new(build: Build, fact: str, since: int) -> tuple[str, dict[str, object]]:
    """As ``_known``, only rows of later imports than ``since``."""
    known, values = _known(build, fact)
    return f"({known} AND import_id > $since)", values | {"since": since}


def take_events(build: Build, since: int) -> None:
    """Append the events of imports after ``since`` to ``event_rows``, and what they can be to ``event_acts``.

    Leaves temp table ``new_nodes(node)``: whom they speak of.
    """
    fact = facts()["event"]
    new, values = _new(build, "event", since)
    words = [f"f.{column}" for column in ("source", "medium", "campaign", "gclid", "yclid", "vkclid", "fbclid")]
    rows = f"{build.live}.event_rows"
    first = build.one(f"SELECT coalesce(max(rowid), -1) FROM {rows}")
    # what an event is, is worked out once for each distinct name and page, which are thousands of times fewer than events
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE new_acts AS
        SELECT *, {hash_sql(["kind", "name", "detail"])} AS act_id FROM (
            SELECT raw_name, raw_page, is_page, CASE WHEN is_page THEN 'page' ELSE 'event' END AS kind,
                CASE WHEN is_page THEN 'page_view' ELSE raw_name END AS name,
                CASE WHEN raw_page <> '' THEN {path_sql("raw_page")} END AS detail
            FROM (
                SELECT DISTINCT f.name AS raw_name, coalesce(f.page, f.url, '') AS raw_page, lower(f.name) IN {_PAGE_NAMES} AS is_page
                FROM {new} f
            )
        )""",
        **values,
    )
    build.run(
        f"""INSERT INTO {rows} BY NAME
        SELECT ({build.row_node(fact, "f")}) AS node, f.happened_at AS at, f.key_hash AS fact_key, f.recorded, a.act_id, a.is_page,
            CASE WHEN coalesce({", ".join(words)}) IS NOT NULL THEN {hash_sql(words)} END AS campaign,
            CASE WHEN f.session_id IS NOT NULL THEN {hash_sql(["f.source_system", "f.session_id"])} END AS session
        FROM {new} f JOIN new_acts a ON a.raw_name = f.name AND a.raw_page = coalesce(f.page, f.url, '')""",
        **values,
    )
    build.run(
        f"""INSERT INTO {build.live}.event_acts BY NAME
        SELECT DISTINCT act_id, kind, name, detail FROM new_acts WHERE act_id NOT IN (SELECT act_id FROM {build.live}.event_acts)"""
    )
    build.run("DROP TABLE new_acts")
    build.run(f"INSERT INTO new_nodes SELECT DISTINCT node FROM {rows} WHERE rowid > $first", first=first)


def reroute(build: Build) -> None:
    """Give events and visits whose identifier has become shared since the last build the node that stands for them now."""
    newly = f"SELECT node FROM {build.live}.shared_nodes EXCEPT SELECT node FROM {build.live}.shared_before"
    build.run(f"CREATE OR REPLACE TEMP TABLE newly_shared AS {newly}")
    for name, table in (("event", "event_rows"), ("visit", "visit_rows")):
        rows = f"{build.live}.{table}"
        build.run(
            f"CREATE OR REPLACE TEMP TABLE rerouted AS SELECT fact_key FROM {rows} SEMI JOIN newly_shared USING (node)"
        )
        if build.one("SELECT count(*) FROM rerouted"):
            build.run(
                f"""CREATE OR REPLACE TEMP TABLE rerouted AS
                SELECT f.key_hash AS fact_key, ({build.row_node(facts()[name], "f")}) AS node
                FROM (FROM facts.{name} SEMI JOIN rerouted ON rerouted.fact_key = {name}.key_hash
                    QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1) f"""
            )
            build.run(f"UPDATE {rows} SET node = r.node FROM rerouted r WHERE r.fact_key = {table}.fact_key")
            build.run("INSERT INTO new_nodes SELECT node FROM rerouted")
    build.run("DROP TABLE newly_shared; DROP TABLE rerouted")


def take_visits(build: Build, since: int, silent: list[str]) -> None:
    """Bring ``visit_rows`` to the latest versions of visits that imports after ``since`` touched; adds to ``new_nodes``."""
    fact = facts()["visit"]
    new, values = _new(build, "visit", since)
    if not build.one(f"SELECT count(*) FROM {new} f", **values):
        return
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE latest_visit AS
        SELECT * EXCLUDE (recorded) FROM ({_known(build, "visit")[0]}) WHERE key_hash IN (SELECT key_hash FROM {new} n)
        QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1""",
        **values,
    )
    kind = "CASE WHEN list_contains($silent, f.source_system) THEN 'silent' ELSE 'visit' END"
    keep = f"""({build.row_node(fact, "f")}) AS node, f.key_hash AS fact_key, f.started_at AS at,
        coalesce(f.ended_at, f.started_at + to_seconds(coalesce(f.duration_seconds, 0))) AS ended_at, f.source_system,
        {hash_sql(["f.visit_id"])} AS visit_ref, f.pages,
        coalesce(f.duration_seconds, date_diff('second', f.started_at, f.ended_at)) AS duration_seconds, f.is_bounce, f.device, f.region"""
    stage_marks(build, "fresh_visits", fact, "latest_visit f", kind, keep, silent=silent)
    rows = f"{build.live}.visit_rows"
    build.run(f"INSERT INTO new_nodes SELECT node FROM {rows} WHERE fact_key IN (SELECT fact_key FROM fresh_visits)")
    build.run(f"DELETE FROM {rows} WHERE fact_key IN (SELECT fact_key FROM fresh_visits)")
    build.run(
        f"""INSERT INTO {rows} BY NAME
        SELECT node, fact_key, "at", ended_at, mark_id, has_mark, source_system, visit_ref, pages, duration_seconds, is_bounce, device, region
        FROM fresh_visits"""
    )
    build.run("INSERT INTO new_nodes SELECT node FROM fresh_visits")
    build.run("DROP TABLE latest_visit; DROP TABLE fresh_visits")
