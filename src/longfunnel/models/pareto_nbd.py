"""Pareto/NBD: how often customers buy again, and when they leave, unseen, at any moment.

While alive, a customer buys at a rate λ and leaves at a rate μ; over customers λ is Gamma(r, α) and μ is Gamma(s, β).
D. C. Schmittlein, D. G. Morrison, R. Colombo: Counting Your Customers, Management Science 33 (1987), 1-24; the likelihood as
in P. S. Fader, B. G. S. Hardie: A Note on Deriving the Pareto/NBD Model and Related Expressions (2005).

After Euler's transformation the likelihood is a sum of positive terms: with w(t) = (α + t)^−(r + x) (β + t)^−s and G below,
alive is w(T), dead is G(t_x) w(t_x) − G(T) w(T), and G lies in 0..1 for every history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, hyp2f1

from longfunnel.models.fitting import Fit, FitError, fit_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.models.purchases import Histories

    Floats = NDArray[np.float64]

NAMES = ("r", "alpha", "s", "beta")


def fit(of: Histories, *, least: int = 20) -> Fit:
    """The parameters by maximum likelihood.

    Raises FitError (``few_repeats``) where fewer than ``least`` customers bought again, or where none fits.
    """
    if of.buyers_again < least:
        raise FitError(
            "few_repeats",
            f"{of.buyers_again} customers bought again; at least {least} are needed to see how they leave.",
        )
    watched = float(np.dot(of.customers, of.watched))
    slow = watched / float(np.dot(of.customers, of.repeats))  # time per repeat: α where r is 1
    stay = watched / float(of.customers.sum())
    starts = ((1.0, slow, 1.0, stay), (0.5, 0.5 * slow, 0.5, stay))
    return fit_positive(NAMES, starts, lambda values: log_likelihood(values, of))


def log_likelihood(values: Floats, of: Histories) -> float:
    """Of all customers."""
    r, alpha, s, beta = values
    levels, level = of.levels
    x = of.repeats
    shared = (gammaln(r + levels) - gammaln(r))[level] + r * np.log(alpha) + s * np.log(beta)
    at_end = -(r + x) * np.log(alpha + of.watched) - s * np.log(beta + of.watched)
    return float(np.dot(of.customers, shared + at_end + np.log1p(_odds_dead(values, of))))


def _odds_dead(values: Floats, of: Histories) -> Floats:
    """P(dead) / P(alive) at the end of the data: G(t_x) w(t_x) / w(T) − G(T)."""
    r, alpha, s, beta = values
    growth = (r + of.repeats) * (np.log(alpha + of.watched) - np.log(alpha + of.last)) + s * (
        np.log(beta + of.watched) - np.log(beta + of.last)
    )
    then, now = _part_dead(values, of.repeats, of.last), _part_dead(values, of.repeats, of.watched)
    return np.asarray(np.maximum(then * np.exp(np.minimum(growth, 700.0)) - now, 0.0), dtype=np.float64)


def _part_dead(values: Floats, x: Floats, time: Floats) -> Floats:
    """G(t) = s / (r + s + x) · ₂F₁(1, r + x; r + s + x + 1; (α − β) / (α + t)) where α ≥ β, and its mirror image elsewhere."""
    r, alpha, s, beta = values
    total = r + s + x
    if alpha >= beta:
        return np.asarray(s / total * hyp2f1(1.0, r + x, total + 1, (alpha - beta) / (alpha + time)), dtype=np.float64)
    mirror = hyp2f1(1.0, s + 1, total + 1, (beta - alpha) / (beta + time))
    return np.asarray(s / total * (alpha + time) / (beta + time) * mirror, dtype=np.float64)


def alive(values: Floats, of: Histories) -> Floats:
    """P(alive at the end of the data) of each history."""
    return np.asarray(1 / (1 + _odds_dead(values, of)), dtype=np.float64)


def expected(values: Floats, of: Histories, ahead: float) -> Floats:
    """Purchases that each history is expected to make in the time ``ahead``."""
    r, alpha = values[:2]
    rate = (r + of.repeats) / (alpha + of.watched)
    return np.asarray(alive(values, of) * rate * _time_alive(values, of.watched, ahead), dtype=np.float64)


def expected_of_new(values: Floats, ahead: Floats) -> Floats:
    """Repeat purchases that a customer is expected to make in the time ``ahead`` after their first."""
    return np.asarray(values[0] / values[1] * _time_alive(values, np.zeros_like(ahead), ahead), dtype=np.float64)


def _time_alive(values: Floats, watched: Floats, ahead: float | Floats) -> Floats:
    """Expected time alive within ``ahead`` of a customer alive now: (β + T) (1 − ((β + T) / (β + T + t))^(s − 1)) / (s − 1)."""
    s, beta = values[2:]
    shrink = np.log(beta + watched) - np.log(beta + watched + ahead)
    part = -shrink if s == 1 else -np.expm1((s - 1) * shrink) / (s - 1)
    return np.asarray((beta + watched) * part, dtype=np.float64)


def simulate_ahead(
    values: Floats, of: Histories, place: NDArray[np.int64], ahead: float, random: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """One possible future of each customer (``place``: their histories): purchases in the time ``ahead``, and whether alive now.

    Exact: given that they are alive, λ is Gamma(r + x, α + T) and μ is Gamma(s, β + T), independent.
    """
    r, alpha, s, beta = values
    lives = random.random(len(place)) < alive(values, of)[place]
    mine = place[lives]
    rate = random.gamma(r + of.repeats[mine]) / (alpha + of.watched[mine])
    leaving = random.gamma(s, size=len(mine)) / (beta + of.watched[mine])
    until = np.minimum(random.exponential(size=len(mine)) / np.maximum(leaving, 1e-300), ahead)
    bought = np.zeros(len(place))
    bought[lives] = random.poisson(rate * until)
    return bought, lives
