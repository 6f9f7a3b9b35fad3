"""Maximum likelihood of positive parameters, and how sure the data makes us of them.

Parameters are looked for as logarithms: they stay positive, and their likelihood is nearer to a normal one there, so that the
observed information (the Hessian of the negative log-likelihood at its minimum) gives honest intervals: Laplace's
approximation, N(log θ̂, H⁻¹).

Where the likelihood has no peak within reach (customers who come back once and no more leave a ridge along which two parameters
grow together), a weak prior holds the logarithms near the start, N(log start, 2²): an order of magnitude either way costs
nothing to speak of. Such a fit says so: ``is_held``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from longfunnel.core.errors import LongfunnelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEP = 1e-4
_LARGEST_ERROR = 3.0
"""A standard error of a logarithm beyond this says that the data leaves the parameter open over orders of magnitude."""
_REACH = 7.0
"""How far a logarithm may go from its start: a thousandfold."""
_PRIOR_ERROR = 2.0


class FitError(LongfunnelError):
    """The data cannot carry the model: too few cases, or a likelihood without a peak. ``code`` says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Fit:
    """Parameters at the likelihood's peak. ``covariance`` is of their logarithms."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    log_likelihood: float
    covariance: Floats
    is_held: bool = False
    """Whether a weak prior had to hold the parameters: the data alone leaves one of them open."""

    def __getitem__(self, name: str) -> float:
        """The parameter called ``name``."""
        return self.values[self.names.index(name)]

    def draws(self, count: int, random: np.random.Generator) -> Floats:
        """``count`` rows of parameters as likely as the data leaves them."""
        noise = random.standard_normal((count, len(self.values))) @ np.linalg.cholesky(self.covariance).T
        return np.asarray(np.exp(np.log(self.values) + noise), dtype=np.float64)

    def interval(self, name: str, level: float = 0.9) -> tuple[float, float]:
        """The parameter's interval of ``level``, from the observed information."""
        from scipy.stats import norm

        place = self.names.index(name)
        reach = float(norm.ppf(0.5 + level / 2) * np.sqrt(self.covariance[place, place]))
        return self.values[place] * float(np.exp(-reach)), self.values[place] * float(np.exp(reach))


def fit_positive(
    names: tuple[str, ...],
    starts: tuple[tuple[float, ...], ...],
    log_likelihood: Callable[[Floats], float],
    gradient: Callable[[Floats], Floats] | None = None,
) -> Fit:
    """The peak of ``log_likelihood`` over positive parameters, from the first of ``starts`` that leads to one.

    ``gradient`` is by the parameters themselves; without one, central differences of the logarithms are taken.

    Raises:
        FitError: no peak even with the weak prior (``no_peak``, ``not_identified``): the likelihood is not a number there.
    """

    def found(prior: float) -> Fit:
        def loss(logs: Floats) -> float:
            value = -log_likelihood(np.exp(logs)) + prior * float(np.sum((logs - centre) ** 2)) / 2
            return value if np.isfinite(value) else 1e300

        def slope(logs: Floats) -> Floats:
            if gradient is None:
                return _differences(loss, logs)
            return -gradient(np.exp(logs)) * np.exp(logs) + prior * (logs - centre)

        return _peak(names, np.log(starts), loss, slope, is_held=prior > 0)

    centre = np.log(starts[0])
    try:
        fit = found(0.0)
    except FitError:
        fit = found(1 / _PRIOR_ERROR**2)
    return replace(fit, log_likelihood=log_likelihood(np.array(fit.values)))


def _peak(
    names: tuple[str, ...],
    starts: Floats,
    loss: Callable[[Floats], float],
    slope: Callable[[Floats], Floats],
    *,
    is_held: bool,
) -> Fit:
    """The lowest loss over logarithms. Raises FitError where it lies at the edge, or where it is flat."""
    low, high = starts.min(axis=0) - _REACH, starts.max(axis=0) + _REACH
    for start in starts:
        # BFGS begins with a step as long as the slope: in units of the first loss that is a step one can take
        unit = max(abs(loss(start)), 1.0)
        best = minimize(
            lambda logs: loss(logs) / unit if ((low < logs) & (logs < high)).all() else 1e300,  # noqa: B023
            start,
            jac=lambda logs: slope(np.clip(logs, low, high)) / unit,  # noqa: B023
            method="BFGS",
            options=_OPTIONS,
        )
        logs = np.asarray(best.x, dtype=np.float64)
        if best.fun < 1e300 and ((low + 0.01 < logs) & (logs < high - 0.01)).all():
            break
    else:
        raise FitError("no_peak", "The likelihood has no peak: a parameter runs away.")
    information = _hessian(slope, logs)
    if np.linalg.eigvalsh(information)[0] <= 0:
        raise FitError("not_identified", "The data does not tell the parameters apart.")
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    if np.sqrt(np.max(np.diag(covariance))) > _LARGEST_ERROR:
        raise FitError("not_identified", "The data leaves a parameter open over orders of magnitude.")
    return Fit(names, tuple(np.exp(logs).tolist()), -loss(logs), covariance, is_held)


_OPTIONS = {"maxiter": 500, "gtol": 1e-8}


def _differences(of: Callable[[Floats], float], at: Floats) -> Floats:
    """Central differences, O(step²)."""
    steps = np.eye(len(at)) * _STEP
    return np.array([(of(at + step) - of(at - step)) / (2 * _STEP) for step in steps])


def _hessian(slope: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Central differences of the gradient, made symmetric."""
    wide = 10 * _STEP
    rows = np.array([(slope(at + step) - slope(at - step)) / (2 * wide) for step in np.eye(len(at)) * wide])
    return np.asarray((rows + rows.T) / 2, dtype=np.float64)
