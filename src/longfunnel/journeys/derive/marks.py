"""Marks: where a row says that its person came from. One mark is one distinct set of words; rows keep only its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build
    from longfunnel.warehouse.facts import Fact

MARK: Final = (
    "source",
    "medium",
    "campaign",
    "content",
    "term",
    "landing_page",
    "referrer_host",
    "click_id",
    "campaign_id",
    "ad_group",
    "ad",
)
"""Columns of a mark, in the order of its hash."""

_WORDS: Final = ("source", "medium", "campaign", "content", "term", "campaign_id", "ad_group", "ad")
_CLICK_IDS: Final = ("gclid", "yclid", "vkclid", "fbclid")
_IN_ADDRESS: Final = r"[?&](gclid|gbraid|wbraid|yclid|ymclid|rb_clickid|vkclid|msclkid|ttclid|fbclid)=[^&#]+"


def host_sql(address: str) -> str:
    """SQL of an address's host: lower case, without ``www.`` and port; empty text for a bare path."""
    rest = f"""CASE WHEN contains({address}, '://') THEN split_part({address}, '://', 2)
        WHEN starts_with({address}, '/') AND NOT starts_with({address}, '//') THEN '' ELSE ltrim({address}, '/') END"""
    host = f"lower(split_part(split_part(split_part(split_part({rest}, '/', 1), '?', 1), '#', 1), ':', 1))"
    return f"regexp_replace({host}, '^www[.]', '')"


def path_sql(address: str) -> str:
    """SQL of an address's path without host, query and fragment; what is no address (a page's id) stays as it is."""
    bare = f"split_part(split_part({address}, '?', 1), '#', 1)"
    rest = f"split_part({bare}, '://', 2)"
    # most addresses are bare paths already, and a CASE works out only the branch it takes
    return f"""CASE WHEN {address} IS NULL THEN NULL
        WHEN {address} <> '' AND NOT contains({address}, '?') AND NOT contains({address}, '#') AND NOT contains({address}, '://') THEN {address}
        WHEN NOT contains({bare}, '://') THEN CASE WHEN {bare} = '' THEN '/' ELSE {bare} END
        WHEN contains({rest}, '/') THEN substr({rest}, strpos({rest}, '/')) ELSE '/' END"""


def stage_marks(build: Build, into: str, fact: Fact, table: str, kind: str, keep: str, **values: Any) -> None:
    """Temp table ``into``: ``keep`` (columns of alias ``f``) with ``mark_id`` and ``has_mark`` for a table of a fact's rows.

    ``kind`` is SQL of the mark's kind. New marks go to ``marks``. A referrer on the site itself is no referrer: its host
    equals the landing page's, or one is a subdomain of the other. ``has_mark`` is whether the mark says anything of where
    the person came from; a landing page alone does not.
    """
    has = fact.column_by_name
    nothing = "CAST(NULL AS VARCHAR)"
    pages = [f"f.{name}" for name in ("landing_page", "page", "url") if name in has]
    sites = [f"f.{name}" for name in ("url", "landing_page") if name in has]
    clicks = " ".join(f"WHEN f.{name} IS NOT NULL THEN '{name}'" for name in _CLICK_IDS if name in has)
    page = f"coalesce({', '.join(pages)})"
    address = f"coalesce({', '.join(sites)})"
    raw = {
        "kind": kind,
        "click_id": f"CASE {clicks} WHEN contains({address}, '?') THEN {_click_in(address)} END" if clicks else nothing,
        "landing_page": path_sql(page) if pages else nothing,
        "site": f"CASE WHEN f.referrer IS NOT NULL THEN {_start(address)} END" if sites else nothing,
        "referrer": _start("f.referrer") if "referrer" in has else nothing,
        **{name: f"f.{name}" if name in has else nothing for name in _WORDS},
    }
    # the words are cleaned and hashed once per distinct set; ``words`` only finds equal sets within this statement
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE {into}_words AS
        SELECT *, hash({", ".join(f"raw_{name}" for name in raw)}) AS words
        FROM (SELECT {keep}, {", ".join(f"{sql} AS raw_{name}" for name, sql in raw.items())} FROM {table})""",
        **values,
    )
    own, there = "coalesce(own_host, '')", "other_host"
    said = ", ".join(name for name in MARK if name != "landing_page")
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE {into}_marks AS
        WITH distinct_words AS (
            SELECT words, {", ".join(f"any_value(raw_{name}) AS {name}" for name in raw)} FROM {into}_words GROUP BY words
        ),
        hosts AS (SELECT *, {host_sql("site")} AS own_host, {host_sql("referrer")} AS other_host FROM distinct_words),
        cleaned AS (
            SELECT words, kind, click_id, landing_page, {", ".join(f"nullif(trim({name}), '') AS {name}" for name in _WORDS)},
                CASE WHEN {own} <> {there} AND NOT ends_with({own}, '.' || {there}) AND NOT ends_with({there}, '.' || {own})
                    THEN nullif({there}, '') END AS referrer_host
            FROM hosts
        )
        SELECT *, {hash_sql(["kind", *MARK])} AS mark_id, coalesce({said}) IS NOT NULL AS has_mark FROM cleaned"""
    )
    names = ", ".join(MARK)
    build.run(
        f"""INSERT INTO {build.live}.marks (mark_id, kind, {names})
        SELECT DISTINCT ON (mark_id) mark_id, kind, {names} FROM {into}_marks WHERE mark_id NOT IN (SELECT mark_id FROM {build.live}.marks)"""
    )
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT w.* EXCLUDE (words, {", ".join("raw_" + name for name in raw)}), m.mark_id, m.has_mark
        FROM {into}_words w JOIN {into}_marks m ON m.words = w.words"""
    )
    build.run(f"DROP TABLE {into}_words; DROP TABLE {into}_marks")


def _start(address: str) -> str:
    """SQL of an address up to its path: the host and what stands before it."""
    return f"CASE WHEN contains({address}, '://') THEN split_part(split_part({address}, '://', 2), '/', 1) ELSE {address} END"


def _click_in(address: str) -> str:
    found = f"regexp_extract({address}, '{_IN_ADDRESS}', 1)"
    return f"""CASE {found} WHEN 'gbraid' THEN 'gclid' WHEN 'wbraid' THEN 'gclid' WHEN 'rb_clickid' THEN 'vkclid' WHEN '' THEN NULL ELSE {found} END"""


def silent_sources(build: Build, fact: str) -> list[str]:
    """Sources of visits or events that never say where anybody came from: their visits are unknown, not direct."""
    values = {"as_of": build.as_of} if build.as_of else {}
    rows = f"FROM facts.{fact} WHERE {'recorded_at <= $as_of' if values else 'TRUE'}"
    address = "coalesce(landing_page, url)" if fact == "event" else "landing_page"
    speaks = f"(coalesce({', '.join(('source', 'medium', 'campaign', 'referrer', *_CLICK_IDS))}) IS NOT NULL OR contains({address}, '?'))"
    names = [row[0] for row in build.run(f"SELECT DISTINCT source_system {rows} ORDER BY 1", **values).fetchall()]
    # the first mark settles it, mostly within the first rows
    return [
        name
        for name in names
        if not build.run(
            f"SELECT 1 {rows} AND source_system = $name AND {speaks} LIMIT 1", name=name, **values
        ).fetchall()
    ]
