"""The stages of the CRM: how many deals went through each, what the CRM itself says of them, what each feeds in the long funnel,
and what would change if it fed something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from longfunnel.journeys.derive.deals import status_sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    import duckdb

    from longfunnel.core.settings import Counting

_SAID = f"""SELECT d.*, {status_sql("f.said_status", "d.stage")} AS said FROM live.deals AS d JOIN (
    SELECT key_hash, status AS said_status FROM facts.deal
    QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1
) AS f ON f.key_hash = d.deal_key WHERE NOT d.is_deleted"""
"""The deals that count, each with what its CRM calls it: won, lost, open, or NULL where it says nothing that we know."""


class Feeds(NamedTuple):
    """Which CRM stages feed the long funnel, by name; the same name in two pipelines is one stage."""

    qualified: frozenset[str]
    """A lead is a qualified one once its deal was here."""
    won: frozenset[str]
    """A deal that stands here is an order."""
    lost: frozenset[str]
    """A deal that stands here is lost."""

    @classmethod
    def of(cls, counting: Counting) -> Feeds:
        """As the settings say."""
        return cls(*map(frozenset, (counting.qualified_stages, counting.won_stages, counting.lost_stages)))


@dataclass(frozen=True)
class CrmStage:
    """One stage of one of the CRM's pipelines."""

    pipeline: str
    """Empty where the CRM names none."""
    name: str
    entered: int = 0
    """How many deals were ever here."""
    standing: int = 0
    """How many deals stand here now."""
    said: str = ""
    """What the CRM calls every deal that stands here: won or lost; empty where it calls them open, differently, or nothing."""


@dataclass(frozen=True)
class Fed:
    """What the CRM's stages make of the leads and deals of all time."""

    qualified_leads: int | None
    """None: no lead and no stage says which are qualified."""
    won: int
    won_amount: Decimal | None
    """In the business's currency; None where no won deal has an amount."""
    lost: int
    open: int
    """The deals that are neither."""


def crm_stages(connection: duckdb.DuckDBPyConnection) -> list[CrmStage]:
    """The stages that deals have entered or stand in, by pipeline and in each pipeline's order."""
    rows = connection.execute(
        f"""WITH entered AS (
            SELECT coalesce(pipeline, '') AS pipeline, stage, count(DISTINCT deal_key) AS deals, min(stage_number) AS number
            FROM live.stage_entries WHERE stage IS NOT NULL GROUP BY ALL
        ),
        standing AS (
            SELECT coalesce(pipeline, '') AS pipeline, stage, count(*) AS deals,
                CASE WHEN count(*) = count(*) FILTER (said = 'won') THEN 'won'
                    WHEN count(*) = count(*) FILTER (said = 'lost') THEN 'lost' ELSE '' END AS said
            FROM ({_SAID}) WHERE stage IS NOT NULL GROUP BY ALL
        )
        SELECT pipeline, stage, coalesce(e.deals, 0), coalesce(s.deals, 0), coalesce(s.said, '')
        FROM entered e FULL JOIN standing s USING (pipeline, stage) ORDER BY pipeline, e.number NULLS LAST, stage"""
    ).fetchall()
    return [CrmStage(*row) for row in rows]


def fed_by(connection: duckdb.DuckDBPyConnection, feeds: Feeds) -> Fed:
    """What a build with these stages would count, from the deals and leads as they are built now (``link_deals`` and ``build_leads``
    say the rules)."""
    won, amount, lost, left = connection.execute(
        f"""SELECT count(*) FILTER (status = 'won'), sum(amount) FILTER (status = 'won'), count(*) FILTER (status = 'lost'),
            count(*) FILTER (status IS NULL OR status = 'open')
        FROM (
            SELECT amount, CASE WHEN list_contains($won, stage) AND said IS DISTINCT FROM 'lost' THEN 'won'
                WHEN list_contains($lost, stage) AND said IS DISTINCT FROM 'won' THEN 'lost' ELSE said END AS status FROM ({_SAID})
        )""",
        {"won": sorted(feeds.won), "lost": sorted(feeds.lost)},
    ).fetchall()[0]
    (qualified,) = connection.execute(
        """WITH marks AS (
            SELECT coalesce(l.joined_to, l.lead_key) AS lead_key, bool_or(f.is_qualified) AS is_qualified
            FROM live.leads l JOIN (
                SELECT key_hash, is_qualified FROM facts.lead
                QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1
            ) f ON f.key_hash = l.lead_key WHERE NOT l.is_deleted GROUP BY ALL
        ),
        passed AS (
            SELECT DISTINCT d.lead_key FROM live.deals d JOIN live.stage_entries s USING (deal_key)
            WHERE d.lead_key IS NOT NULL AND list_contains($stages, s.stage)
        )
        SELECT CASE WHEN count(m.is_qualified) + count(p.lead_key) > 0
            THEN count(*) FILTER (m.is_qualified OR p.lead_key IS NOT NULL) END
        FROM live.leads l LEFT JOIN marks m USING (lead_key) LEFT JOIN passed p USING (lead_key) WHERE l.is_counted""",
        {"stages": sorted(feeds.qualified)},
    ).fetchall()[0]
    return Fed(qualified, won, amount, lost, left)


def moved(before: Feeds, after: Feeds) -> list[str]:
    """The stages that feed something else than before."""
    changed: Iterable[str] = frozenset().union(*(one ^ other for one, other in zip(before, after, strict=True)))
    return sorted(changed)
