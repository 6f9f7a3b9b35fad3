"""Funnels in order with every rule: strict order, exclusions, windows per step, optional steps, ties in either order.

Why it is exact. What may follow depends on an attempt only through its last step, its last slot and its entry: windows and
exclusions ask for a last slot late enough, the funnel's window for an entry late enough. So, for each step, only the
(last slot, entry slot) pairs that no other pair beats in both need to be kept; they form a stack in which later slots have
earlier entries, and a binary search answers every question. The same walk backwards gives the earliest completion from
every slot and step, hence the earliest entry. O(b·log n) time and O(b) memory for b = set step bits, times the number of
optional steps in a row that may be skipped; inside one instant with overlapping steps, a matching for each pair of steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longfunnel.journeys.kernels.compiled import highest_bit, part
from longfunnel.journeys.kernels.rules import STRICT, Rules
from longfunnel.journeys.kernels.slots import Slots, passages

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).max


class Nodes(NamedTuple):
    """For each step the slots that can enter it, ascending, and the earliest slot where the attempt is then completed.

    Step k's nodes are offset[k] … offset[k+1]-1.
    """

    offset: NDArray[np.int64]
    slot: NDArray[np.int64]
    completes: NDArray[np.int64]


@part
def offsets(slots: Slots, begin: int, end: int, n_steps: int) -> NDArray[np.int64]:
    """Where each step's part of a pool begins: one place for each slot that has the step."""
    offset = np.zeros(n_steps + 1, np.int64)
    for g in range(begin, end):
        bits = slots.steps[g]
        k = 0
        while bits:
            offset[k + 1] += bits & 1
            bits >>= 1
            k += 1
    for k in range(n_steps):
        offset[k + 1] += offset[k]
    return offset


@part
def covers(p: int, q: int, rules: Rules) -> int:
    """The exclusions (as a mask) whose scope the way from step p to the next matched step q touches."""
    mask = 0
    for j in range(rules.excluded_from.shape[0]):
        if p < rules.excluded_to[j] and q > rules.excluded_from[j]:
            mask |= 1 << j
    return mask


@part
def reach(slots: Slots, rows: NDArray[np.int64], rules: Rules, stop: int) -> tuple[int, int]:
    """The steps (as a mask) that some attempt reaches, and the slot where the furthest was first reached (-1: none).

    The walk ends early once all of ``stop`` are reached.
    """
    n_steps = rules.steps
    offset = offsets(slots, 0, slots.at.shape[0], n_steps)
    last = np.empty(offset[n_steps], np.int64)  # per step a stack: last slots ascending, their entries descending
    entry = np.empty(offset[n_steps], np.int64)
    top = offset[:n_steps].copy()
    barrier = np.full(rules.excluded_from.shape[0], -1, np.int64)
    ends = np.zeros(n_steps, np.int64)
    exits = np.zeros(n_steps, np.int64)
    best = np.empty(n_steps, np.int64)
    reached, first = 0, -1
    for g in range(slots.at.shape[0]):
        present = slots.steps[g]
        if present:
            passages(slots, g, rows, rules, ends, exits)
            best[:] = -1
            for q in range(n_steps):
                if not (present >> q) & 1:
                    continue
                start = g if q == 0 else _latest_entry(slots, g, q, offset, top, last, entry, barrier, rules)
                if start < 0 or slots.at[g] - slots.at[start] > rules.window:
                    continue
                if highest_bit(ends[q]) > highest_bit(reached):
                    first = g
                reached |= ends[q]
                for k in range(q, n_steps):
                    if (exits[q] >> k) & 1:
                        best[k] = max(best[k], start)
            if reached & stop == stop:
                return reached, first
            for k in range(n_steps):
                if best[k] >= 0:
                    while top[k] > offset[k] and entry[top[k] - 1] <= best[k]:
                        top[k] -= 1
                    last[top[k]] = g
                    entry[top[k]] = best[k]
                    top[k] += 1
        for j in range(barrier.shape[0]):
            if (slots.exclusions[g] >> j) & 1:
                barrier[j] = g
    return reached, first


@part
def _latest_entry(
    slots: Slots,
    g: int,
    q: int,
    offset: NDArray[np.int64],
    top: NDArray[np.int64],
    last: NDArray[np.int64],
    entry: NDArray[np.int64],
    barrier: NDArray[np.int64],
    rules: Rules,
) -> int:
    """The latest entry slot of an attempt that may go on to step q in slot g, or -1."""
    found = -1
    for p in range(q - 1, -1, -1):
        earliest = g - 1 if rules.order == STRICT else 0
        for j in range(barrier.shape[0]):
            if p < rules.excluded_to[j] and q > rules.excluded_from[j]:
                earliest = max(earliest, barrier[j])
        low, high = offset[p], top[p]
        while low < high:  # the first pair late enough has the latest entry
            middle = (low + high) // 2
            if last[middle] >= earliest and slots.at[g] - slots.at[last[middle]] <= rules.within[q]:
                high = middle
            else:
                low = middle + 1
        if low < top[p]:
            found = max(found, entry[low])
        if not (rules.optional >> p) & 1:
            break
    return found


@part
def completions(
    slots: Slots, rows: NDArray[np.int64], rules: Rules, target: int, begin: int, end: int
) -> tuple[int, int, Nodes]:
    """The earliest entry slot from which step ``target`` is reached within slots begin … end-1, the earliest slot where it is
    reached from there (-1, -1 if it is not), and the nodes of all steps up to the target.
    """
    n_steps = rules.steps
    offset = offsets(slots, begin, end, n_steps)
    nodes = Nodes(offset, np.empty(offset[n_steps], np.int64), np.full(offset[n_steps], NEVER, np.int64))
    bottom = offset[1:].copy()  # per step the next node to fill, from its end backwards
    first = np.empty(offset[n_steps], np.int64)  # per step a stack: slots descending, their completions ascending
    completed = np.empty(offset[n_steps], np.int64)
    top = offset[:n_steps].copy()
    barrier = np.full(rules.excluded_from.shape[0], NEVER, np.int64)
    ends = np.zeros(n_steps, np.int64)
    exits = np.zeros(n_steps, np.int64)
    after = np.empty(n_steps, np.int64)
    entry_slot, last_slot = -1, -1
    for g in range(end - 1, begin - 1, -1):
        present = slots.steps[g]
        if present:
            passages(slots, g, rows, rules, ends, exits)
            for q in range(target):
                if (present >> q) & 1:
                    after[q] = _earliest_completion(slots, g, q, target, offset, top, first, completed, barrier, rules)
            for p in range(n_steps):
                if not (present >> p) & 1:
                    continue
                soonest = NEVER
                if p <= target:
                    if (ends[p] >> target) & 1:
                        soonest = g
                    else:
                        for q in range(p, target):
                            if (exits[p] >> q) & 1:
                                soonest = min(soonest, after[q])
                bottom[p] -= 1
                nodes.slot[bottom[p]] = g
                nodes.completes[bottom[p]] = soonest
                if soonest == NEVER:
                    continue
                if p == 0 and slots.at[soonest] - slots.at[g] <= rules.window:
                    entry_slot, last_slot = g, soonest
                while top[p] > offset[p] and completed[top[p] - 1] >= soonest:
                    top[p] -= 1
                first[top[p]] = g
                completed[top[p]] = soonest
                top[p] += 1
        for j in range(barrier.shape[0]):
            if (slots.exclusions[g] >> j) & 1:
                barrier[j] = g
    return entry_slot, last_slot, nodes


@part
def _earliest_completion(
    slots: Slots,
    g: int,
    p: int,
    target: int,
    offset: NDArray[np.int64],
    top: NDArray[np.int64],
    first: NDArray[np.int64],
    completed: NDArray[np.int64],
    barrier: NDArray[np.int64],
    rules: Rules,
) -> int:
    """The earliest completion of an attempt that leaves slot g from step p."""
    found = NEVER
    for q in range(p + 1, target + 1):
        latest = g + 1 if rules.order == STRICT else NEVER
        for j in range(barrier.shape[0]):
            if p < rules.excluded_to[j] and q > rules.excluded_from[j]:
                latest = min(latest, barrier[j])
        low, high = offset[q], top[q]
        while low < high:
            middle = (low + high) // 2
            if first[middle] <= latest and slots.at[first[middle]] - slots.at[g] <= rules.within[q]:
                high = middle
            else:
                low = middle + 1
        if low < top[q]:
            found = min(found, completed[low])
        if not (rules.optional >> q) & 1:
            break
    return found
