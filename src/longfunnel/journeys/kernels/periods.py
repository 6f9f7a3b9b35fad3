"""Periods: in which stretches of time each person was active."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@kernel
def mark_periods(
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    whose: NDArray[np.int64],
    begins: NDArray[np.int64],
    own: NDArray[np.int64],
    most: int,
    masks: NDArray[np.int64],
) -> None:
    """Set bit n of a person's ``masks`` where they did anything in the n-th period after their own, n at most ``most``.

    Person i has rows starts[i] … starts[i+1]-1 in order of time, and is number whose[i] in ``masks`` and ``own`` (-1: in neither).
    A row counts where ``steps`` is not 0. Period k runs from begins[k] (µs) up to begins[k+1], the last one without end.
    """
    for person in range(starts.shape[0] - 1):
        number = whose[person]
        if number < 0:
            continue
        since = own[number]
        period = since
        for row in range(starts[person], starts[person + 1]):
            if steps[row] == 0 or at[row] < begins[since]:
                continue
            while period + 1 < begins.shape[0] and at[row] >= begins[period + 1]:
                period += 1
            if period - since <= most:
                masks[number] |= 1 << (period - since)
