"""Templates filled from the spend, and the quick way back: from a link's value to what could have filled them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

from longfunnel.core.matching import ANY, Placeholder
from longfunnel.journeys.matching.spelling import spelt

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from longfunnel.core.matching import Normalising, Template

Segments = tuple[str, ...]
"""Texts with any text between them: one is a plain text, ``("a", "")`` is whatever begins with a."""
_Found = TypeVar("_Found", bound="Hashable")


def filled(template: Template, told: Callable[[str], str | None], how: tuple[Normalising, ...]) -> Segments:
    """The template with what ``told`` gives for its placeholders, spelt for comparing; what it does not tell is any text."""
    segments = [""]
    for part in template.parts:
        known = part if isinstance(part, str) else None if part is ANY else told(part.name)
        if known is None:
            segments.append("")
        else:
            segments[-1] += known
    if len(segments) == 1:
        return (spelt(segments[0], how),)
    first, *middle, last = (spelt(text, how, is_part=True) for text in segments)
    return (first.lstrip(), *middle, last.rstrip())


def names(template: Template) -> list[str]:
    """The placeholders of a template in their order."""
    return [part.name for part in template.parts if isinstance(part, Placeholder) and part is not ANY]


def fits(segments: Segments, value: str) -> bool:
    """Whether the value, already spelt for comparing, is the segments with any text between them."""
    if len(segments) == 1:
        return segments[0] == value
    first, *middle, last = segments
    end = len(value) - len(last)
    if not value.startswith(first) or not value.endswith(last) or len(first) > end:
        return False
    at = len(first)
    for text in middle:
        found = value.find(text, at, end)
        if found < 0:
            return False
        at = found + len(text)
    return True


class Index(Generic[_Found]):
    """What each value of a link leads to, found without trying every pattern.

    Plain texts are looked up. Of patterns with as many segments, the segment that tells most of them apart is looked up among the
    value's beginnings, ends or pieces, and what it leads to is tried.
    """

    def __init__(self, patterns: Iterable[tuple[Segments, _Found]]) -> None:
        self._plain: dict[str, set[_Found]] = defaultdict(set)
        by_size: dict[int, list[tuple[Segments, _Found]]] = defaultdict(list)
        for segments, leads_to in patterns:
            if len(segments) == 1:
                self._plain[segments[0]].add(leads_to)
            else:
                by_size[len(segments)].append((segments, leads_to))
        self._groups = [_Group(some) for some in by_size.values()]
        self._memo: dict[str, frozenset[_Found]] = {}

    def find(self, value: str) -> frozenset[_Found]:
        """What the patterns that fit the value lead to."""
        known = self._memo.get(value)
        if known is None:
            found = set(self._plain.get(value, ()))
            for group in self._groups:
                found |= {leads_to for segments, leads_to in group.near(value) if fits(segments, value)}
            known = self._memo[value] = frozenset(found)
        return known


class _Group(Generic[_Found]):
    """Patterns with as many segments."""

    def __init__(self, patterns: list[tuple[Segments, _Found]]) -> None:
        size = len(patterns[0][0])
        self._place = max(range(size), key=lambda place: (len({segments[place] for segments, _ in patterns}), -place))
        self._is_first, self._is_last = self._place == 0, self._place == size - 1
        self._by_text: dict[str, list[tuple[Segments, _Found]]] = defaultdict(list)
        for segments, leads_to in dict.fromkeys(patterns):
            self._by_text[segments[self._place]].append((segments, leads_to))
        self._lengths = sorted({len(text) for text in self._by_text})

    def near(self, value: str) -> Iterable[tuple[Segments, _Found]]:
        """The patterns whose telling segment stands in the value where it should."""
        for text in self._pieces(value):
            yield from self._by_text.get(text, ())

    def _pieces(self, value: str) -> Iterable[str]:
        lengths = [length for length in self._lengths if length <= len(value)]
        if self._is_first:
            return [value[:length] for length in lengths]
        if self._is_last:
            return [value[len(value) - length :] for length in lengths]
        return {value[at : at + length] for length in lengths for at in range(len(value) - length + 1)}
