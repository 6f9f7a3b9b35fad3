"""Gamma–Gamma: what a customer's purchases are worth on average, from few of them.

A purchase is Gamma(p, ν), and over customers ν is Gamma(q, γ), whatever their frequency. P. S. Fader, B. G. S. Hardie: The
Gamma-Gamma Model of Monetary Value (2013). The mean over all customers is p γ / (q − 1), which needs q > 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, gammaln

from longfunnel.models.fitting import Fit, FitError, fit_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NAMES = ("p", "q", "gamma")


def fit(purchases: Floats, mean: Floats, *, least: int = 20) -> Fit:
    """The parameters by maximum likelihood, from customers with ``purchases`` > 0 of the ``mean`` value > 0 each.

    Raises FitError: ``few_values`` for fewer than ``least`` customers, ``not_positive`` for a value that is not above 0,
    ``no_mean`` where q ≤ 1 leaves the mean over customers without bound.
    """
    if len(purchases) < least:
        raise FitError(
            "few_values", f"The value of purchases is known of {len(purchases)} customers; {least} are needed."
        )
    if np.any(mean <= 0) or np.any(purchases <= 0):
        raise FitError("not_positive", "Purchases and their mean value must be above 0.")
    # the scale is the business's currency: in units of the mean the search starts near, and γ is scaled back
    unit = float(np.average(mean, weights=purchases))
    scaled = mean / unit
    found = fit_positive(
        NAMES,
        ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5)),
        lambda values: log_likelihood(values, purchases, scaled),
        lambda values: _gradient(values, purchases, scaled),
    )
    p, q, gamma = found.values
    if q <= 1:
        raise FitError("no_mean", "The values differ so much that their mean over customers has no bound.")
    return Fit(NAMES, (p, q, gamma * unit), found.log_likelihood - len(mean) * float(np.log(unit)), found.covariance)


def log_likelihood(values: Floats, purchases: Floats, mean: Floats) -> float:
    """Of all customers; formula (1a) of the note."""
    p, q, gamma = values
    shape = p * purchases
    parts = (
        gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma) + (shape - 1) * np.log(mean)
        + shape * np.log(purchases) - (shape + q) * np.log(gamma + purchases * mean)
    )  # fmt: skip
    return float(np.sum(parts))


def _gradient(values: Floats, purchases: Floats, mean: Floats) -> Floats:
    """By p, q and γ."""
    p, q, gamma = values
    shape, money = p * purchases, purchases * mean
    total = np.log(gamma + money)
    by_p = purchases * (digamma(shape + q) - digamma(shape) + np.log(money) - total)
    by_q = digamma(shape + q) - digamma(q) + np.log(gamma) - total
    by_gamma = q / gamma - (shape + q) / (gamma + money)
    return np.array([float(np.sum(part)) for part in (by_p, by_q, by_gamma)])


def expected(values: Floats, purchases: Floats, mean: Floats) -> Floats:
    """The expected value of a customer's next purchase: p (γ + x z̄) / (p x + q − 1); one without purchases has the mean of all."""
    p, q, gamma = values
    return np.asarray(p * (gamma + purchases * mean) / (p * purchases + q - 1), dtype=np.float64)


def simulate_sums(
    values: Floats, purchases: Floats, mean: Floats, ahead: Floats, random: np.random.Generator
) -> Floats:
    """What ``ahead`` more purchases of each customer come to in one possible future: ν is Gamma(q + p x, γ + x z̄), exact."""
    p, q, gamma = values
    found = np.zeros(len(ahead))
    some = ahead > 0
    rate = random.gamma(q + p * purchases[some]) / (gamma + purchases[some] * mean[some])
    found[some] = random.gamma(p * ahead[some]) / np.maximum(rate, 1e-300)
    return found
