"""Whether a day is unusual: compared with the same weekday of the weeks before, by the median and the spread around it.

The rule is Iglewicz and Hoaglin's («How to Detect and Handle Outliers», 1993): a value is unusual when it lies further than
3.5 robust standard deviations from the median; the deviation is 1.4826 · MAD (median absolute deviation), or 1.2533 · the mean
absolute deviation where more than half of the values are equal. A count is judged on the scale 2·√(x + 3/8) (Anscombe,
Biometrika 35, 1948), on which a Poisson count has a standard deviation of one whatever its mean: the spread is never taken for
less than that, so five leads instead of two are not news. Other numbers are never taken to spread less than a twentieth of
their median.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEKS = 8
"""How many weeks before are looked at."""
LEAST = 5
"""With fewer known weeks there is too little history."""
LIMIT = 3.5
_MAD, _MEAN = 1.4826, 1.2533
_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Usual:
    """What a day usually is, in the metric's own unit: outside of ``low`` … ``high`` it is unusual."""

    middle: float
    low: float
    high: float

    def is_unusual(self, value: float) -> bool:
        """Whether the value lies outside."""
        return not self.low <= value <= self.high


def usual(history: Sequence[float | None], *, is_count: bool) -> Usual | None:
    """What the same weekdays before say; None where they say too little: fewer than five known, or nothing but zeros."""
    known = [value for value in history if value is not None]
    if len(known) < LEAST or not any(known):
        return None
    scaled = [_scaled(value) for value in known] if is_count else known
    middle = median(scaled)
    distances = [abs(value - middle) for value in scaled]
    spread = _MAD * median(distances) or _MEAN * fmean(distances)
    reach = LIMIT * max(spread, 1.0 if is_count else _LEAST_SHARE * abs(middle))
    if not is_count:
        return Usual(middle, middle - reach, middle + reach)
    return Usual(_back(middle), _back(middle - reach), _back(middle + reach))


def _scaled(count: float) -> float:
    return 2 * math.sqrt(max(count, 0.0) + 0.375)


def _back(scaled: float) -> float:
    return max((scaled / 2) ** 2 - 0.375, 0.0) if scaled > 0 else 0.0
