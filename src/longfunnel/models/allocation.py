"""A budget shared out so that the last unit of money brings the same everywhere, within limits.

Curves are concave, so that equal marginal returns are the best there is (Karush–Kuhn–Tucker): at a given marginal return each channel
takes √(worth · top · half / return) − half, cut to its limits, and the return is found at which the shares add up to the budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 200


def allocate(top: Floats, half: Floats, worth: Floats, low: Floats, high: Floats, budget: float) -> Floats:
    """The spend of each channel that brings the most: Σ worth · top · spend / (half + spend), low ≤ spend ≤ high, together ``budget``.

    A budget beyond what the limits allow is cut to them.
    """
    budget = float(np.clip(budget, low.sum(), high.sum()))
    pull = np.sqrt(np.maximum(worth * top * half, 0.0))

    def at(root: float) -> Floats:
        """The spends where one over the square root of the marginal return is ``root``."""
        return np.asarray(np.clip(pull * root - half, low, high), dtype=np.float64)

    least, most = 0.0, float(np.max((high + half) / np.maximum(pull, 1e-300)))
    if most > 1e200:  # a channel that is worth nothing takes no more than it must
        most = float(np.max(np.where(pull > 0, (high + half) / np.where(pull > 0, pull, 1.0), 0.0)))
    for _ in range(_STEPS):
        middle = (least + most) / 2
        least, most = (middle, most) if at(middle).sum() < budget else (least, middle)
    found = at(most)
    rest = budget - found.sum()
    if rest > 1e-9 * max(budget, 1.0):  # only channels that are worth nothing have room left
        room = high - found
        found += room * rest / room.sum()
    return found
