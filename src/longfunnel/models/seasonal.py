"""How many will come in each of the next weeks: exponential smoothing of the weeks so far, with its own uncertainty.

R. J. Hyndman, A. B. Koehler, J. K. Ord, R. D. Snyder: Forecasting with Exponential Smoothing (Springer, 2008).
The logarithm of the count plus one is smoothed, so that seasons and trends are shares of the level, and no week falls below 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.models.fitting import FitError
from longfunnel.models.smoothing import Form, Smoothed, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

YEAR = 52
_FEWEST_WEEKS, _FEWEST_YEARS = 12, 2
_PARAMETERS = 3


def knows_year(weeks: int) -> bool:
    """Whether so many weeks are enough for the season of the year to be tried."""
    return weeks >= _FEWEST_YEARS * YEAR + _FEWEST_WEEKS


def play_weeks(counts: Floats, ahead: int, times: int, random: np.random.Generator) -> NDArray[np.int64]:
    """``times`` possible futures, one row each: how many come in each of the next ``ahead`` weeks.

    The form (level; damped trend; the season of the year where two years are known) is the one with the lowest AICc.

    Raises:
        FitError: fewer than 12 weeks are known (``few_weeks``).
    """
    if len(counts) < _FEWEST_WEEKS:
        raise FitError(
            "few_weeks", f"{len(counts)} weeks are known; at least {_FEWEST_WEEKS} are needed to see how they go."
        )
    if not counts.any():
        return np.zeros((times, ahead), dtype=np.int64)
    fitted = _smoothed(np.log1p(counts))
    errors = random.normal(0.0, float(np.std(fitted.errors, ddof=_PARAMETERS)), (ahead, times))
    logs = fitted.simulate(errors)
    # a future beyond ten times the best week ever is a run-away of the trend, not news
    found = np.clip(np.expm1(logs.T), 0, 10 * counts.max())
    return np.asarray(np.rint(found), dtype=np.int64)


def _smoothed(logs: Floats) -> Smoothed:
    """The best of the forms."""
    forms = [Form(), Form(trend=True), *([Form(season=YEAR)] if knows_year(len(logs)) else [])]
    return min((smooth(logs, form) for form in forms), key=lambda found: found.aicc)
