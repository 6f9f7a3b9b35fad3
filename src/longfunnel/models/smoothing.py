"""Exponential smoothing with additive errors: level, damped trend and season, fitted by maximum likelihood.

R. J. Hyndman, A. B. Koehler, J. K. Ord, R. D. Snyder: Forecasting with Exponential Smoothing (Springer, 2008). With the smoothing
parameters given, the one-step errors are linear in the states before the first value, so that the likeliest of these are least
squares; only one to three parameters are left to look for: first on a grid, then by a compass search. The bounds are the usual ones:
0 < alpha < 1, 0 < beta < alpha, 0 < gamma < 1 - alpha, 0.8 < phi < 0.98.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_EDGE: Final = 1e-4
_GRID: Final = {
    "alpha": (0.002, 0.05, 0.15, 0.3, 0.5, 0.75, 0.97),
    "beta": (0.002, 0.05, 0.2, 0.6),
    "gamma": (0.002, 0.1, 0.4),
    "phi": (0.8, 0.9, 0.98),
}
_BOUNDS: Final = dict.fromkeys(_GRID, (_EDGE, 1 - _EDGE)) | {"phi": (0.8, 0.98)}
_FINEST: Final = 1e-5
"""Steps of the search below this are none."""
_NOTHING: Final = 1e-12
"""A mean squared error below this is none."""


@dataclass(frozen=True)
class Form:
    """What the level is joined by: a damped trend, a season of so many periods (0: none)."""

    trend: bool = False
    season: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are looked for."""
        return ("alpha", *(("beta", "phi") if self.trend else ()), *(("gamma",) if self.season else ()))

    @property
    def starts(self) -> int:
        """How many states before the first value are free: one season is 0, for the level has its mean."""
        return 1 + self.trend + max(self.season - 1, 0)


@dataclass(frozen=True)
class Smoothed:
    """A fitted form. ``weights`` is alpha, beta, gamma, phi; ``last`` the level, the trend, and the season of the next periods in order."""

    form: Form
    weights: Floats
    errors: Floats
    last: Floats

    @property
    def log_likelihood(self) -> float:
        """At its maximum, the variance of errors taken out."""
        size = len(self.errors)
        square = max(float(np.mean(self.errors**2)), _NOTHING)
        return -size / 2 * float(np.log(2 * np.pi * square) + 1)

    @property
    def aicc(self) -> float:
        """Akaike's criterion for small samples, of the smoothing parameters, the first states and the variance; infinite where there
        are more of them than values."""
        size, free = len(self.errors), len(self.form.names) + self.form.starts + bool(self.form.season) + 1
        if size - free - 1 <= 0:
            return float("inf")
        return -2 * self.log_likelihood + 2 * free * size / (size - free - 1)

    def simulate(self, errors: Floats) -> Floats:
        """The next values under these errors, float64[period, future] both."""
        alpha, beta, gamma, phi = self.weights
        found = np.empty(errors.shape)
        level, trend = np.full(errors.shape[1], self.last[0]), np.full(errors.shape[1], self.last[1])
        season = np.repeat(self.last[2:, None], errors.shape[1], axis=1)
        for period, error in enumerate(errors):
            found[period] = level + phi * trend + error
            level = level + phi * trend + alpha * error
            trend = phi * trend + beta * error
            if len(season):
                place = period % len(season)
                found[period] += season[place]
                season[place] += gamma * error
        return found


def smooth(values: Floats, form: Form) -> Smoothed:
    """The likeliest parameters and first states of a form."""
    values = np.ascontiguousarray(values, dtype=np.float64)
    grids = [_GRID[name] if name in form.names else (0.0,) for name in _GRID]
    low, high = np.array([_BOUNDS[name] if name in form.names else (0.0, 0.0) for name in _GRID]).T.copy()
    weights = _likeliest(values, form.trend, form.season, np.array(list(product(*grids))), low, high)
    alpha, beta, gamma, phi = weights.tolist()
    errors, last = _filter(values, alpha, beta, gamma, phi, form.trend, form.season)
    return Smoothed(form, weights, errors, last)


@kernel
def _likeliest(values: Floats, trend: bool, season: int, grid: Floats, low: Floats, high: Floats) -> Floats:
    """Alpha, beta, gamma and phi of the least squared error: the best point of the grid, and from there a compass search, which
    tries a step either way along each axis and halves the steps where none is better (Kolda, Lewis, Torczon 2003)."""
    best, least = grid[0], np.inf
    for point in grid:
        loss = _loss(values, trend, season, point)
        if loss < least:
            best, least = point, loss
    best = best.copy()
    step = (high - low) / 8
    while step.max() > _FINEST:
        is_better = False
        for axis in range(len(best)):
            here = best[axis]
            for side in (-1, 1):
                best[axis] = min(max(here + side * step[axis], low[axis]), high[axis])
                loss = _loss(values, trend, season, best) if best[axis] != here else np.inf
                if loss < least:
                    least, is_better = loss, True
                    break
                best[axis] = here
        if not is_better:
            step /= 2
    return _weights(best)


@part
def _weights(point: Floats) -> Floats:
    """Alpha, beta, gamma and phi from what is looked for: beta as a part of alpha, gamma as a part of 1 - alpha."""
    found = point.copy()
    found[1] *= point[0]
    found[2] *= 1 - point[0]
    return found


@part
def _loss(values: Floats, trend: bool, season: int, point: Floats) -> float:
    """The sum of squared errors from the best first states."""
    weights = _weights(point)
    errors, _ = _filter(values, weights[0], weights[1], weights[2], weights[3], trend, season)
    return float((errors * errors).sum())


@kernel
def _filter(
    values: Floats, alpha: float, beta: float, gamma: float, phi: float, trend: bool, season: int
) -> tuple[Floats, Floats]:
    """One-step errors and last states, from the first states of least squares."""
    size = len(values)
    free = 1 + (1 if trend else 0) + max(season - 1, 0)
    states = np.zeros((free + 1, 2 + season))  # of each free first state alone, and of the values without any
    states[0, 0] = 1.0
    for k in range(1, free):
        states[k, k if trend else k + 1] = 1.0
    errors = np.empty((free + 1, size))
    for k in range(free + 1):
        _run(values if k == free else np.zeros(size), alpha, beta, gamma, phi, season, states[k], errors[k])
    # the error of a mixture is the mixture of errors: values' own plus each first state's
    square, right = np.empty((free, free)), np.empty(free)
    for i in range(free):
        for j in range(i + 1):
            total = 0.0
            for t in range(size):
                total += errors[i, t] * errors[j, t]
            square[i, j] = total
        total = 0.0
        for t in range(size):
            total -= errors[i, t] * errors[free, t]
        right[i] = total
    _solve(square, right)
    found, last = errors[free].copy(), states[free].copy()
    for k in range(free):
        found += right[k] * errors[k]
        last += right[k] * states[k]
    ordered = last.copy()
    for k in range(season):
        ordered[2 + k] = last[2 + (size + k) % season]
    return found, ordered


@part
def _run(
    values: Floats, alpha: float, beta: float, gamma: float, phi: float, season: int, state: Floats, errors: Floats
) -> None:
    """Fill the errors from the first state, which becomes the last."""
    level, trend = state[0], state[1]
    for t in range(len(values)):
        ahead = level + phi * trend
        error = values[t] - ahead
        if season > 0:
            place = 2 + t % season
            error -= state[place]
            state[place] += gamma * error
        level = ahead + alpha * error
        trend = phi * trend + beta * error
        errors[t] = error
    state[0], state[1] = level, trend


@part
def _solve(square: Floats, right: Floats) -> None:
    """Cholesky's elimination in place, the lower half given; ``right`` becomes the solution. A state that tells nothing is 0."""
    size = len(right)
    for i in range(size):
        for j in range(i + 1):
            total = square[i, j]
            for k in range(j):
                total -= square[i, k] * square[j, k]
            if i == j:
                square[i, i] = np.sqrt(total) if total > 1e-12 * square[i, i] else np.inf
            else:
                square[i, j] = total / square[j, j]
    for i in range(size):
        for k in range(i):
            right[i] -= square[i, k] * right[k]
        right[i] /= square[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= square[k, i] * right[k]
        right[i] /= square[i, i]
