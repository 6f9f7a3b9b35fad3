"""What the last tenth of spend brought: how much less there would have been with a tenth less, by the history of weeks.

The weekly margin is fitted as a + b ln(1 + spend / mean spend) by least squares: the more is spent, the less the next unit brings. The
last tenth of each week's spend brought b (ln(1 + x) - ln(1 + 0.9 x)), summed over the weeks; the interval follows from the
standard error of b and Student's t. It says what went together in the past, which is not yet what causes what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

TENTH: Final = 0.1
LEAST_WEEKS: Final = 12
"""Fewer weeks with spend are refused."""
LEAST_VARIATION: Final = 0.1
"""So is spend whose standard deviation is a smaller part of its mean: it never was another, so nothing is known of another."""
_LEVEL: Final = 0.9


@dataclass(frozen=True)
class Marginal:
    """What the last tenth of spend brought, in money, with its 90 % interval."""

    brought: float
    low: float
    high: float
    spent: float


def last_tenth(spend: NDArray[np.float64], margin: NDArray[np.float64]) -> Marginal | None:
    """From the spend and the margin of each week; None where the history cannot carry it."""
    weeks, mean = len(spend), float(spend.mean()) if len(spend) else 0.0
    if np.count_nonzero(spend) < LEAST_WEEKS or mean <= 0 or float(spend.std()) < LEAST_VARIATION * mean:
        return None
    x = spend / mean
    level = np.log1p(x)
    around = level - level.mean()
    spread = float(around @ around)
    slope = float(around @ margin) / spread
    rest = margin - margin.mean() - slope * around
    error = float(np.sqrt(rest @ rest / (weeks - 2) / spread))
    gained = float((level - np.log1p((1 - TENTH) * x)).sum())
    reach = float(student.ppf((1 + _LEVEL) / 2, weeks - 2)) * error
    return Marginal(slope * gained, (slope - reach) * gained, (slope + reach) * gained, TENTH * float(spend.sum()))
