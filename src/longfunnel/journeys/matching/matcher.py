"""Which campaign of the spend a link's marks mean, and which ad group, keyword and ad of it.

A rule fits a campaign when every mark that it gives is what its template makes of that campaign; what is finer than a campaign
is any text here, and a mark that tells only of that may be missing. It matches when it fits one campaign, or, of several, one at
the link's own source; the first rule that matches wins. Then what is finer: a rule's template with ``{ad_id}``, or without one
the link's own word, is an ad where it means exactly one of the campaign's. The ad group follows from keyword and ad where all of
their spend is in one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from longfunnel.core.matching import SPEND_FIELDS, MatchRule, Template, parse_template
from longfunnel.journeys.matching.campaigns import FINER, Campaign, SpendRow, part_key
from longfunnel.journeys.matching.patterns import Index, Segments, filled, fits
from longfunnel.journeys.matching.spelling import spelt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

DEFAULTS: Final = (MatchRule(utm_campaign="{campaign_id}"), MatchRule(utm_campaign="{campaign}"))
"""The rules after the business's own."""

_COARSE: Final = frozenset({"campaign_id", "campaign", "source", "medium", "account"})
_IDENTITY: Final = frozenset({"campaign_id", "campaign"})
_OF: Final = {
    "ad_group": frozenset({"ad_group_id", "ad_group"}),
    "keyword": frozenset({"keyword_id", "keyword"}),
    "ad": frozenset({"ad_id", "ad", "content"}),
}
_OWN_WORD: Final = {
    "keyword": ("utm_term", ("{keyword_id}", "{keyword}")),
    "ad": ("utm_content", ("{ad_id}", "{ad}", "{content}")),
}
"""Where a rule says nothing of keyword or ad: the mark that may be one, and what it may be."""


class Link(NamedTuple):
    """The marks of a link. None is unknown."""

    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a link means. ``rule`` counts the rules that were given, then the default ones, from 0."""

    campaign: Campaign
    rule: int
    ad_group: str | None = None
    keyword: str | None = None
    ad: str | None = None


class Matcher:
    """The rules over the campaigns that there are."""

    def __init__(
        self, campaigns: Sequence[Campaign], rules: Sequence[MatchRule], *, defaults: Sequence[MatchRule] = DEFAULTS
    ) -> None:
        self._rules = [_Compiled(rule, campaigns) for rule in (*rules, *defaults)]
        self._campaigns = campaigns

    def match(self, link: Link) -> Match | None:
        """What the link means by the first rule that matches; None where none does."""
        for number, rule in enumerate(self._rules):
            place = rule.campaign(link)
            if place is not None:
                return Match(self._campaigns[place], number, **rule.finer(link, place))
        return None


class _Compiled:
    """One rule, ready to be asked."""

    def __init__(self, rule: MatchRule, campaigns: Sequence[Campaign]) -> None:
        self._how = rule.normalise
        self._templates = rule.templates
        self._campaigns = campaigns
        self._names = rule.placeholders
        self._names_campaign = bool(rule.campaign or rule.campaign_id)
        self._eligible = frozenset(place for place, campaign in enumerate(campaigns) if self._is_for(rule, campaign))
        self._source = rule.source
        self._constant = {
            name: filled(template, lambda _: None, self._how)
            for name, template in self._templates.items()
            if not template.placeholders
        }
        is_named = self._names_campaign or bool(self._names & _IDENTITY)
        self._may_miss = {
            name
            for name, template in self._templates.items()
            if is_named and template.placeholders and not template.placeholders & _COARSE
        }
        self._groups_of: dict[int, dict[tuple[str | None, str | None], set[str | None]]] = {}
        self._finer_of: dict[tuple[int, str], dict[str, Index[str]]] = {}

    def campaign(self, link: Link) -> int | None:
        """The place of the one campaign that the rule fits."""
        if not self._eligible:
            return None
        values = self._values(link)
        if values is None or not all(fits(segments, values[name]) for name, segments in self._constant.items()):
            return None
        found: frozenset[int] | None = None
        for name, index in self._coarse.items():
            if name not in values:
                continue
            here = index.find(values[name])
            found = here if found is None else found & here
            if not found:
                return None
        places = self._eligible if found is None else found
        if len(places) > 1:
            own = (link.utm_source or "").strip().lower()
            places = frozenset(place for place in places if self._campaigns[place].place == own)
        return next(iter(places)) if len(places) == 1 else None

    def finer(self, link: Link, place: int) -> dict[str, str]:
        """The keys of the ad group, keyword and ad that the link means in a campaign, as far as it tells."""
        found = {name: key for name in FINER if (key := self._part(link, place, name)) is not None}
        if "ad_group" not in found and found:
            groups = self._groups(place)[found.get("keyword"), found.get("ad")]
            if len(groups) == 1 and (group := next(iter(groups))) is not None:
                found["ad_group"] = group
        return found

    def _groups(self, place: int) -> dict[tuple[str | None, str | None], set[str | None]]:
        """The ad groups of a campaign's rows by keyword, by ad, and by both."""
        if place not in self._groups_of:
            groups: dict[tuple[str | None, str | None], set[str | None]] = defaultdict(set)
            for row in self._campaigns[place].rows:
                keyword, ad, group = (part_key(row, name) for name in ("keyword", "ad", "ad_group"))
                for key in {(keyword, None), (None, ad), (keyword, ad)}:
                    groups[key].add(group)
            self._groups_of[place] = groups
        return self._groups_of[place]

    def _is_for(self, rule: MatchRule, campaign: Campaign) -> bool:
        """Whether the spend's side of the rule is for the campaign."""
        rows = self._rows(campaign, rule.source)
        for name in SPEND_FIELDS:
            if text := getattr(rule, name):
                segments = filled(parse_template(text), lambda _: None, self._how)
                if not any((said := row.told(name)) and fits(segments, spelt(said, self._how)) for row in rows):
                    return False
        means_campaigns = self._names_campaign or bool(self._names - {"source", "medium", "account"})
        return bool(rows) and campaign.is_named == means_campaigns

    def _rows(self, campaign: Campaign, source: str) -> list[SpendRow]:
        return [row for row in campaign.rows if source in ("", row.source_system)]

    def _values(self, link: Link) -> dict[str, str] | None:
        """The link's marks that the rule speaks of, spelt for comparing; None where one is unknown that must not be."""
        values = {name: spelt(value, self._how) for name in self._templates if (value := getattr(link, name))}
        return values if self._templates.keys() - values.keys() <= self._may_miss else None

    @cached_property
    def _coarse(self) -> dict[str, Index[int]]:
        """From the value of each mark to the campaigns whose template it is."""
        is_by_part = not (self._names_campaign or self._names & _IDENTITY)
        known = self._names if is_by_part else _COARSE
        patterns: dict[str, dict[tuple[Segments, int], None]] = {
            name: {} for name, template in self._templates.items() if template.placeholders
        }
        asked = sorted(self._names & known)
        for place in sorted(self._eligible):
            tellings = {
                tuple(row.told(name) for name in asked) for row in self._rows(self._campaigns[place], self._source)
            }
            for values in tellings:
                told = dict(zip(asked, values, strict=True))
                # where this spend does not know what names the campaign, the template would fit anything
                if is_by_part and None in values:
                    continue
                if self._names & _IDENTITY and all(told[name] is None for name in self._names & _IDENTITY):
                    continue
                for name, some in patterns.items():
                    some[filled(self._templates[name], told.get, self._how), place] = None
        return {name: Index(some) for name, some in patterns.items()}

    def _part(self, link: Link, place: int, dimension: str) -> str | None:
        indexes = self._finer(place, dimension)
        found: frozenset[str] | None = None
        for name, index in indexes.items():
            value = getattr(link, name)
            here = index.find(spelt(value, self._how)) if value else frozenset()
            found = here if found is None else found & here
        return next(iter(found)) if found is not None and len(found) == 1 else None

    def _finer(self, place: int, dimension: str) -> dict[str, Index[str]]:
        """From the value of each mark that tells of the dimension to the campaign's ad groups, keywords or ads."""
        if (place, dimension) not in self._finer_of:
            self._finer_of[place, dimension] = {
                name: Index(self._patterns(place, dimension, templates))
                for name, templates in self._telling(dimension).items()
            }
        return self._finer_of[place, dimension]

    def _telling(self, dimension: str) -> dict[str, list[Template]]:
        """The marks that tell of the dimension, each with the templates that it may follow."""
        own = {name: [one] for name, one in self._templates.items() if one.placeholders & _OF[dimension]}
        if own or dimension not in _OWN_WORD:
            return own
        name, texts = _OWN_WORD[dimension]
        if name in self._templates:
            return {}  # the rule has given the mark another meaning
        return {name: [parse_template(text) for text in texts]}

    def _patterns(self, place: int, dimension: str, templates: list[Template]) -> Iterable[tuple[Segments, str]]:
        for row in self._rows(self._campaigns[place], self._source):
            key = part_key(row, dimension)
            told = _told(row, _COARSE | _OF[dimension])
            for template in templates:
                if key is not None and all(told(name) is not None for name in template.placeholders & _OF[dimension]):
                    yield filled(template, told, self._how), key


def _told(row: SpendRow, known: frozenset[str]) -> Callable[[str], str | None]:
    return lambda name: row.told(name) if name in known else None
