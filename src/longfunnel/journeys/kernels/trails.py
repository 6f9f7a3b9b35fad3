"""Trails: the acts that follow a point of a journey, come before it, or lie between two points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AFTER, BEFORE, BETWEEN = 0, 1, 2
NOTHING = -1
"""The trail has ended."""


@kernel
def trails(
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    node: NDArray[np.int64],
    points: NDArray[np.int64],
    mode: int,
    window: int,
    collapse: bool,
    repeated: bool,
    nodes: NDArray[np.int64],
    whose: NDArray[np.int64],
) -> int:
    """Fill ``nodes`` (one row per trail, from its beginning in order of time) and ``whose`` (the place of its person); return
    how many trails there are.

    Person i has rows starts[i] … starts[i+1]-1. ``node`` is what a row is shown as (NOTHING: not at all). Bit 0 of ``points``
    marks where a trail begins (AFTER, BETWEEN), bit 1 where it ends (BEFORE, BETWEEN); the point is the trail's own first or
    last node. A trail stays within ``window`` µs of its point, both inclusive. ``collapse`` shows a node that follows itself
    once. Without ``repeated`` a person has one trail: from their first beginning, or to their last end. With it every point
    that is not inside the trail before has one. A trail longer than its row keeps what is next to its point; one between two
    points that does not fit keeps its beginning.
    """
    depth = nodes.shape[1]
    size = 0
    for person in range(starts.shape[0] - 1):
        low, high = starts[person], starts[person + 1]
        if mode == BEFORE:
            row = high - 1
            while row >= low:
                if points[row] & 2:
                    place, last = depth, NOTHING
                    other = row
                    while other >= low and place > 0 and at[row] - at[other] <= window:
                        if node[other] != NOTHING and not (collapse and node[other] == last):
                            place -= 1
                            nodes[size, place] = node[other]
                            last = node[other]
                        other -= 1
                    for k in range(depth):  # to the left end of the row
                        nodes[size, k] = nodes[size, k + place] if k + place < depth else NOTHING
                    whose[size] = person
                    size += 1
                    if not repeated:
                        break
                    row = other
                else:
                    row -= 1
            continue
        row = low
        while row < high:
            if not points[row] & 1:
                row += 1
                continue
            end = high
            if mode == BETWEEN:
                end = row + 1
                while end < high and not points[end] & 2 and at[end] - at[row] <= window:
                    end += 1
                if end == high or at[end] - at[row] > window:
                    row += 1
                    continue
                end += 1
            place, last = 0, NOTHING
            other = row
            while other < end and at[other] - at[row] <= window and (mode == BETWEEN or place < depth):
                if node[other] != NOTHING and not (collapse and node[other] == last):
                    if place < depth:
                        nodes[size, place] = node[other]
                    place += 1
                    last = node[other]
                other += 1
            for k in range(min(place, depth), depth):
                nodes[size, k] = NOTHING
            whose[size] = person
            size += 1
            if not repeated:
                break
            row = max(other, row + 1)
    return size
