"""Funnels in any order: the most steps that distinct events can serve inside one window.

Why it is exact. Rows that distinct steps can use form a matroid. Keeping a matching of the latest rows (a new row replaces
the oldest row of the circle it closes) keeps, for every left edge at once, a largest matching of the rows from that edge on;
so a moving window only forgets rows. The first moment with the most steps is the completion of the earliest entry, by the
argument of the ordered funnel. O(n·steps²) time at worst, O(n·steps) where every event serves one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import part
from longfunnel.journeys.kernels.matching import FREE, augment, shortlist
from longfunnel.journeys.kernels.rules import AFTER, Rules
from longfunnel.journeys.kernels.slots import slots_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@part
def unordered_attempt(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    low: int,
    high: int,
    rules: Rules,
    stop: int,
    matched: NDArray[np.int64],
) -> int:
    """A mask with as many low bits as steps can be served in rows low … high-1, and in ``matched`` the reported attempt's rows.

    The walk ends early once all of ``stop`` are reached.
    """
    matched[:] = -1
    slots = slots_of(at, steps, exclusions, low, high, rules.ties)
    one_each = rules.ties == AFTER  # an instant then serves one step: it acts as one event
    held = np.full(rules.steps, FREE, np.int64)  # the row (or slot) that serves each step
    edge = 0  # the first slot of the window
    fence, next_fence = -1, -1  # an attempt ending in this slot must not begin before the fence
    most, entry, last = 0, 0, 0
    for g in range(slots.at.shape[0]):
        while slots.at[g] - slots.at[edge] > rules.window:
            edge += 1
        fence = next_fence
        edge = max(edge, fence)
        if slots.exclusions[g]:
            next_fence = g
        if slots.steps[g] == 0:
            continue
        oldest = edge if one_each else slots.first[edge]
        served = 0
        for k in range(rules.steps):
            if held[k] < oldest:
                held[k] = FREE
            served += held[k] != FREE
        if one_each:
            served += _take(g, slots.steps, held)
        else:
            for row in range(slots.first[g], slots.first[g + 1]):
                if steps[row]:
                    served += _take(row, steps, held)
        if served > most:
            most, entry, last = served, edge, g
            if ((1 << most) - 1) & stop == stop:
                break
    if most == 0:
        return 0
    while slots.steps[entry] == 0:
        entry += 1
    if one_each:
        _choose(slots.steps, entry, last + 1, entry + 1, most, rules.steps, matched)
        for k in range(rules.steps):
            if matched[k] >= 0:
                row = slots.first[matched[k]]
                while not (steps[row] >> k) & 1:
                    row += 1
                matched[k] = row
    else:
        first, past = slots.first[entry], slots.first[entry + 1]
        _choose(steps, first, slots.first[last + 1], past, most, rules.steps, matched)
    return (1 << most) - 1


@part
def _take(new: int, steps: NDArray[np.int64], held: NDArray[np.int64]) -> int:
    """Add an event to the matching of the latest events: 1 if one more step is served, 0 if it replaces an older event or none."""
    n_steps = held.shape[0]
    came_from = np.full(
        n_steps, FREE, np.int64
    )  # the step whose event could move to this step; n_steps for the new event
    queue = np.empty(n_steps + 1, np.int64)
    queue[0] = n_steps
    begin, end = 0, 1
    oldest, at_step = new, n_steps
    while begin < end:
        source = queue[begin]
        begin += 1
        event = new if source == n_steps else held[source]
        for k in range(n_steps):
            if not (steps[event] >> k) & 1 or came_from[k] != FREE:
                continue
            came_from[k] = source
            if held[k] == FREE:
                _shift(k, new, came_from, held)
                return 1
            if held[k] < oldest:
                oldest, at_step = held[k], k
            queue[end] = k
            end += 1
    if at_step != n_steps:
        _shift(at_step, new, came_from, held)
    return 0


@part
def _shift(step: int, new: int, came_from: NDArray[np.int64], held: NDArray[np.int64]) -> None:
    """Let every event on the way to ``step`` move one step on, and the new event take the first."""
    while came_from[step] != held.shape[0]:
        held[step] = held[came_from[step]]
        step = came_from[step]
    held[step] = new


@part
def _choose(
    steps: NDArray[np.int64],
    first: int,
    past: int,
    entry_past: int,
    most: int,
    n_steps: int,
    matched: NDArray[np.int64],
) -> None:
    """The preferred matching of ``most`` steps in events first … past-1, one of which is before ``entry_past``.

    Step by step the earliest event is taken with which the rest can still serve as many; an entry event that can serve a
    step still open can always be brought in by an exchange.
    """
    everything = (1 << n_steps) - 1
    events = shortlist(steps, first, past, everything, n_steps)
    masks = steps[events]
    missing = most
    entered = False
    for k in range(n_steps):
        later = everything & ~((1 << (k + 1)) - 1)
        for i in range(events.shape[0]):
            if not (masks[i] >> k) & 1:
                continue
            taken = masks[i]
            masks[i] = 0
            entering = entered or events[i] < entry_past
            if _still(masks, events, later, missing - 1, entering, entry_past, n_steps):
                matched[k] = events[i]
                missing -= 1
                entered = entering
                break
            masks[i] = taken


@part
def _still(
    masks: NDArray[np.int64],
    events: NDArray[np.int64],
    wanted: int,
    missing: int,
    entered: bool,
    entry_past: int,
    n_steps: int,
) -> bool:
    """Whether the open events can serve as many more of the ``wanted`` steps, with an entry event if there was none yet."""
    if missing < 0:
        return False
    i = 0
    while not entered and i < events.shape[0] and events[i] < entry_past:
        entered = masks[i] & wanted != 0 and missing > 0
        i += 1
    if not entered:
        return False
    owner = np.full(masks.shape[0], FREE, np.int64)
    held = np.full(n_steps, FREE, np.int64)
    served = 0
    for k in range(n_steps):
        if served == missing:
            break
        if (wanted >> k) & 1 and augment(k, masks, owner, held):
            served += 1
    return served == missing
