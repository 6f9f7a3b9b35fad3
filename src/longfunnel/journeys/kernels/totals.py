"""Adding up what was found: per breakdown value, how many reached each step, how long it took, and the money at each step.

Totals of slices add up to the totals of the whole, because a unit lives in one slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.journeys.kernels.engine import Found

NO_AMOUNT = np.iinfo(np.int64).min
"""In a column of amounts: this event carries none."""

_PER_OCTAVE = 8
TIME_EDGES = np.unique(
    np.concatenate(([0, 1], np.round(1_000 * 2 ** (np.arange(0, 36 * _PER_OCTAVE + 1) / _PER_OCTAVE)))).astype(np.int64)
)
"""Lower edges, in microseconds, of the buckets of time: 0, then from 1 ms to 730 days in steps of about 9 %."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals per breakdown value (first axis; the last place is «unknown») and step (second axis, from 0).

    ``counts``: units that reached the step. ``amount``: money at the step's events of the reported attempts, in 1/10000 of
    the currency, and ``priced``: how many of those events carried an amount. ``from_first`` and ``from_previous``: histograms
    (third axis: ``TIME_EDGES``) of the time to the step from the first and from the previous matched step.
    """

    counts: NDArray[np.int64]
    amount: NDArray[np.int64]
    priced: NDArray[np.int64]
    from_first: NDArray[np.int64]
    from_previous: NDArray[np.int64]

    def __add__(self, other: Totals) -> Totals:
        """The totals of both: of two slices of one question."""
        return Totals(
            self.counts + other.counts,
            self.amount + other.amount,
            self.priced + other.priced,
            self.from_first + other.from_first,
            self.from_previous + other.from_previous,
        )


def rows_by_step(found: Found, funnel: Funnel) -> NDArray[np.int64]:
    """The row of each step of each reported attempt, -1 where none. In any order the k-th step is the k-th in time."""
    if funnel.order != "any":
        return found.matched
    nothing = np.iinfo(np.int64).max
    rows = np.sort(np.where(found.matched < 0, nothing, found.matched), axis=1)
    return np.where(rows == nothing, -1, rows)


def breakdown_rows(found: Found, funnel: Funnel) -> NDArray[np.int64]:
    """The row of each reported attempt at which the breakdown's value is read, -1 where that step was not matched."""
    if isinstance(funnel.breakdown_at, int):
        return found.matched[:, funnel.breakdown_at - 1]
    rows = rows_by_step(found, funnel)
    column = np.zeros_like(found.furthest) if funnel.breakdown_at == "first" else found.furthest
    return np.asarray(rows[np.arange(len(rows)), column], np.int64)


def times_between(
    found: Found, funnel: Funnel, at: NDArray[np.int64], from_step: int, to_step: int
) -> NDArray[np.int64]:
    """The exact times in microseconds from one step to a later one (from 0), of the attempts that matched both."""
    rows = rows_by_step(found, funnel)
    both = (rows[:, from_step] >= 0) & (rows[:, to_step] >= 0)
    return np.asarray(at[rows[both, to_step]] - at[rows[both, from_step]], np.int64)


def add_up(
    found: Found,
    funnel: Funnel,
    at: NDArray[np.int64],
    *,
    breakdown: NDArray[np.int64] | None = None,
    values: int = 0,
    amount: NDArray[np.int64] | None = None,
) -> Totals:
    """The totals of what was found.

    ``at``, ``breakdown`` and ``amount`` are columns of the same table as the journeys: ``breakdown`` holds codes below
    ``values`` (-1: unknown), ``amount`` holds 1/10000 of the currency (NO_AMOUNT: none).
    """
    steps, groups = len(funnel.steps), values + 1
    rows = rows_by_step(found, funnel)
    group = np.full(len(rows), values, np.int64)
    if breakdown is not None:
        read = breakdown_rows(found, funnel)
        code = np.where(read >= 0, breakdown[read], -1) if len(breakdown) else np.full(len(rows), -1)
        group = np.where(code >= 0, code, values)
    counts = np.zeros((groups, steps), np.int64)
    money = np.zeros((groups, steps), np.int64)
    priced = np.zeros((groups, steps), np.int64)
    from_first = np.zeros((groups, steps, len(TIME_EDGES)), np.int64)
    from_previous = np.zeros_like(from_first)
    previous = rows[:, 0]
    for k in range(steps):
        counts[:, k] = np.bincount(group[found.reached >> k & 1 == 1], minlength=groups)
        matched = rows[:, k] >= 0
        there, whose = rows[matched, k], group[matched]
        if amount is not None:
            carried = amount[there]
            known = carried != NO_AMOUNT
            priced[:, k] = np.bincount(whose[known], minlength=groups)
            np.add.at(money[:, k], whose[known], carried[known])
        if k > 0:
            np.add.at(from_first[:, k], (whose, _bucket(at[there] - at[rows[matched, 0]])), 1)
            np.add.at(from_previous[:, k], (whose, _bucket(at[there] - at[previous[matched]])), 1)
            previous = np.where(matched, rows[:, k], previous)
    return Totals(counts, money, priced, from_first, from_previous)


def _bucket(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket of each time."""
    return np.asarray(np.searchsorted(TIME_EDGES, times, side="right") - 1, np.int64)
