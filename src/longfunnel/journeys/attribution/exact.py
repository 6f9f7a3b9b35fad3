"""Sums that add up to the last digit: largest remainder within each journey for money, exact fractions for counts."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNITS: Final = 10_000
"""Credit is kept in 1/10,000: of the currency, or of a sale."""


def apportion(total: int, shares: Sequence[Fraction]) -> list[int]:
    """Whole numbers that add up to ``total``, as near as can be to ``total`` × share, by largest remainder (Hamilton's method);
    the earlier one where remainders are equal. The shares add up to 1 and may be negative."""
    exact = [total * share for share in shares]
    found = [value.numerator // value.denominator for value in exact]
    order = sorted(range(len(exact)), key=lambda k: (found[k] - exact[k], k))
    for k in order[: total - sum(found)]:
        found[k] += 1
    return found


def shared_total(total: int, weights: NDArray[np.float64]) -> list[int]:
    """``total`` in proportion to the weights, exactly; all zeros where the weights add up to nothing."""
    exact = [Fraction(float(weight)) for weight in weights]
    whole = sum(exact, Fraction())
    return apportion(total, [weight / whole for weight in exact]) if whole else [0] * len(exact)


def shared_units(exact: Sequence[Fraction]) -> tuple[int, ...]:
    """Exact counts in 1/10,000, adding up to their sum in the same units."""
    whole = sum(exact, Fraction())
    if not whole:
        return (0,) * len(exact)
    return tuple(apportion(round(whole * UNITS), [value / whole for value in exact]))


def sums_of_money(
    starts: NDArray[np.int64], weights: NDArray[np.int64], values: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Each touch's money: the values of its journey by weight, whole units that add up to the value. int64[row]."""
    found = np.zeros(len(weights), np.int64)
    _apportion(starts, weights, values, found)
    return found


def sums_of_counts(
    starts: NDArray[np.int64],
    node: NDArray[np.int64],
    weights: NDArray[np.int64],
    inside: NDArray[np.bool_] | None,
    nodes: int,
) -> list[Fraction]:
    """How many sales each node has earned, as exact fractions: the sum of weight / weight of the journey."""
    if not len(node):
        return [Fraction()] * nodes
    whole = np.repeat(np.add.reduceat(weights, starts[:-1]), np.diff(starts))
    counts = weights > 0 if inside is None else (weights > 0) & inside
    kinds, place = np.unique(np.stack((node[counts], whole[counts])), axis=1, return_inverse=True)
    sums = np.zeros(kinds.shape[1], np.int64)
    np.add.at(sums, place.reshape(-1), weights[counts])
    found = [Fraction()] * nodes
    for place_of, parts, weight in zip(kinds[0].tolist(), kinds[1].tolist(), sums.tolist(), strict=True):
        found[place_of] += Fraction(weight, parts)
    return found


@kernel
def _apportion(
    starts: NDArray[np.int64], weights: NDArray[np.int64], values: NDArray[np.int64], found: NDArray[np.int64]
) -> None:
    """Largest remainder within each journey, in whole numbers: (value mod W) × weight, with W the sum of weights, stays below 2^63."""
    for journey in range(starts.shape[0] - 1):
        low, high = starts[journey], starts[journey + 1]
        whole = 0
        for row in range(low, high):
            whole += weights[row]
        value = abs(values[journey])
        each, rest = value // whole, value % whole
        left = value
        rests = np.empty(high - low, np.int64)
        for row in range(low, high):
            found[row] = each * weights[row] + rest * weights[row] // whole
            rests[row - low] = rest * weights[row] % whole
            left -= found[row]
        while left > 0:
            best = 0
            for k in range(high - low):
                if rests[k] > rests[best]:
                    best = k
            found[low + best] += 1
            rests[best] = -1
            left -= 1
        if values[journey] < 0:
            for row in range(low, high):
                found[row] = -found[row]
