"""The build's part of matching: which marks mean which campaign of the spend, and how finely spend meets visits and leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from longfunnel.journeys.channel_rules import UNASSIGNED
from longfunnel.journeys.derive.stage import Build, take_table
from longfunnel.journeys.matching.campaigns import FINER, Campaign, SpendRow, campaigns_of, part_key
from longfunnel.journeys.matching.matcher import DEFAULTS, Link, Match, Matcher
from longfunnel.journeys.reasons import UNMET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAMED: Final = {
    "mark_id": pa.uint64(),
    "is_spend": pa.bool_(),
    "campaign_number": pa.int64(),
    "matched_by": pa.string(),
    "is_own": pa.bool_(),
    "source": pa.string(),
    "medium": pa.string(),
    "campaign": pa.string(),
    "campaign_id": pa.string(),
    "ad_group": pa.string(),
    "term": pa.string(),
    "ad": pa.string(),
    "content": pa.string(),
    "ad_group_key": pa.string(),
    "keyword_key": pa.string(),
    "ad_key": pa.string(),
}


def stage_matches(build: Build) -> None:
    """Temp table ``named_marks``: what the marks of spend are called, and what those of visits and leads mean by the rules.

    Needs ``now_spend``, ``spend_marks`` and ``used_marks``. Columns that are NULL leave a mark's own word in its place.
    """
    campaigns = campaigns_of(spend_rows(build))
    rows = [row for place, campaign in enumerate(campaigns) for row in _spend_marks(place, campaign)]
    if campaigns:
        rows += _met_marks(build, campaigns)
    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in _NAMED.items()}
    take_table(build, "named_marks", pa.table(columns))


def spend_rows(build: Build) -> list[SpendRow]:
    """The distinct ways in which the spend names what it is for."""
    return [
        SpendRow(*row)
        for row in build.run(
            """SELECT k.mark_id, s.source_system, max(s.day_on)::VARCHAR, nullif(trim(s.account), ''), m.source, m.medium, m.campaign_id, m.campaign,
                json_extract_string(s.props, '/ad_group_id'), m.ad_group, json_extract_string(s.props, '/keyword_id'), m.term,
                json_extract_string(s.props, '/ad_id'), m.ad, m.content
            FROM now_spend s JOIN spend_marks k ON k.fact_key = s.key_hash JOIN used_marks m ON m.mark_id = k.mark_id
            GROUP BY ALL"""
        ).fetchall()
    ]


def _spend_marks(place: int, campaign: Campaign) -> Iterable[dict[str, Any]]:
    by_mark: dict[int, list[SpendRow]] = {}
    for row in campaign.rows:
        by_mark.setdefault(row.mark_id, []).append(row)
    for mark_id, rows in by_mark.items():
        keys: dict[str, str] = {}
        for dimension in FINER:
            told = {part_key(row, dimension) for row in rows}
            if len(told) == 1 and (key := told.pop()) is not None:
                keys[dimension] = key
        named = {"mark_id": mark_id, "is_spend": True, "campaign_number": place, "is_own": False}
        # a mark in links is the spend's own word, whatever other marks its ad has
        yield named | _names(campaign, keys) | {"content": None}


def _met_marks(build: Build, campaigns: Sequence[Campaign]) -> Iterable[dict[str, Any]]:
    """What the links of visits, leads, calls, deals and messages mean."""
    own = build.settings.match
    matcher = Matcher(campaigns, own)
    places = {id(campaign): place for place, campaign in enumerate(campaigns)}
    rules = [*(str(number) for number in range(1, len(own) + 1)), *("".join(rule.placeholders) for rule in DEFAULTS)]
    memo: dict[Link, Match | None] = {}
    for mark_id, *words in build.run(
        "SELECT mark_id, source, medium, campaign, content, term FROM used_marks WHERE kind <> 'spend'"
    ).fetchall():
        link = Link(*words)
        if link not in memo:
            memo[link] = matcher.match(link)
        match = memo[link]
        if match is None:
            continue
        campaign, is_own = match.campaign, match.rule < len(own)
        keys = {name: key for name in FINER if (key := getattr(match, name)) is not None}
        named = {"mark_id": mark_id, "is_spend": False, "campaign_number": places[id(campaign)], "is_own": is_own}
        place_of_ads = {"source": campaign.source, "medium": campaign.medium} if is_own else {}
        yield named | {"matched_by": rules[match.rule]} | place_of_ads | _names(campaign, keys)


def _names(campaign: Campaign, keys: dict[str, str]) -> dict[str, Any]:
    """What a campaign and its parts are called now."""
    parts = {name: campaign.parts[name][key] for name, key in keys.items()}
    ad = parts.get("ad")
    return {
        "campaign": campaign.campaign,
        "campaign_id": campaign.campaign_id,
        "ad_group": parts["ad_group"].name if "ad_group" in parts else None,
        "term": parts["keyword"].name if "keyword" in parts else None,
        "ad": ad.name if ad else None,
        "content": next(iter(ad.contents)) if ad and len(ad.contents) == 1 else None,
        **{f"{name}_key": key for name, key in keys.items()},
    }


def stage_levels(build: Build) -> None:
    """Temp table ``spend_levels(mark_id, matched, unmatched)``; needs ``named_marks``, ``used_marks`` and ``origins``.

    ``matched`` is the finest level at which a visit or a lead, of whatever day, meets the spend; ``unmatched`` the reason of the
    coarsest level that the spend names and that nothing meets, where that is finer than ``matched``.
    """
    parts = {"ad_group": "n.ad_group_key", "keyword": "n.keyword_key", "ad": "n.ad_key"}
    named = {"channel": "o.channel", "campaign": "coalesce(n.campaign, n.campaign_id)", **parts}
    met = {
        "channel": "o.channel IN (SELECT channel FROM met_channels)",
        "campaign": "n.campaign_number IN (SELECT campaign_number FROM met)",
        **{
            name: f"(n.campaign_number, {sql}) IN (SELECT (campaign_number, {name}_key) FROM met WHERE {name}_key IS NOT NULL)"
            for name, sql in parts.items()
        },
    }
    is_named = {name: f"({sql}) IS NOT NULL" for name, sql in named.items()}
    is_named["channel"] += f" AND o.channel <> '{UNASSIGNED}'"
    levels = list(named)
    flags = ", ".join(
        f"{is_named[name]} AS names_{name}, {is_named[name]} AND coalesce({met[name]}, FALSE) AS meets_{name}"
        for name in levels
    )
    matched = " ".join(f"WHEN meets_{name} THEN {place}" for place, name in reversed(list(enumerate(levels, 1))))
    unmatched = " ".join(
        f"WHEN names_{name} AND matched_place < {place} THEN '{UNMET[name]}'" for place, name in enumerate(levels, 1)
    )
    finest = " ".join(f"WHEN names_{name} THEN {place}" for place, name in reversed(list(enumerate(levels, 1))))
    words = " ".join(f"WHEN {place} THEN '{name}'" for place, name in enumerate(levels, 1))
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE spend_levels AS
        WITH met AS (SELECT DISTINCT campaign_number, ad_group_key, keyword_key, ad_key FROM named_marks WHERE NOT is_spend),
        met_channels AS (
            SELECT DISTINCT o.channel FROM {build.live}.origins o JOIN used_marks m ON m.mark_id = o.origin_id
            WHERE m.kind <> 'spend' AND o.channel IS NOT NULL
        ),
        flags AS (
            SELECT n.mark_id, {flags} FROM named_marks n JOIN {build.live}.origins o ON o.origin_id = n.mark_id WHERE n.is_spend
        ),
        placed AS (SELECT *, CASE {matched} ELSE 0 END AS matched_place, CASE {finest} ELSE 0 END AS finest_place FROM flags)
        SELECT mark_id, CASE matched_place {words} END AS matched,
            CASE WHEN matched_place < finest_place THEN CASE {unmatched} END END AS unmatched
        FROM placed"""
    )
