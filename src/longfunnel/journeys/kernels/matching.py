"""Giving steps distinct events: bipartite matching, grown one step at a time.

Where one event can serve several steps, whether a set of steps can be served by distinct events is a matching question.
The sets that can be served form a matroid, so growing a matching by augmenting paths, in any order, never needs to be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import part

if TYPE_CHECKING:
    from numpy.typing import NDArray

FREE = -1


@part
def shortlist(steps: NDArray[np.int64], low: int, high: int, wanted: int, n_steps: int) -> NDArray[np.int64]:
    """The rows that a matching of ``wanted`` steps may need: for each step its first ``n_steps`` rows.

    A step with that many candidates can always be served after all the others, so no later row is ever needed. At most
    n_steps² rows, in ascending order.
    """
    kept = np.empty(min(high - low, n_steps * n_steps), np.int64)
    seen = np.zeros(n_steps, np.int64)
    size = 0
    open_steps = wanted
    for row in range(low, high):
        bits = steps[row] & open_steps
        if bits == 0:
            continue
        kept[size] = row
        size += 1
        for k in range(n_steps):
            if (bits >> k) & 1:
                seen[k] += 1
                if seen[k] == n_steps:
                    open_steps &= ~(1 << k)
        if open_steps == 0:
            break
    return kept[:size]


@part
def augment(step: int, masks: NDArray[np.int64], owner: NDArray[np.int64], held: NDArray[np.int64]) -> bool:
    """Serve one more step, moving the others to other events where needed; False (and nothing moved) if impossible.

    ``masks[i]`` are the steps that event i can serve, ``owner[i]`` the step it serves (FREE if none), ``held[k]`` the event
    that serves step k (FREE if none). Steps already served stay served.
    """
    events = masks.shape[0]
    found_by = np.full(events, FREE, np.int64)
    queue = np.empty(held.shape[0], np.int64)
    queue[0] = step
    begin, end = 0, 1
    while begin < end:
        k = queue[begin]
        begin += 1
        for event in range(events):
            if found_by[event] != FREE or not (masks[event] >> k) & 1:
                continue
            found_by[event] = k
            if owner[event] != FREE:
                queue[end] = owner[event]
                end += 1
                continue
            free = event
            while True:  # flip the path back to the step it began with
                by = found_by[free]
                free, held[by] = held[by], free
                owner[held[by]] = by
                if by == step:
                    return True
    return False


@part
def most_served(masks: NDArray[np.int64], wanted: int, n_steps: int) -> int:
    """The largest number of ``wanted`` steps that distinct events can serve."""
    owner = np.full(masks.shape[0], FREE, np.int64)
    held = np.full(n_steps, FREE, np.int64)
    served = 0
    for k in range(n_steps):
        if (wanted >> k) & 1 and augment(k, masks, owner, held):
            served += 1
    return served
