"""Times of which some have not ended yet: the Kaplan–Meier estimate of how long they last.

E. L. Kaplan, P. Meier: Nonparametric estimation from incomplete observations. JASA 53 (1958), 457–481.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Survival:
    """The share that lasts longer than each of ``times`` (ascending, where something ended); before the first it is 1.

    ``last`` is the longest time seen, ended or not: nothing is known beyond it unless the share is 0.
    """

    times: NDArray[np.int64]
    share: NDArray[np.float64]
    last: int | None

    def quantile(self, part: float) -> int | None:
        """The earliest time by which at least ``part`` has ended; None where so many have not ended yet."""
        ended = np.flatnonzero(self.share <= 1 - part + 1e-12)
        return int(self.times[ended[0]]) if len(ended) else None

    def after(self, time: int) -> float | None:
        """The share that lasts longer than ``time``; None where that is beyond what was seen."""
        if self.last is None or (time > self.last and (not len(self.share) or self.share[-1] > 0)):
            return None
        place = int(np.searchsorted(self.times, time, side="right"))
        return float(self.share[place - 1]) if place else 1.0


def kaplan_meier(lasted: NDArray[np.int64], has_ended: NDArray[np.bool_]) -> Survival:
    """The estimate from how long each has lasted so far, and whether it has ended.

    At each time t at which d of the n that lasted to t ended, the share falls by the factor 1 − d/n; what is cut off at t was
    still there at t.
    """
    if not len(lasted):
        return Survival(np.empty(0, np.int64), np.empty(0), None)
    ordered = np.sort(lasted)
    times, ended = np.unique(lasted[has_ended], return_counts=True)
    at_risk = len(ordered) - np.searchsorted(ordered, times, side="left")
    share = np.cumprod(1 - ended / at_risk).astype(np.float64)
    return Survival(times, share, int(ordered[-1]))
