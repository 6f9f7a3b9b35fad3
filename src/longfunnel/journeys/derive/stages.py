"""Stage entries: when each deal entered each stage of its pipeline, when it left and where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build

_SAMPLE = 50_000
"""Deals of one pipeline that teach the usual order of its stages: those with the smallest keys, so always the same ones."""


def build_stage_entries(build: Build) -> None:
    """Fill ``stage_entries``; needs ``deal_rows`` and ``now_stage_entry``.

    Where the CRM gives no entries for a deal, versions of the deal show its way: it stood in its first version's stage from
    its creation, and in each next from when the CRM changed it (or from when we learnt of it). Entries of one stage in a row
    are one. Where a pipeline's stages have no numbers, they are numbered by usual order: a stage comes after those that
    more deals entered before it than after it (Copeland's rule), then by name.
    """
    known = "AND f.recorded_at <= $as_of" if build.as_of else ""
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE entries AS
        WITH given AS (
            SELECT d.deal_key, d.person_id, coalesce(s.pipeline, d.pipeline) AS pipeline, s.stage, s.stage_number, s.entered_at, s.key_hash AS fact_key
            FROM now_stage_entry s JOIN deal_rows d ON d.deal_id = s.deal_id AND coalesce(d.system, '') = coalesce(s.system, '')
            WHERE NOT d.is_duplicate AND NOT coalesce(d.is_deleted, FALSE)
        ),
        versions AS (
            SELECT d.deal_key, d.person_id, f.pipeline, f.stage, CAST(NULL AS BIGINT) AS stage_number,
                CASE WHEN row_number() OVER version = 1 THEN d.created_at ELSE greatest(coalesce(f.modified_at, f.recorded_at), d.created_at) END AS entered_at,
                {hash_sql(["f.key_hash", "f.content_hash", "f.import_id"])} AS fact_key
            FROM facts.deal f JOIN deal_rows d ON d.deal_key = f.key_hash
            WHERE NOT d.is_duplicate AND NOT coalesce(d.is_deleted, FALSE) AND f.stage IS NOT NULL
                AND d.deal_key NOT IN (SELECT deal_key FROM given) {known}
            WINDOW version AS (PARTITION BY f.key_hash ORDER BY f.recorded_at, f.import_id)
        )
        SELECT * EXCLUDE (before) FROM (
            SELECT *, lag((coalesce(pipeline, ''), stage)) OVER (PARTITION BY deal_key ORDER BY entered_at, coalesce(stage_number, 0), fact_key) AS before
            FROM (SELECT * FROM given UNION ALL SELECT * FROM versions) WHERE entered_at IS NOT NULL
        ) WHERE before IS DISTINCT FROM (coalesce(pipeline, ''), stage)""",
        **({"as_of": build.as_of} if build.as_of else {}),
    )
    _number(build)
    build.replace(
        "stage_entries",
        """
        SELECT e.deal_key, e.person_id, e.pipeline, e.stage, n.stage_number, e.entered_at,
            lead(e.entered_at) OVER way AS left_at, lead(e.stage) OVER way AS next_stage,
            lead(n.stage_number) OVER way AS next_stage_number, e.fact_key
        FROM entries e LEFT JOIN stage_numbers n ON n.pipeline = coalesce(e.pipeline, '') AND n.stage = e.stage
        WINDOW way AS (PARTITION BY e.deal_key ORDER BY e.entered_at, coalesce(e.stage_number, 0), e.fact_key)""",
    )
    build.run("DROP TABLE entries; DROP TABLE stage_numbers")


def _number(build: Build) -> None:
    """Temp table ``stage_numbers(pipeline, stage, stage_number)``."""
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE stage_numbers AS
        WITH given AS (
            SELECT coalesce(pipeline, '') AS pipeline, stage, max(stage_number) AS stage_number FROM entries GROUP BY ALL
        ),
        sample AS (
            SELECT coalesce(e.pipeline, '') AS pipeline, e.deal_key, e.stage, min(e.entered_at) AS at FROM entries e
            SEMI JOIN (
                SELECT DISTINCT coalesce(pipeline, '') AS pipeline, deal_key FROM entries
                QUALIFY dense_rank() OVER (PARTITION BY coalesce(pipeline, '') ORDER BY deal_key) <= {_SAMPLE}
            ) s ON s.pipeline = coalesce(e.pipeline, '') AND s.deal_key = e.deal_key
            GROUP BY ALL
        ),
        pairs AS (
            SELECT a.pipeline, a.stage, b.stage AS other, sum(sign(epoch_us(a.at) - epoch_us(b.at))) AS balance
            FROM sample a JOIN sample b ON b.pipeline = a.pipeline AND b.deal_key = a.deal_key AND b.stage <> a.stage GROUP BY ALL
        ),
        places AS (
            SELECT g.pipeline, g.stage, coalesce(sum(sign(p.balance)), 0) AS place
            FROM given g LEFT JOIN pairs p ON p.pipeline = g.pipeline AND p.stage = g.stage GROUP BY ALL
        ),
        learned AS (SELECT pipeline, stage, row_number() OVER (PARTITION BY pipeline ORDER BY place, stage) AS stage_number FROM places)
        SELECT pipeline, stage,
            CASE WHEN bool_and(g.stage_number IS NOT NULL) OVER (PARTITION BY pipeline) THEN g.stage_number ELSE l.stage_number END AS stage_number
        FROM given g JOIN learned l USING (pipeline, stage)"""
    )
