"""Readings: links taken apart by the ids and names that stand in them, and the templates that many readings share."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from longfunnel.core.matching import MatchRule, escaped
from longfunnel.journeys.matching.spelling import spelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from longfunnel.core.matching import Normalising
    from longfunnel.journeys.matching.campaigns import Campaign
    from longfunnel.journeys.matching.matcher import Link

_FIELDS: Final = ("utm_campaign", "utm_content", "utm_term")
_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\d+")
_LEAST_ID, _LEAST_NAME = 3, 4
"""Shorter ids and names stand in other words by chance."""
_MOST = 0.6
"""Of a group's links that have a mark, the share that must show an id of the spend in it."""
PLAIN: Final[tuple[Normalising, ...]] = ("case",)
LOOSER: Final[tuple[tuple[Normalising, ...], ...]] = (
    ("case", "separators"),
    ("case", "separators", "transliteration"),
)


@dataclass(frozen=True)
class Span:
    """A place in a value where something of the spend stands."""

    start: int
    end: int
    placeholder: str


@dataclass(frozen=True)
class Reading:
    """One mark of a link, spelt for comparing, with what of one campaign stands in it."""

    value: str
    spans: tuple[Span, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """The placeholders in their order."""
        return tuple(span.placeholder for span in self.spans)

    @property
    def gaps(self) -> list[str]:
        """The texts before, between and after them."""
        edges = [0, *(edge for span in self.spans for edge in (span.start, span.end)), len(self.value)]
        return [self.value[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


@dataclass
class Found:
    """A rule that readings share, and what they are readings of."""

    rule: MatchRule
    by_id: bool
    links: list[tuple[Link, Campaign]] = field(default_factory=list)


def shared_rules(campaigns: Sequence[Campaign], links: Iterable[Link]) -> list[Found]:
    """The rules that the links' ids and names suggest, those of most links first."""
    index = _Known(campaigns)
    groups: dict[tuple[str, tuple[Normalising, ...], tuple[str, ...]], list[tuple[Link, Campaign, Reading]]] = (
        defaultdict(list)
    )
    for link in links:
        for name, how, campaign, reading in index.readings(link):
            groups[name, how, reading.shape].append((link, campaign, reading))
    found = [
        Found(_rule(index, name, how, some), "campaign_id" in shape, [(link, campaign) for link, campaign, _ in some])
        for (name, how, shape), some in groups.items()
    ]
    return sorted(found, key=lambda one: (-len(one.links), repr(one.rule)))


class _Known:
    """What may stand in links: the campaigns' ids as words, and their names."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self._by_id: dict[str, list[Campaign]] = defaultdict(list)
        self._names: dict[tuple[Normalising, ...], list[tuple[str, Campaign]]] = {how: [] for how in LOOSER}
        self._parts: dict[int, dict[str, str]] = {}
        for campaign in campaigns:
            if campaign.campaign_id and len(campaign.campaign_id) >= _LEAST_ID:
                self._by_id[spelt(campaign.campaign_id, PLAIN)].append(campaign)
            for how, some in self._names.items():
                names = {spelt(row.campaign, how) for row in campaign.rows if row.campaign}
                some += [(name, campaign) for name in sorted(names) if len(name) >= _LEAST_NAME]
        for some in self._names.values():
            some.sort(key=lambda pair: -len(pair[0]))

    def readings(self, link: Link) -> Iterable[tuple[str, tuple[Normalising, ...], Campaign, Reading]]:
        """The readings of the first mark in which a campaign's id stands; else of utm_campaign by the longest name in it."""
        for name in _FIELDS:
            value = spelt(getattr(link, name) or "", PLAIN)
            words = dict.fromkeys(word for word, _, _ in _words_in(value))
            some = [campaign for word in words for campaign in self._by_id.get(word, ())]
            own = [campaign for campaign in some if campaign.place == (link.utm_source or "").strip().lower()]
            for campaign in own or some:
                yield name, PLAIN, campaign, self.read(value, campaign)
            if some:
                return
        for how in LOOSER:
            value = spelt(link.utm_campaign or "", how)
            inside = [
                (name, campaign) for name, campaign in self._names[how] if name in value and _has_words(value, name)
            ]
            if inside:
                for name, campaign in inside:
                    if len(name) == len(inside[0][0]):
                        at = f" {value} ".index(f" {name} ")
                        yield "utm_campaign", how, campaign, Reading(value, (Span(at, at + len(name), "campaign"),))
                return

    def read(self, value: str, campaign: Campaign) -> Reading:
        """The ids of a campaign and of its parts in a value, each once; what no span covers stays text."""
        known = self._words_of(campaign)
        spans: dict[str, Span] = {}
        for word, start, end in _words_in(value):
            placeholder = known.get(word)
            if placeholder and placeholder not in spans and _is_free(start, end, spans.values()):
                spans[placeholder] = Span(start, end, placeholder)
        for row in campaign.rows:
            text = spelt(row.campaign or "", PLAIN)
            at = value.find(text) if len(text) >= _LEAST_NAME else -1
            if at >= 0 and "campaign" not in spans and _is_free(at, at + len(text), spans.values()):
                spans["campaign"] = Span(at, at + len(text), "campaign")
        return Reading(value, tuple(sorted(spans.values(), key=lambda span: span.start)))

    def _words_of(self, campaign: Campaign) -> dict[str, str]:
        if id(campaign) not in self._parts:
            words = {
                spelt(key, PLAIN): f"{dimension}_id"
                for dimension in ("ad", "keyword", "ad_group")
                for key in campaign.parts[dimension]
                if len(key) >= _LEAST_ID
            }
            if campaign.campaign_id:
                words[spelt(campaign.campaign_id, PLAIN)] = "campaign_id"
            self._parts[id(campaign)] = words
        return self._parts[id(campaign)]


def _words_in(value: str) -> Iterable[tuple[str, int, int]]:
    """The words of a value with their places, then the numbers within words: ``cid101`` has 101."""
    for word in _WORD.finditer(value):
        yield word.group(), *word.span()
        for number in _NUMBER.finditer(value, *word.span()):
            if number.span() != word.span():
                yield number.group(), *number.span()


def _is_free(start: int, end: int, spans: Iterable[Span]) -> bool:
    return all(span.end <= start or end <= span.start for span in spans)


def _has_words(value: str, name: str) -> bool:
    """Whether the name stands in the value as whole words."""
    return f" {name} " in f" {value} "


def _rule(
    index: _Known, name: str, how: tuple[Normalising, ...], some: Sequence[tuple[Link, Campaign, Reading]]
) -> MatchRule:
    """The rule of readings of one shape, with what their other marks share."""
    templates = {name: _template([reading for _, _, reading in some])}
    if how == PLAIN:
        for other in _FIELDS:
            read = [
                index.read(spelt(value, PLAIN), campaign)
                for link, campaign, _ in some
                if other != name and (value := getattr(link, other))
            ]
            shapes = Counter(reading.shape for reading in read if reading.shape and "campaign" not in reading.shape)
            if shapes and (shape := shapes.most_common(1)[0])[1] >= _MOST * len(read):
                templates[other] = _template([reading for reading in read if reading.shape == shape[0]])
    sources = {link.utm_source for link, _, _ in some}
    if len(sources) == 1 and (source := sources.pop()):
        templates["utm_source"] = escaped(source.strip())
    return MatchRule(**templates, normalise=how)


def _template(readings: Sequence[Reading]) -> str:
    """One template for readings of one shape: what differs between them is any text."""
    gaps = [_shared(list(column)) for column in zip(*(dict.fromkeys(tuple(r.gaps) for r in readings)), strict=True)]
    first, *rest = gaps
    return first + "".join(f"{{{name}}}{gap}" for name, gap in zip(readings[0].shape, rest, strict=True))


def _shared(texts: list[str]) -> str:
    """What texts have in common, ``*`` for what differs."""
    first = texts[0]
    if all(text == first for text in texts):
        return escaped(first)
    start = _beginning(texts)
    end = _beginning([text[len(start) :][::-1] for text in texts])[::-1]
    return f"{escaped(start)}*{escaped(end)}"


def _beginning(texts: list[str]) -> str:
    """What all of the texts begin with."""
    least, most = min(texts), max(texts)  # what the first and the last by alphabet share, all do
    size = next((at for at, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))
    return least[:size]
