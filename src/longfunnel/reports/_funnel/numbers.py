"""Numbers of a funnel's steps: how many reached each, how surely, how soon, and with how much money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.journeys.kernels.totals import NO_AMOUNT
from longfunnel.reports._funnel.units import NO_TIME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.reports._funnel.units import Units

DAY: Final = 86_400_000_000
_Z95: Final = 1.959963984540054
"""The normal distribution's 97.5 % point."""


@dataclass(frozen=True)
class StepNumbers:
    """One step: how many units reached it, in days the median and the 90th percentile of the time from the attempt's previous
    step and from its first one, and the money in the events that serve it (None: none of them has any).
    """

    count: int
    times: tuple[float | None, float | None]
    times_from_first: tuple[float | None, float | None]
    revenue: Decimal | None


def wilson(successes: int, cases: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share (Wilson 1927, JASA 22:209–212); empty without cases or where successes exceed them."""
    if not cases or successes > cases or successes < 0:
        return None, None
    share, z2 = successes / cases, _Z95 * _Z95
    middle = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = _Z95 / (1 + z2 / cases) * sqrt(share * (1 - share) / cases + z2 / (4 * cases * cases))
    return (0.0 if not successes else middle - half), (1.0 if successes == cases else middle + half)


def previous_of(funnel: Funnel) -> list[int | None]:
    """For each step the one whose units it is compared with: the last before it that is not optional."""
    found: list[int | None] = []
    required: int | None = None
    for number, step in enumerate(funnel.steps):
        found.append(required)
        required = required if step.optional else number
    return found


def step_numbers(units: Units, places: NDArray[np.int64], steps: int) -> list[StepNumbers]:
    """The numbers of each step for the units at ``places``."""
    reached = units.reached[places]
    before, entered = units.at[places, 0], units.at[places, 0]
    found = []
    for step in range(steps):
        further = np.flatnonzero(reached >> step)  # those who reached this step or a later one
        if len(further) < len(places):
            places, reached, before, entered = places[further], reached[further], before[further], entered[further]
        now = units.at[places, step]
        there = now != NO_TIME
        found.append(
            StepNumbers(
                int(np.count_nonzero(reached >> step & 1)),
                quantiles((now - before)[there]) if step else (None, None),
                quantiles((now - entered)[there]) if step else (None, None),
                total(units.amount[places, step]) if units.amount.shape[1] else None,
            )
        )
        before = np.where(there, now, before)
    return found


def quantiles(times: NDArray[np.int64]) -> tuple[float | None, float | None]:
    """Median and 90th percentile in days, between neighbours by straight line; empty without any."""
    if not len(times):
        return None, None
    median, p90 = np.quantile(times, (0.5, 0.9)) / DAY
    return float(median), float(p90)


def total(amounts: NDArray[np.int64]) -> Decimal | None:
    """The exact sum of ten-thousandths as money; None where all are unknown."""
    known = amounts[amounts != NO_AMOUNT]
    if not len(known):
        return None
    halves = int((known >> 32).sum()), int((known & 0xFFFFFFFF).sum())
    return Decimal((halves[0] << 32) + halves[1]).scaleb(-4)


EDGES: Final = tuple(
    (span, span / 86_400)
    for span in (
        0, 1, 10, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 3 * 86400, 7 * 86400, 14 * 86400,
        30 * 86400, 60 * 86400, 90 * 86400, 180 * 86400, 365 * 86400, 730 * 86400,
    )
)  # fmt: skip
"""Edges of the bins of times, in seconds and in days: each bin reads as people speak, from seconds to two years."""


def histogram(times: NDArray[np.int64]) -> list[tuple[float, float, int]]:
    """(from, to, count) of times in µs, in days; a time on an edge is in the later bin, the last bin holds its end. Empty bins
    are left out only outside the range.
    """
    if not len(times):
        return []
    edges = np.array([seconds * 1_000_000 for seconds, _ in EDGES], np.int64)
    place = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(place, minlength=len(edges) - 1)
    inside = np.flatnonzero(counts)
    return [(EDGES[i][1], EDGES[i + 1][1], int(counts[i])) for i in range(inside[0], inside[-1] + 1)]
