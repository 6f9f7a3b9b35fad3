"""The common funnel in one pass: in order, one window, no optional steps, no exclusions, no windows per step.

Why it is exact. Keeping for each step the latest possible entry of an attempt that has got there decides what can be reached,
because with one window a later entry is never worse. Let c be the first moment at which the furthest step is reached, from
an entry e. If some earlier entry also reaches that step (at c or later), it is within the window of c, and can replace e in
e's attempt. So the earliest entry within the window of c is the earliest of all, and c is its earliest completion; from it,
taking each next step as early as possible gives the reported attempt. O(n) time, O(steps) memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.kernels.compiled import highest_bit, part
from longfunnel.journeys.kernels.rules import AFTER, EITHER, NO_LIMIT, ORDERED, RECORDED, Rules

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEEDS_MATCHING = -1
"""Several events of one instant compete for the same steps: one pass cannot decide."""


def is_simple(rules: Rules) -> bool:
    """Whether these rules are the common case that one pass decides."""
    if rules.order != ORDERED or rules.optional or len(rules.excluded_from):
        return False
    return bool((rules.within == NO_LIMIT).all())


@part
def simple_attempt(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    low: int,
    high: int,
    ties: int,
    window: int,
    stop: int,
    entry: NDArray[np.int64],
    matched: NDArray[np.int64],
) -> int:
    """The steps reached in rows low … high-1 (a mask), and in ``matched`` the rows of the reported attempt.

    The walk ends early once all of ``stop`` are reached. ``entry`` is scratch, one place per step. Returns NEEDS_MATCHING
    where events of one instant compete for steps under ``either``.
    """
    open_steps = 1  # the steps that the next event can serve
    completed = NO_LIMIT
    row = low
    while row < high:
        now = at[row]
        bits = steps[row]
        following = row + 1
        several = False
        if ties != RECORDED and following < high and at[following] == now:
            overlap = bits & (bits - 1)
            while following < high and at[following] == now:
                overlap |= steps[following] & (steps[following] - 1)
                bits |= steps[following]
                following += 1
            if ties == EITHER:
                if overlap:
                    return NEEDS_MATCHING
                several = True
        if several:  # each step has an event of its own here, so an attempt can go up through many at once
            for k in range(entry.shape[0]):
                if (bits & open_steps) >> k & 1 and (k == 0 or now - entry[k - 1] <= window):
                    since = now if k == 0 else entry[k - 1]
                    if open_steps >> (k + 1) == 0:
                        open_steps |= 1 << (k + 1)
                        entry[k] = since
                        completed = now
                    else:
                        entry[k] = max(entry[k], since)
        elif bits & open_steps:
            bits &= open_steps
            while bits:  # downwards: one event must not serve two steps of an attempt
                k = highest_bit(bits)
                bits ^= 1 << k
                if k == 0 or now - entry[k - 1] <= window:
                    since = now if k == 0 else entry[k - 1]
                    if open_steps >> (k + 1) == 0:
                        open_steps |= 1 << (k + 1)
                        entry[k] = since
                        completed = now
                    else:
                        entry[k] = max(entry[k], since)
        reached = open_steps >> 1
        if reached & stop == stop:
            break
        row = following
    reached = open_steps >> 1
    if reached:
        _walk(at, steps, low, ties, window, reached, completed, matched)
    return reached


@part
def _walk(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    low: int,
    ties: int,
    window: int,
    reached: int,
    completed: int,
    matched: NDArray[np.int64],
) -> None:
    """The rows of the attempt that enters at the earliest moment from which ``completed`` is within the window."""
    matched[:] = -1
    row = low
    while not steps[row] & 1 or completed - at[row] > window:
        row += 1
    matched[0] = row
    k = 1
    while (reached >> k) & 1:
        now = at[row]
        if ties == EITHER:
            while row > low and at[row - 1] == now:
                row -= 1
        elif ties == AFTER:
            while at[row] == now:
                row += 1
        else:
            row += 1
        while not (steps[row] >> k) & 1 or row == matched[k - 1]:
            row += 1
        matched[k] = row
        k += 1
