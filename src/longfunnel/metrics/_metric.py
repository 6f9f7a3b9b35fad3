"""What a metric is: a measure of one subject, or a formula over other metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from longfunnel.metrics._subject import SUBJECTS

if TYPE_CHECKING:
    from longfunnel.core.text import Text

_INNER = r"\(((?:[^()]|\([^()]*\))+)\)"
_PARTS = re.compile(rf"\b(count|sum){_INNER}(?: FILTER {_INNER})?")
"""Aggregates over expressions with at most one level of brackets."""

Unit = Literal["count", "money", "share", "ratio", "days", "score"]
Direction = Literal["up", "down", "none"]


def _in_shares(found: re.Match[str]) -> str:
    how, what, where = found.groups()
    if how == "sum":
        return f"sum(({what}) * c.share)" + (f" FILTER ({where})" if where else "")
    tests = [part for part in (where, "" if what == "*" else f"{what} IS NOT NULL") if part]
    return "coalesce(sum(c.share)" + (f" FILTER ({' AND '.join(tests)})" if tests else "") + ", 0)"


@dataclass(frozen=True)
class Measure:
    """An aggregate over the rows of one subject.

    ``sql`` speaks of the row as ``t``. ``zero``: no rows make 0 (a count: none came), else unknown (a cost: nobody said).
    ``instead``: the column of ``spends`` with the source's own totals, which stands in where nothing is held row by row.
    """

    subject: str
    sql: str
    zero: bool = True
    additive: bool = True
    """Whether values of parts add up to the value of the whole; a median does not."""
    instead: str = ""

    @property
    def in_shares(self) -> str:
        """The same where a row stands once for each touch that has a share ``c.share`` of it: a sale shared by two channels
        counts in parts. A median counts the row once for each."""
        return _PARTS.sub(_in_shares, self.sql)


@dataclass(frozen=True)
class Ratio:
    """Numerator / denominator, each a metric's name or a measure; empty where the denominator is 0 or either is unknown."""

    numerator: str | Measure
    denominator: str | Measure


@dataclass(frozen=True)
class Difference:
    """A metric less others; what is subtracted counts as nothing where it is unknown, so that parts still add up."""

    of: str
    less: tuple[str, ...]


@dataclass(frozen=True)
class Metric:
    """One thing that is counted. ``name`` is the file's."""

    title: Text
    meaning: Text
    """What one number says, then how it is counted: the text that the interface and the reference show."""
    unit: Unit
    direction: Direction
    """Whether more is better, worse, or neither."""
    how: Measure | Ratio | Difference
    cases: str | Measure = ""
    """The count that a rate or an average rests on; below ``counting.min_cases`` the value is marked."""
    name: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether the values of rows add up to the total."""
        return isinstance(self.how, Difference) or (isinstance(self.how, Measure) and self.how.additive)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that the metric names itself, without those of the metrics it is made of."""
        parts = (self.how.numerator, self.how.denominator) if isinstance(self.how, Ratio) else (self.how,)
        return tuple(dict.fromkeys(part.subject for part in parts if isinstance(part, Measure)))

    @property
    def uses(self) -> tuple[str, ...]:
        """The metrics that this one is made of."""
        match self.how:
            case Ratio(numerator, denominator):
                return tuple(part for part in (numerator, denominator) if isinstance(part, str))
            case Difference(of, less):
                return (of, *less)
            case _:
                return ()

    @property
    def basis(self) -> Text | None:
        """Which date the number belongs to, where the metric counts something itself; else its parts say so."""
        return SUBJECTS[self.subjects[0]].note if self.subjects else None

    @property
    def formula(self) -> str:
        """The formula as text, in names of metrics and SQL of measures."""

        def said(part: str | Measure) -> str:
            return part if isinstance(part, str) else f"{part.sql} over {part.subject}"

        match self.how:
            case Ratio(numerator, denominator):
                return f"{said(numerator)} / {said(denominator)}"
            case Difference(of, less):
                return " - ".join((of, *less))
            case _:
                return said(self.how)
