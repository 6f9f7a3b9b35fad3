"""The common funnel straight over the store: rows are matched with steps and walked in one pass, person by person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel
from longfunnel.journeys.kernels.ordered import NEEDS_MATCHING, simple_attempt

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_MOMENT = np.iinfo(np.int64).min
"""In a column of instants: the step has none."""


@kernel
def scan(
    first: int,
    last: int,
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    act: NDArray[np.uint32],
    steps_of: NDArray[np.int64],
    within: tuple[int, int, int],
    rules: tuple[int, int, int],
    person: NDArray[np.int64],
    reached: NDArray[np.int64],
    moment: NDArray[np.int64],
    matched: NDArray[np.int64],
    left_out: NDArray[np.int64],
) -> tuple[int, int]:
    """Walk persons first … last-1: how many of them entered, and how many are left out. O(rows) time.

    Person i has rows starts[i] … starts[i+1]-1; ``steps_of`` is the mask of steps by the code in ``act``. ``within``: the first
    and the last instant of entries, and the last one of all (µs, inclusive). ``rules``: ties, window, number of steps.
    Those who entered stand in ``person``, with the mask of the steps in ``reached``, and of the reported attempt by step the
    instants in ``moment`` (``NO_MOMENT``: none) and the rows in ``matched`` (-1: none; empty: nobody asks for them). In
    ``left_out`` are persons with events of one instant that compete for steps: one pass cannot decide what they reached.
    """
    enter_from, enter_to, high = within
    ties, window, steps = rules
    room = 1024
    rows, moments, masks = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    entry, served = np.empty(steps, np.int64), np.empty(steps, np.int64)
    all_steps = 1 << (steps - 1)
    entered, left = 0, 0
    for i in range(first, last):
        begin, end = starts[i], starts[i + 1]
        if end - begin > room:
            room = 2 * (end - begin)
            rows, moments, masks = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
        size = 0
        entries = 0
        for row in range(begin, end):
            mask = steps_of[act[row]]
            now = at[row]
            if not enter_from <= now <= enter_to:
                mask = mask & ~1 if enter_from <= now <= high else 0
            rows[size] = row
            moments[size] = now
            masks[size] = mask
            size += mask != 0  # without a branch, which the processor could not foresee
            entries |= mask & 1
        if not entries:
            continue
        found = simple_attempt(moments, masks, 0, size, ties, window, all_steps, entry, served)
        if found == NEEDS_MATCHING:
            left_out[left] = i
            left += 1
        elif found:
            person[entered] = i
            reached[entered] = found
            for k in range(steps):
                moment[entered, k] = moments[served[k]] if served[k] >= 0 else NO_MOMENT
            if matched.shape[0]:
                for k in range(steps):
                    matched[entered, k] = rows[served[k]] if served[k] >= 0 else -1
            entered += 1
    return entered, left


@kernel
def stood_under(
    row: NDArray[np.int64], low: NDArray[np.int64], act: NDArray[np.uint32], visit: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For each row the one of the visit that it stands under: the last row from ``low`` (its person's first) to itself whose act
    is a visit, by the code; -1 where none is, or where the row is -1.
    """
    found = np.full(row.shape[0], -1, np.int64)
    for i in range(row.shape[0]):
        place = row[i]
        while place >= low[i]:
            if visit[act[place]]:
                found[i] = place
                break
            place -= 1
    return found
