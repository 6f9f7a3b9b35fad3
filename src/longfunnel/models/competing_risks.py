"""How stays end when they can end in several ways: the Aalen–Johansen estimate of each way's share by time.

O. O. Aalen, S. Johansen: An Empirical Transition Matrix for Non-Homogeneous Markov Chains Based on Censored Observations. Scand.
J. Statist. 5 (1978), 141–150. Stays that go on count as far as they have come. One minus Kaplan–Meier of a single way would
take the stays that ended otherwise for still to end this way, and promise too much.

The stays are sorted once; the estimate can then be made again and again with other weights, as resampling needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

INSIDE = -1
"""The way of a stay that has not ended."""


@dataclass(frozen=True)
class Exits:
    """The steps of the estimate of each state in order of time; those of state s are rows first[s] … first[s + 1] - 1.

    At ``times`` a share of all stays ends by ``ways``; ``ended`` adds the state's shares up. The last of ``ended`` is below 1 where
    some stays had not ended at the longest time seen: of those nothing more is known. ``guide`` tells a drawn number near which
    row it stands: of n rows, row k says which is the first whose ``ended`` is above k / n (Chen and Asau 1974).
    """

    first: Ints
    times: Floats
    ways: Ints
    ended: Floats
    guide: Ints


class Stood:
    """Stays of each state as far as they have come, sorted: ``lasted`` so long, ended by ``way`` (INSIDE: not yet)."""

    def __init__(self, states: int, state: Ints, lasted: Floats, way: Ints) -> None:
        self._order = np.lexsort((way, lasted, state))
        self._lasted, self._way = lasted[self._order], way[self._order]
        self._first = np.searchsorted(state[self._order], np.arange(states + 1))

    def exits(self, counts: Ints | None = None) -> Exits:
        """The estimate; each stay counts so often (None: once).

        At each time t at which d of the n that lasted to t ended by a way, the share S(t−) · d / n ends by that way.
        """
        size = len(self._order)
        weights = np.ones(size, np.int64) if counts is None else counts[self._order]
        first, steps = np.zeros(len(self._first), np.int64), np.empty((2, size))
        ways, guide = np.empty(size, np.int64), np.empty(size, np.int64)
        used = _estimate(self._first, self._lasted, self._way, weights, first, steps[0], ways, steps[1], guide)
        return Exits(first, steps[0, :used], ways[:used], steps[1, :used], guide[:used])


@kernel
def _estimate(
    bounds: Ints, lasted: Floats, way: Ints, weights: Ints, first: Ints, times: Floats, ways: Ints, ended: Floats,
    guide: Ints,
) -> int:  # fmt: skip
    """Fill the steps of all states; return how many there are."""
    used = 0
    for state in range(len(bounds) - 1):
        low, high = bounds[state], bounds[state + 1]
        at_risk = 0
        for row in range(low, high):
            at_risk += weights[row]
        still, total, row = 1.0, 0.0, low
        while row < high:
            gone, over, time = 0, 0, lasted[row]
            while row < high and lasted[row] == time:
                count, how = 0, way[row]
                while row < high and lasted[row] == time and way[row] == how:
                    count += weights[row]
                    row += 1
                gone += count
                if how != INSIDE and count > 0:
                    over += count
                    total += still * count / at_risk
                    times[used], ways[used], ended[used] = time, how, min(total, 1.0)
                    used += 1
            if over > 0:
                still *= 1.0 - over / at_risk
            at_risk -= gone
        first[state + 1] = used
        steps, place = used - first[state], first[state]
        for k in range(steps):
            while place < used and ended[place] <= k / steps:
                place += 1
            guide[first[state] + k] = place
    return used
