"""Matching: how cost meets visits, what stands apart, which rules are proposed, and putting rules into longfunnel.toml."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomlkit

from longfunnel.app.build import LIVE
from longfunnel.app.settings_file import change_settings, new_row, rows_of
from longfunnel.core.errors import QuestionError
from longfunnel.core.matching import LINK_FIELDS, NORMALISING, SPEND_FIELDS, MatchRule
from longfunnel.core.text import Text
from longfunnel.journeys.matching.campaigns import SpendRow, campaigns_of
from longfunnel.journeys.matching.matcher import DEFAULTS, Link, Matcher
from longfunnel.journeys.matching.seen import Came, Seen, Spent, meet, met_by

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    import duckdb

    from longfunnel.app.business import Business
    from longfunnel.journeys.matching.propose import Proposal
    from longfunnel.reports import Answer

RULE_FIELDS = ("source", *SPEND_FIELDS, *LINK_FIELDS)
"""A rule's texts in the order in which they are shown and written."""
_TOP = 10


@dataclass(frozen=True)
class Apart:
    """What meets nothing: a campaign with what it cost, or a link's marks with who came by it."""

    name: str
    where: str
    """The source of the spend; the utm_source and utm_medium of the link."""
    amount: Decimal | None = None
    clicks: int | None = None
    visits: int | None = None
    leads: int | None = None


@dataclass(frozen=True)
class State:
    """How cost and visits meet now."""

    levels: Answer
    """The report ``matching``."""
    rules: list[tuple[MatchRule, int, int]]
    """The business's rules in their order, each with the visits and the campaigns that it joins."""
    defaults: list[tuple[MatchRule, int, int]]
    """The same of the default rules."""
    campaigns: list[Apart]
    """The dearest campaigns without visits."""
    links: list[Apart]
    """The links with most visits that name a campaign, keyword or ad and meet no spend."""


def state(business: Business) -> State:
    """How cost and visits meet; builds first when there are new facts."""
    levels = business.ask("matching")
    with business.cursor() as cursor:
        return state_of(cursor, business.settings.match, levels)


def state_of(connection: duckdb.DuckDBPyConnection, rules: Sequence[MatchRule], levels: Answer) -> State:
    """The same over a connection, for tables that are built."""
    seen = read_seen(connection, by_day=False)
    met = met_by(meet(Matcher(seen.campaigns, rules), seen.came))
    visits: Counter[int] = Counter()
    campaigns: dict[int, set[int]] = {}
    for link, match in met.matches.items():
        visits[match.rule] += seen.came[link].many
        campaigns.setdefault(match.rule, set()).add(id(match.campaign))
    told = [(rule, visits[number], len(campaigns.get(number, ()))) for number, rule in enumerate((*rules, *DEFAULTS))]
    lonely = [
        Apart(
            one.campaign or "",
            one.source or "",
            seen.cost_of(one) if seen.is_priced(one) else None,
            seen.clicks_of(one).total(),
        )
        for one in seen.campaigns
        if one.is_named and id(one) not in met.campaigns
    ]
    unknown = [
        Apart(
            " · ".join(f"{name} = {value}" for name in LINK_FIELDS[2:] if (value := getattr(link, name))),
            " / ".join(value for value in (link.utm_source, link.utm_medium) if value),
            visits=came.visits.total(),
            leads=came.leads,
        )
        for link, came in seen.came.items()
        if link not in met.matches and (link.utm_campaign or link.utm_content or link.utm_term)
    ]
    return State(
        levels,
        told[: len(rules)],
        told[len(rules) :],
        sorted(lonely, key=lambda one: (-(one.amount or 0), one.name))[:_TOP],
        sorted(unknown, key=lambda one: (-((one.visits or 0) + (one.leads or 0)), one.name))[:_TOP],
    )


def proposals(business: Business) -> list[Proposal]:
    """The rules that are proposed for what stands apart; builds first when there are new facts."""
    business.build()
    with business.cursor() as cursor:
        return proposals_of(cursor, business.settings.match)


def proposals_of(connection: duckdb.DuckDBPyConnection, rules: Sequence[MatchRule]) -> list[Proposal]:
    """The same over a connection, for tables that are built."""
    from longfunnel.journeys.matching.propose import propose

    return propose(read_seen(connection), rules)


def read_seen(connection: duckdb.DuckDBPyConnection, schema: str = LIVE, *, by_day: bool = True) -> Seen:
    """Both sides as the built tables have them. Without ``by_day`` the clicks and visits of all days stand under one.

    Rows are summed by their numbers first: few texts are left to be told apart.
    """
    live = f'"{schema}"'
    clicks_sql = "{'day': day_on::VARCHAR, 'clicks': clicks}" if by_day else "clicks"
    spent: dict[SpendRow, Spent] = {}
    for row in connection.execute(
        f"""WITH daily AS (
            SELECT origin_id, source_system, account, props, day_on, sum(cost) AS cost, sum(clicks) AS clicks FROM {live}.spends GROUP BY ALL
        ),
        named AS (
            SELECT s.*, m.* EXCLUDE (kind, mark_id), json_extract_string(s.props, '/ad_group_id') AS ad_group_id,
                json_extract_string(s.props, '/keyword_id') AS keyword_id, json_extract_string(s.props, '/ad_id') AS ad_id
            FROM daily s JOIN {live}.marks m ON m.mark_id = s.origin_id
        ),
        summed AS (
            SELECT origin_id, source_system, nullif(trim(account), '') AS account, source, medium, campaign_id, campaign, ad_group_id, ad_group,
                keyword_id, term, ad_id, ad, content, day_on, sum(cost) AS cost, sum(clicks)::BIGINT AS clicks
            FROM named GROUP BY ALL
        )
        SELECT origin_id, source_system, max(day_on)::VARCHAR AS latest, account, source, medium, campaign_id, campaign, ad_group_id, ad_group,
            keyword_id, term, ad_id, ad, content, coalesce(sum(cost), 0) AS cost, {"list" if by_day else "sum"}({clicks_sql}) FILTER (clicks > 0) AS clicks,
            count(cost) > 0 AS is_priced
        FROM summed GROUP BY ALL ORDER BY ALL"""
    ).fetchall():
        *named, cost, clicks, is_priced = row
        spent[SpendRow(*named)] = Spent(cost, _days(clicks, "clicks"), is_priced)
    visits_sql = "{'day': day_on::VARCHAR, 'visits': visits}" if by_day else "visits"
    came: dict[Link, Came] = {}
    for *words, days, leads in connection.execute(
        f"""WITH daily AS (
            SELECT origin_id, {"day_on" if by_day else "NULL::DATE AS day_on"}, count(*) FILTER (kind = 'visit') AS visits,
                count(*) FILTER (kind <> 'visit') AS leads
            FROM {live}.touches GROUP BY ALL
        ),
        summed AS (
            SELECT m.source, m.medium, m.campaign, m.content, m.term, t.day_on, sum(t.visits)::BIGINT AS visits, sum(t.leads) AS leads
            FROM daily t JOIN {live}.marks m ON m.mark_id = t.origin_id GROUP BY ALL
        )
        SELECT source, medium, campaign, content, term, {"list" if by_day else "sum"}({visits_sql}) FILTER (visits > 0) AS days, sum(leads)::BIGINT
        FROM summed GROUP BY ALL ORDER BY ALL"""
    ).fetchall():
        came[Link(*words)] = Came(_days(days, "visits"), leads)
    return Seen(campaigns_of(spent), spent, came)


def _days(found: Any, name: str) -> Counter[str]:
    """What was counted by day: structs, or the sum of all days."""
    if isinstance(found, list):
        return Counter({one["day"]: one[name] for one in found})
    return Counter({"": int(found)} if found else {})


def accept(business: Business, rules: Sequence[MatchRule]) -> None:
    """Add rules to the end of those in longfunnel.toml; the next build follows them. Raises SettingsError."""

    def change(document: Any) -> None:
        rows = rows_of(document, "match")
        for rule in rules:
            rows.append(new_row(rule_values(rule)))

    change_settings(business, change)


def replace_rules(business: Business, rules: Sequence[dict[str, Any]]) -> None:
    """Write the rules, given as values, in this order. Those that stay as they were keep their comments. Raises SettingsError."""

    def change(document: Any) -> None:
        before = list(document.get("match", []))
        if "match" in document:
            del document["match"]
        rows = tomlkit.aot()
        for values in rules:
            same = next((row for row in before if row.unwrap() == values), None)
            rows.append(same if same is not None else new_row(values))
        if rules:
            document["match"] = rows

    change_settings(business, change)


def rule_values(rule: MatchRule) -> dict[str, Any]:
    """A rule as longfunnel.toml says it, without what is the default."""
    values: dict[str, Any] = {name: value for name in RULE_FIELDS if (value := getattr(rule, name))}
    if rule.normalise != MatchRule().normalise:
        values["normalise"] = [name for name in NORMALISING if name in rule.normalise]
    return values


def chosen(found: Sequence[Proposal], numbers: Sequence[int]) -> list[Proposal]:
    """The proposals of these numbers, which count from 1. Raises QuestionError."""
    if wrong := [number for number in numbers if not 1 <= number <= len(found)]:
        numbered = Text("They are numbered 1 to {last}.", "Их номера — от 1 до {last}.").format(last=len(found))
        raise QuestionError(
            Text("There is no proposal {numbers}. ", "Предложения {numbers} нет. ").format(
                numbers=", ".join(map(str, wrong))
            )
            + (numbered if found else Text("There are none now.", "Сейчас предложений нет.")),
            hint=Text("See them with: longfunnel match propose", "Посмотрите их: longfunnel match propose"),
        )
    return [found[number - 1] for number in dict.fromkeys(numbers)]
