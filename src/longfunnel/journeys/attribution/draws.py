"""Resampling of persons: in each draw every person counts a random number of times, with a mean of one.

The bootstrap of Efron (1979) with independent Poisson(1) weights instead of a multinomial total (Hanley and MacGibbon 2006): a
person's journeys stay together, and a group of n equal persons counts Poisson(n) times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_AT_ONCE: Final = 4_000_000
"""Weights held at one time."""


@dataclass(frozen=True)
class Sampling:
    """How uncertainty is measured. ``draws`` 0: not at all. The same seed gives the same intervals."""

    draws: int = 200
    seed: int = 1
    level: float = 0.9
    """The share of draws that lie within an interval."""


def draw(unit_times: NDArray[np.int64], sampling: Sampling) -> Iterator[NDArray[np.float64]]:
    """The weights of all units in blocks of draws: float64[draw, unit]."""
    random = np.random.default_rng(sampling.seed)
    block = max(1, _AT_ONCE // max(1, len(unit_times)))
    for first in range(0, sampling.draws, block):
        size = min(block, sampling.draws - first)
        yield random.poisson(unit_times, (size, len(unit_times))).astype(np.float64)


def interval(drawn: NDArray[np.float64], level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The percentile interval of each column of float64[draw, node]."""
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail), axis=0)
    return low, high
