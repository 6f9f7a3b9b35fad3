"""How stays end when they can end in several ways: the Aalen–Johansen estimate of each way's share by time.

O. O. Aalen, S. Johansen: An Empirical Transition Matrix for Non-Homogeneous Markov Chains Based on Censored Observations. Scand.
J. Statist. 5 (1978), 141–150. Stays that go on count as far as they have come. One minus Kaplan–Meier of a single way would
take the stays that ended otherwise for still to end this way, and promise too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

INSIDE = -1
"""The way of a stay that has not ended."""


@dataclass(frozen=True)
class Exits:
    """The steps of the estimate in order of time: at ``times`` a share of all stays ends by ``ways``; ``ended`` adds the shares up.

    The last of ``ended`` is below 1 where some stays had not ended at the longest time seen: of those nothing more is known.
    """

    times: Floats
    ways: Ints
    ended: Floats

    def share(self, way: int, time: float, *, age: float = 0.0) -> float | None:
        """The share of stays still there at ``age`` that end by ``way`` within ``time`` more; None where none was there at that age."""
        before = self._ended_by(age)
        if before >= 1 - 1e-12:
            return None
        steps = np.diff(self.ended, prepend=0.0)
        counts = (self.ways == way) & (self.times > age) & (self.times <= age + time)
        return float(steps[counts].sum() / (1 - before))

    def draw(self, age: Floats, random: np.random.Generator) -> tuple[Floats, Ints]:
        """For stays of each ``age``: the time at which each ends and by which way; infinity and INSIDE where it is not seen to end."""
        if not len(self.times):
            return np.full(len(age), np.inf), np.full(len(age), INSIDE)
        start = np.searchsorted(self.times, age, side="right")
        before = np.where(start > 0, self.ended[np.maximum(start - 1, 0)], 0.0)
        place = np.searchsorted(self.ended, before + (1 - before) * random.random(len(age)), side="right")
        ends = (place < len(self.times)) & (before < 1 - 1e-12)
        place = np.minimum(place, len(self.times) - 1)
        return np.where(ends, self.times[place], np.inf), np.where(ends, self.ways[place], INSIDE)

    def _ended_by(self, time: float) -> float:
        place = int(np.searchsorted(self.times, time, side="right"))
        return float(self.ended[place - 1]) if place else 0.0


def aalen_johansen(lasted: Floats, way: Ints) -> Exits:
    """The estimate from how long each stay has lasted so far and by which way it ended (``INSIDE`` where it has not).

    At each time t at which d of the n that lasted to t ended by a way, the share S(t−) · d / n ends by that way.
    """
    over = way != INSIDE
    if not over.any():
        return Exits(np.empty(0), np.empty(0, np.int64), np.empty(0))
    rows, counts = np.unique(np.column_stack([lasted[over], way[over].astype(np.float64)]), axis=0, return_counts=True)
    times, ways = rows[:, 0], rows[:, 1].astype(np.int64)
    at_risk = len(lasted) - np.searchsorted(np.sort(lasted), times, side="left")
    distinct, first = np.unique(times, return_index=True)
    part = np.add.reduceat(counts, first) / at_risk[first]
    survival = np.concatenate([[1.0], np.cumprod(1 - part)])
    steps = survival[np.searchsorted(distinct, times)] * counts / at_risk
    return Exits(times, ways, np.minimum(np.cumsum(steps), 1.0))
