"""Proposes match rules: each with its evidence, how sure it is, and the money and visits that it would join. Applies nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from longfunnel.core.matching import MatchRule, escaped
from longfunnel.core.text import Text
from longfunnel.journeys.matching.campaigns import FINER
from longfunnel.journeys.matching.matcher import DEFAULTS, Link, Match, Matcher
from longfunnel.journeys.matching.readings import LOOSER, Found, shared_rules
from longfunnel.journeys.matching.resemblance import alike, together
from longfunnel.journeys.matching.seen import Met, Seen, fineness, meet, met_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from longfunnel.journeys.matching.campaigns import Campaign, SpendRow
    from longfunnel.journeys.matching.seen import Day

_MOST_TRIED = 60
"""Shared rules that are tried out, those of most links first."""
_MOST_CAMPAIGNS, _MOST_LINKS = 300, 1000
"""Compared pair by pair: the dearest campaigns, the links with most visits."""
_LEAST_ALIKE, _LEAST_TOGETHER, _LEAST_SCORE = 0.55, 0.6, 0.45
_SURE_TOGETHER, _AGAINST = 0.6, 0.1
_EXAMPLES = 3


@dataclass(frozen=True)
class Proposal:
    """A rule that may be accepted."""

    rule: MatchRule
    confidence: float
    """From 0 to 1: a rough rank, not a probability."""
    evidence: tuple[Text, ...]
    cost: Decimal
    """Spend that would meet visits more finely than now, in the business's currency."""
    campaigns: int
    visits: int
    """Visits that would meet spend more finely than now."""
    leads: int
    """The same for leads, calls and deals that name their link themselves."""
    examples: tuple[tuple[str, str], ...]
    """Campaigns with a link's mark each."""

    @property
    def name(self) -> str:
        """A short name that stays while the rule stays the same."""
        return hashlib.sha256(msgspec.json.encode(self.rule)).hexdigest()[:8]


def propose(seen: Seen, rules: Sequence[MatchRule]) -> list[Proposal]:
    """Proposals for what the rules leave apart, the surest and dearest first; one that adds nothing to those before is left out."""
    before = _before(seen, rules)
    own = {link for link, match in before.matches.items() if match.rule < len(rules)}
    loose = [link for link in seen.came if link not in own]
    shared = shared_rules(seen.campaigns, loose)[:_MOST_TRIED]
    tried = [proposal for one in shared if (proposal := _tried(seen, one, before, loose))]
    found = _needed(seen, tried, before, loose)
    joined = met_by({**before.matches, **meet(_matcher(seen, [one.rule for one in found]), loose)})
    found += _pairs(seen, joined, [link for link in loose if link not in joined.matches])
    return sorted(found, key=_rank)


def _rank(proposal: Proposal) -> tuple[float, Decimal, str]:
    return (-round(proposal.confidence, 1), -proposal.cost, proposal.name)


def _matcher(seen: Seen, rules: Sequence[MatchRule]) -> Matcher:
    return Matcher(seen.campaigns, rules, defaults=())


def _before(seen: Seen, rules: Sequence[MatchRule]) -> Met:
    """What meets now. A campaign's id in a link of another source names the campaign and leaves cost and leads in two places."""
    return met_by(
        {
            link: match
            for link, match in meet(Matcher(seen.campaigns, rules), seen.came).items()
            if match.rule != len(rules) or match.campaign.place == (link.utm_source or "").strip().lower()
        }
    )


def _tried(seen: Seen, found: Found, before: Met, links: Iterable[Link]) -> Proposal | None:
    """The proposal of a shared rule; None where it would join nothing."""
    if found.rule in DEFAULTS:
        return None
    gained = _gained(seen, found.rule, before, links)
    if not gained.links:
        return None
    many = len({id(match.campaign) for match in gained.links.values()})
    evidence = [_said_of(found)]
    if many > 1:
        evidence.append(_MANY.format(n=many))
    sure = 1 - (0.3 if found.by_id else 0.4) / many if many < 5 else 0.95
    if "*" in "".join(getattr(found.rule, name) for name in found.rule.templates):
        sure -= 0.05
    if found.rule.normalise == LOOSER[-1]:
        sure -= 0.05
    corr = _correlation(seen, gained)
    if corr is not None:
        evidence.append(_TOGETHER.format(r=f"{corr:.2f}"))
        sure = sure + (1 - sure) * 0.4 if corr >= _SURE_TOGETHER else sure * 0.7 if corr < _AGAINST else sure
    return _proposal(seen, found.rule, sure, evidence, gained)


@dataclass(frozen=True)
class _Gained:
    """What a rule joins that was apart."""

    links: dict[Link, Match]
    cost: Decimal
    met: Met


def _gained(seen: Seen, rule: MatchRule, before: Met, links: Iterable[Link]) -> _Gained:
    matcher = _matcher(seen, [rule])
    better = {
        link: match
        for link in links
        if (match := matcher.match(link)) and fineness(match) > fineness(before.matches.get(link))
    }
    after = met_by({**before.matches, **better})
    touched = {id(match.campaign): match.campaign for match in better.values()}
    cost = sum(
        (
            seen.spent[row].cost
            for campaign in touched.values()
            for row in campaign.rows
            if after.depth(campaign, row) > before.depth(campaign, row)
        ),
        Decimal(0),
    )
    return _Gained(better, cost, after)


def _needed(seen: Seen, found: list[Proposal], before: Met, links: Sequence[Link]) -> list[Proposal]:
    """Those that still join something after the surer and dearer ones."""
    kept = []
    for proposal in sorted(found, key=_rank):
        gained = _gained(seen, proposal.rule, before, links)
        if gained.links:
            kept.append(proposal)
            before = gained.met
    return kept


def _correlation(seen: Seen, gained: _Gained) -> float | None:
    """How clicks and visits of the joined campaigns go together by day: the mean, weighed by visits; None where it cannot be told."""
    visits: dict[int, Counter[Day]] = {}
    campaigns: dict[int, Campaign] = {}
    for link, match in gained.links.items():
        campaigns[id(match.campaign)] = match.campaign
        visits.setdefault(id(match.campaign), Counter()).update(seen.came[link].visits)
    total = weight = 0.0
    for key, campaign in campaigns.items():
        corr = float(together([seen.clicks_of(campaign)], [visits[key]])[0, 0])
        if not np.isnan(corr):
            total += corr * visits[key].total()
            weight += visits[key].total()
    return total / weight if weight else None


def _pairs(seen: Seen, met: Met, links: Sequence[Link]) -> list[Proposal]:
    """One campaign and one value of utm_campaign each, by their words and their days, where nothing else joins them."""
    lonely = [one for one in seen.campaigns if one.is_named and id(one) not in met.campaigns]
    campaigns = sorted(lonely, key=lambda one: (-seen.cost_of(one), str(one.campaign)))[:_MOST_CAMPAIGNS]
    by_value: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        if link.utm_campaign:
            by_value.setdefault((link.utm_source or "", link.utm_campaign), []).append(link)
    values = sorted(by_value, key=lambda key: (-sum(seen.came[link].many for link in by_value[key]), key))[:_MOST_LINKS]
    if not campaigns or not values:
        return []
    visits = [sum((seen.came[link].visits for link in by_value[key]), Counter()) for key in values]
    corrs = together([seen.clicks_of(one) for one in campaigns], visits)
    scored = []
    for at, campaign in enumerate(campaigns):
        for place, (source, value) in enumerate(values):
            same = max(alike(row.campaign or row.campaign_id or "", value) for row in _names(campaign))
            corr = None if np.isnan(corrs[at, place]) else float(corrs[at, place])
            here = 0.05 if campaign.place == source.strip().lower() else 0.0
            score = min(0.85, (0.7 * same if corr is None else 0.5 * same + 0.4 * max(corr, 0.0)) + here)
            if score >= _LEAST_SCORE and (same >= _LEAST_ALIKE or (corr or 0) >= _LEAST_TOGETHER):
                scored.append((-score, at, place, same, corr))
    found, taken = [], (set[int](), set[int]())
    for minus, at, place, same, corr in sorted(scored, key=lambda one: one[:3]):
        if at in taken[0] or place in taken[1]:
            continue
        taken[0].add(at)
        taken[1].add(place)
        evidence = [_ALIKE.format(share=f"{same:.0%}")]
        if corr is not None:
            evidence.append(_TOGETHER.format(r=f"{corr:.2f}"))
        rule = _pair_rule(campaigns[at], *values[place])
        gained = _gained(seen, rule, met, links)
        if gained.links:
            found.append(_proposal(seen, rule, -minus, evidence, gained))
    return found


def _names(campaign: Campaign) -> Iterable[SpendRow]:
    return {(row.campaign, row.campaign_id): row for row in campaign.rows}.values()


def _pair_rule(campaign: Campaign, source: str, value: str) -> MatchRule:
    return MatchRule(
        campaign="" if campaign.campaign_id else escaped(campaign.campaign or ""),
        campaign_id=escaped(campaign.campaign_id or ""),
        utm_source=escaped(source),
        utm_campaign=escaped(value),
    )


def _proposal(seen: Seen, rule: MatchRule, sure: float, evidence: Sequence[Text], gained: _Gained) -> Proposal:
    marks = [name for name in ("utm_campaign", "utm_content", "utm_term") if getattr(rule, name)]
    examples: dict[str, str] = {}
    for link, match in sorted(gained.links.items(), key=lambda pair: -seen.came[pair[0]].many):
        said = " · ".join(f"{name} = {getattr(link, name)}" for name in marks)
        examples.setdefault(match.campaign.campaign or match.campaign.campaign_id or "", said)
    return Proposal(
        rule,
        round(min(max(sure, 0.05), 0.99), 2),
        tuple(evidence),
        gained.cost,
        len(examples),
        sum(seen.came[link].visits.total() for link in gained.links),
        sum(seen.came[link].leads for link in gained.links),
        tuple(list(examples.items())[:_EXAMPLES]),
    )


def _said_of(found: Found) -> Text:
    if found.by_id:
        finer = [name for name in FINER if any(one.startswith(name) for one in found.rule.placeholders)]
        return _PARTS if finer else _ID
    exact = found.rule.utm_campaign == "{campaign}"
    if found.rule.normalise == LOOSER[-1]:
        return _TRANSLITERATED if exact else _TRANSLITERATED_INSIDE
    return _SEPARATED if exact else _SEPARATED_INSIDE


_ID = Text("the campaign's id stands in the link", "в ссылке стоит номер кампании")
_PARTS = Text(
    "ids of the campaign and of what is finer stand in the link", "в ссылке стоят номера кампании и её частей"
)
_SEPARATED = Text(
    "the names are the same but for case and separators", "имена совпадают, если не смотреть на регистр и разделители"
)
_SEPARATED_INSIDE = Text("the campaign's name stands in the link", "в ссылке стоит название кампании")
_TRANSLITERATED = Text("the names are the same in Latin letters", "имена совпадают, если записать их латиницей")
_TRANSLITERATED_INSIDE = Text(
    "the campaign's name stands in the link in Latin letters", "в ссылке стоит название кампании латиницей"
)
_MANY = Text("the same for {n} campaigns", "так у {n} кампаний")
_ALIKE = Text("the names are alike by {share}", "названия похожи на {share}")
_TOGETHER = Text(
    "clicks and visits go together by day: correlation {r}", "клики и визиты меняются вместе по дням: корреляция {r}"
)
