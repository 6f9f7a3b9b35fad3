"""Slots: the moments of a journey that the tie rule tells apart, and what an attempt can do inside one.

Under ``recorded`` every row is a slot; under ``either`` and ``after`` a slot is one instant with all its rows. An attempt
enters a slot at one step, may go through more steps there (only under ``either``), and leaves from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longfunnel.journeys.kernels.compiled import part
from longfunnel.journeys.kernels.matching import FREE, augment, most_served, shortlist
from longfunnel.journeys.kernels.rules import EITHER, RECORDED, STRICT, Rules

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Slots(NamedTuple):
    """Slots of one stream: slot g holds rows first[g] … first[g+1]-1, at one instant, with their steps and exclusions or-ed."""

    at: NDArray[np.int64]
    first: NDArray[np.int64]
    steps: NDArray[np.int64]
    exclusions: NDArray[np.int64]


@part
def slots_of(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    low: int,
    high: int,
    ties: int,
) -> Slots:
    """The slots of rows low … high-1; ``exclusions`` may be empty."""
    some_excluded = exclusions.shape[0] > 0
    size = 0
    slot_at = np.empty(high - low, np.int64)
    first = np.empty(high - low + 1, np.int64)
    slot_steps = np.empty(high - low, np.int64)
    slot_exclusions = np.empty(high - low, np.int64)
    for row in range(low, high):
        if size == 0 or ties == RECORDED or at[row] != slot_at[size - 1]:
            slot_at[size] = at[row]
            first[size] = row
            slot_steps[size] = steps[row]
            slot_exclusions[size] = exclusions[row] if some_excluded else 0
            size += 1
        else:
            slot_steps[size - 1] |= steps[row]
            if some_excluded:
                slot_exclusions[size - 1] |= exclusions[row]
    first[size] = high
    return Slots(slot_at[:size], first[: size + 1], slot_steps[:size], slot_exclusions[:size])


@part
def passages(
    slots: Slots,
    g: int,
    rows: NDArray[np.int64],
    rules: Rules,
    ends: NDArray[np.int64],
    exits: NDArray[np.int64],
) -> None:
    """For every step p at which an attempt can enter slot g: ``ends[p]``, the steps it can get to inside the slot, and
    ``exits[p]``, those of them from which it may go on to a later slot. ``rows`` are the steps of each row.

    Getting from p to q takes p, q and the required steps between them, each on its own row. Going on is barred where the
    slot holds an excluded event that then lies strictly inside its scope (entered beyond the scope's first step, left
    before its last), and in strict order where a row of a slot in the middle of the attempt would stay unused.
    """
    low, high = slots.first[g], slots.first[g + 1]
    present = slots.steps[g]
    alone = rules.ties != EITHER or high - low == 1
    overlap = False
    if not alone:
        for row in range(low, high):
            overlap = overlap or rows[row] & (rows[row] - 1) != 0
    masks = rows[low:low]
    if overlap:
        masks = rows[shortlist(rows, low, high, present, rules.steps)]
    for p in range(rules.steps):
        if not (present >> p) & 1:
            continue
        if alone:
            ends[p] = 1 << p
        elif overlap:
            ends[p] = _reach_by_matching(p, masks, rules)
        else:
            ends[p] = _reach(p, present, rules)
        leave = ends[p]
        if rules.order == STRICT and p > 0:
            leave = _using_every_row(p, leave, present, masks, high - low, overlap, alone, rules)
        for j in range(rules.excluded_from.shape[0]):
            if (slots.exclusions[g] >> j) & 1 and p > rules.excluded_from[j]:
                leave &= ~((1 << rules.excluded_to[j]) - 1)
        exits[p] = leave


@part
def _reach(p: int, present: int, rules: Rules) -> int:
    """The steps to get to from p where every row serves one step only."""
    reach = 0
    for q in range(p, rules.steps):
        if (present >> q) & 1:
            reach |= 1 << q
        elif not (rules.optional >> q) & 1:
            break
    return reach


@part
def _reach_by_matching(p: int, masks: NDArray[np.int64], rules: Rules) -> int:
    """The steps to get to from p where rows can serve several steps."""
    owner = np.full(masks.shape[0], FREE, np.int64)
    held = np.full(rules.steps, FREE, np.int64)
    reach = 0
    for q in range(p, rules.steps):
        if (rules.optional >> q) & 1 and q > p:  # an optional step is an end here, but not asked for further on
            if augment(q, masks, owner.copy(), held.copy()):
                reach |= 1 << q
        elif augment(q, masks, owner, held):
            reach |= 1 << q
        else:
            break
    return reach


@part
def _using_every_row(
    p: int, ends: int, present: int, masks: NDArray[np.int64], size: int, overlap: bool, alone: bool, rules: Rules
) -> int:
    """Those of ``ends`` that can be got to with every row of the slot used.

    Served sets grow without undoing, so it is enough that steps p … q can serve as many rows as there are.
    """
    full = 0
    for q in range(p, rules.steps):
        if not (ends >> q) & 1:
            continue
        between = ((1 << (q + 1)) - 1) & ~((1 << p) - 1) & present
        if alone:
            served = 1
        elif overlap:
            served = most_served(masks, between, rules.steps)
        else:
            served = 0
            for k in range(p, q + 1):
                served += (between >> k) & 1
        if served == size:
            full |= 1 << q
    return full
