"""What a channel's spend brings: a curve that saturates, fitted to the channel's own weeks, with how sure they make us.

A week's count is Poisson, its mean base + top · a / (half + a): Hill's curve with exponent 1, which has no threshold below which money does
nothing, so that its slope only falls. a is the adstock of the spend, (1 − carry) · Σ carryᵏ · spend k weeks before (S. Broadbent: One Way TV
Advertisements Work, JMRS 1979). Weeks that vary more than Poisson's widen the intervals by the factor of Pearson's χ² (quasi-likelihood).

Such a curve is an observation, not an experiment: what else was different in the weeks of more spend is taken for its doing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel
from longfunnel.models.fitting import Fit, FitError, fit_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_WEEKS = 26
_LEAST_VARIATION = 0.15
"""Standard deviation over mean of the weekly spend below which nothing was tried."""
_EVIDENCE = 5.991
"""χ² of two degrees of freedom at 95 %: how much likelier than a constant the curve must make the weeks."""
_WIDEST = 6.0
"""The upper end of the interval of what the spend brings over its lower end, beyond which nothing can be built on it."""
_CARRIES = (0.0, 0.25, 0.5, 0.75)
_DRAWS = 400


@dataclass(frozen=True)
class Curve:
    """What a steady weekly spend brings in a week beyond what comes without it: top · spend / (half + spend).

    ``draws`` has a row (top, half) for each of some hundred curves that the data leaves as likely.
    """

    base: float
    top: float
    half: float
    carry: float
    draws: Floats

    def brings(self, spend: float) -> float:
        """Expected per week."""
        return self.top * spend / (self.half + spend)

    def slope(self, spend: float) -> float:
        """What one more unit of money brings."""
        return self.top * self.half / (self.half + spend) ** 2

    def brings_drawn(self, spend: float) -> Floats:
        """The same as ``brings`` by each draw."""
        return np.asarray(self.draws[:, 0] * spend / (self.draws[:, 1] + spend), dtype=np.float64)

    def slope_drawn(self, spend: float) -> Floats:
        """The same as ``slope`` by each draw."""
        return np.asarray(self.draws[:, 0] * self.draws[:, 1] / (self.draws[:, 1] + spend) ** 2, dtype=np.float64)

    def week_by_week(self, spend: Floats) -> Floats:
        """Expected count of each of these weeks, the base included."""
        stock = adstock(spend, self.carry)
        return np.asarray(self.base + self.top * stock / (self.half + stock), dtype=np.float64)


def adstock(spend: Floats, carry: float) -> Floats:
    """What of this week's and earlier spend works in each week; a steady spend is its own adstock. The first week stands for those before."""
    found = np.empty(len(spend))
    stock = spend[0] if len(spend) else 0.0
    for week, amount in enumerate(spend):
        stock = carry * stock + (1 - carry) * amount
        found[week] = stock
    return found


def fit_curve(spend: Floats, count: Floats, random: np.random.Generator) -> Curve:
    """The curve from weekly ``spend`` and ``count``.

    Raises:
        FitError: ``few_weeks``, ``no_variation`` (of the spend), ``no_response`` (the count does not follow the spend), ``too_wide``.
    """
    launch = int(np.argmax(spend > 0))  # the weeks before tell of the launch, not of the spend
    spend, count = spend[launch:], count[launch:]
    spent = spend > 0
    if int(spent.sum()) < FEWEST_WEEKS:
        raise FitError("few_weeks", f"{int(spent.sum())} weeks with spend; {FEWEST_WEEKS} are needed.")
    mean = float(spend.mean())
    if float(spend.std()) < _LEAST_VARIATION * mean:
        raise FitError(
            "no_variation", "The weekly spend hardly varied: nothing tells what more or less of it would do."
        )
    if not count.any() or not count.std():
        raise FitError("no_response", "Nothing came in these weeks.")
    scaled, often = spend / mean, float(count.mean())
    fits = [(carry, found) for carry in _CARRIES if (found := _fitted(adstock(scaled, carry), count)) is not None]
    if not fits:
        raise FitError("no_response", "No curve follows the count.")
    carry, fit = max(fits, key=lambda pair: pair[1].log_likelihood)
    base, top, half = fit.values
    expected = _mean(np.array(fit.values), adstock(scaled, carry))
    spread = max(float(np.sum((count - expected) ** 2 / expected)) / max(len(count) - 4, 1), 1.0)
    flat = float(np.sum(count * np.log(often) - often))
    if 2 * (fit.log_likelihood - flat) / spread < _EVIDENCE or np.corrcoef(adstock(scaled, carry), count)[0, 1] <= 0:
        raise FitError("no_response", "The count does not follow the spend.")
    # which carry it is is not known either: each has as many draws as the data makes it likely
    weights = np.exp([(one.log_likelihood - fit.log_likelihood) / spread for _, one in fits])
    shares = random.multinomial(_DRAWS, weights / weights.sum())
    drawn = np.vstack(
        [
            replace(one, covariance=one.covariance * spread).draws(n, random)
            for (_, one), n in zip(fits, shares, strict=True)
        ]
    )
    curve = Curve(base, top, half * mean, carry, np.column_stack([drawn[:, 1], drawn[:, 2] * mean]))
    low, high = np.quantile(curve.brings_drawn(mean), [0.05, 0.95])
    if high > _WIDEST * low:
        raise FitError("too_wide", "What the spend brings is known too loosely to build on.")
    return curve


def _fitted(stock: Floats, count: Floats) -> Fit | None:
    """The likeliest curve of one adstock; None where there is none."""
    often = float(count.mean())
    try:
        return fit_positive(
            ("base", "top", "half"),
            ((0.3 * often, 1.4 * often, 1.0), (0.05 * often, 3 * often, 3.0)),
            lambda values: _log_likelihood(values, stock, count),
            lambda values: _gradient(values, stock, count),
        )
    except FitError:
        return None


def _mean(values: Floats, stock: Floats) -> Floats:
    base, top, half = values
    return np.asarray(base + top * stock / (half + stock), dtype=np.float64)


@kernel
def _log_likelihood(values: Floats, stock: Floats, count: Floats) -> float:
    total = 0.0
    for week in range(len(stock)):
        mean = values[0] + values[1] * stock[week] / (values[2] + stock[week])
        total += count[week] * np.log(mean) - mean
    return total


@kernel
def _gradient(values: Floats, stock: Floats, count: Floats) -> Floats:
    found = np.zeros(3)
    for week in range(len(stock)):
        part = stock[week] / (values[2] + stock[week])
        pull = count[week] / (values[0] + values[1] * part) - 1
        found[0] += pull
        found[1] += pull * part
        found[2] -= pull * values[1] * part / (values[2] + stock[week])
    return found
