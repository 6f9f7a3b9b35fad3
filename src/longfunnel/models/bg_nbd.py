"""BG/NBD: how often customers buy again and after which purchase they leave.

While alive, a customer buys at a rate λ; after each purchase they leave for good with chance p. Over customers λ is
Gamma(r, α) and p is Beta(a, b). P. S. Fader, B. G. S. Hardie, K. L. Lee: «Counting Your Customers» the Easy Way, Marketing
Science 24 (2005), 275-284; formulas (6) to (10) there. A customer who never bought again is alive here by definition.

Every power is a sum of logarithms, and the hypergeometric function is taken after Euler's transformation, whose arguments do
not grow with the purchases: nothing overflows for a customer with thousands of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, expit, gammaln, hyp2f1

from longfunnel.journeys.kernels.compiled import kernel
from longfunnel.models.fitting import Fit, FitError, fit_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.models.purchases import Histories

    Floats = NDArray[np.float64]

NAMES = ("r", "alpha", "a", "b")
_NEAR_ONE, _APART = 1e-3, 3e-3
_SEARCHED = -50.0
"""The logarithm of the chance to buy nothing down to which purchases are counted up one by one from there."""
_MOST_PURCHASES = 100_000


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
    starts = ((1.0, slow, 1.0, 2.0), (0.3, 0.3 * slow, 0.5, 5.0))
    return fit_positive(NAMES, starts, lambda values: log_likelihood(values, of), lambda values: _gradient(values, of))


def log_likelihood(values: Floats, of: Histories) -> float:
    """Of all customers; formula (6) of the paper, with log-sum-exp."""
    return float(np.dot(of.customers, sum(_terms(values, of))))


def _terms(values: Floats, of: Histories) -> tuple[Floats, Floats]:
    """Of each history: the logarithm of what alive and dead share, and of alive plus dead."""
    r, alpha, a, b = values
    x, level = of.levels
    shared = (
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + gammaln(b + x)
        - gammaln(b)
        - gammaln(a + b + x)
    )
    alive = -(r + of.repeats) * np.log(alpha + of.watched)
    return shared[level], alive + np.logaddexp(0.0, log_odds_dead(values, of))


def log_odds_dead(values: Floats, of: Histories) -> Floats:
    """Logarithm of P(dead) / P(alive) at the end of the data; minus infinity for those who never bought again."""
    r, alpha, a, b = values
    x = of.repeats
    found = np.full(len(x), -np.inf)
    again = x > 0
    n, last, watched = x[again], of.last[again], of.watched[again]
    found[again] = np.log(a) - np.log(b + n - 1) + (r + n) * (np.log(alpha + watched) - np.log(alpha + last))
    return found


def _gradient(values: Floats, of: Histories) -> Floats:
    """By r, α, a and b."""
    r, alpha, a, b = values
    x, last, watched = of.repeats, of.last, of.watched
    levels, level = of.levels
    dead = expit(log_odds_dead(values, of))
    ratio = np.log(alpha + watched) - np.log(alpha + last)
    before = np.where(x > 0, b + x - 1, 1.0)
    by_r = (digamma(r + levels) - digamma(r))[level] + np.log(alpha) - np.log(alpha + watched) + dead * ratio
    by_alpha = r / alpha - (r + x) * ((1 - dead) / (alpha + watched) + dead / (alpha + last))
    common = (digamma(a + b) - digamma(a + b + levels))[level]
    by_a = common + dead / a
    by_b = common + (digamma(b + levels) - digamma(b))[level] - dead / before
    return np.array([np.dot(of.customers, part) for part in (by_r, by_alpha, by_a, by_b)])


def alive(values: Floats, of: Histories) -> Floats:
    """P(alive at the end of the data) of each history."""
    return np.asarray(expit(-log_odds_dead(values, of)), dtype=np.float64)


def expected(values: Floats, of: Histories, ahead: float) -> Floats:
    """Purchases that each history is expected to make in the time ``ahead``; formula (10), with Euler's transformation."""
    return alive(values, of) * _if_alive(values, of.repeats, of.watched, ahead)


def expected_of_new(values: Floats, ahead: Floats) -> Floats:
    """Repeat purchases that a customer is expected to make in the time ``ahead`` after their first; formula (9)."""
    return _if_alive(values, np.zeros_like(ahead), np.zeros_like(ahead), ahead)


def _if_alive(values: Floats, x: Floats, watched: Floats, ahead: float | Floats) -> Floats:
    """Purchases ahead of a customer known to be alive.

    (a + b + x − 1) / (a − 1) · (1 − (1 − z)^(a − 1) · ₂F₁(a − 1, a + b − 1 − r; a + b + x − 1; z)), z = t / (α + T + t).
    At a = 1 the singularity is removable: the mean of both sides is right to O(step²).
    """
    r, alpha, a, b = values
    if abs(a - 1) < _NEAR_ONE:
        sides = [_if_alive(np.array([r, alpha, a + side, b]), x, watched, ahead) for side in (-_APART, _APART)]
        return np.asarray((sides[0] + sides[1]) / 2, dtype=np.float64)
    if abs(a + b - 1) < _NEAR_ONE:  # the same for a customer without repeats
        sides = [_if_alive(np.array([r, alpha, a, b + side]), x, watched, ahead) for side in (-_APART, _APART)]
        return np.asarray((sides[0] + sides[1]) / 2, dtype=np.float64)
    z = ahead / (alpha + watched + ahead)
    power = np.exp((a - 1) * np.log1p(-z))
    series = hyp2f1(a - 1, a + b - 1 - r, a + b + x - 1, z)
    return np.asarray((a + b + x - 1) / (a - 1) * (1 - power * series), dtype=np.float64)


def simulate_ahead(
    values: Floats, of: Histories, place: NDArray[np.int64], ahead: float, random: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """One possible future of each customer (``place``: their histories): purchases in the time ``ahead``, and whether alive now.

    Exact: given that they are alive, λ is Gamma(r + x, α + T) and p is Beta(a, b + x), and they buy until the time is over or
    they leave; so what they would buy if they stayed is negative binomial, and most of them would buy nothing.
    """
    r, alpha, a, b = values
    bought, lives = np.zeros(len(place)), np.zeros(len(place), np.bool_)
    part = ahead / (alpha + of.watched + ahead)
    _play(alive(values, of), r + of.repeats, part, a, b + of.repeats, place, random, bought, lives)
    return bought, lives


@kernel
def _play(
    alive: Floats, shape: Floats, part: Floats, a: float, b: Floats, place: NDArray[np.int64], random: np.random.Generator,
    bought: Floats, lives: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Fill ``bought`` and ``lives``. One number between 0 and 1 says whether a customer lives and how many purchases they
    would make: below P(alive) it is a number between 0 and P(alive) again."""
    for customer in range(len(place)):
        of = place[customer]
        drawn = random.random()
        if drawn >= alive[of]:
            continue
        lives[customer] = True
        nothing = shape[of] * np.log1p(-part[of])
        count = 0
        if nothing > _SEARCHED:
            share = np.exp(nothing)
            left = drawn / alive[of] - share
            while left > 0 and count < _MOST_PURCHASES:
                share *= (shape[of] + count) / (count + 1) * part[of]
                left -= share
                count += 1
        else:
            count = random.poisson(random.gamma(shape[of]) * part[of] / (1 - part[of]))
        if count > 0:
            leaving = min(max(random.beta(a, b[of]), 1e-12), 1.0)
            count = min(count, random.geometric(leaving))
        bought[customer] = count
