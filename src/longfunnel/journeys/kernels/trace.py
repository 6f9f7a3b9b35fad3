"""The reported attempt of a funnel in order: which row serves which step, by the published preference.

Furthest, then entered earliest, then completed earliest (where attempts are counted, the other way round: then the walk
need not look beyond the first completion); then step by step a matched step before a skipped one and an earlier row before a
later one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.kernels.compiled import highest_bit, part
from longfunnel.journeys.kernels.constrained import Nodes, completions, covers, reach
from longfunnel.journeys.kernels.rules import ATTEMPTS, EITHER, STRICT, Rules
from longfunnel.journeys.kernels.slots import Slots, slots_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@part
def constrained_attempt(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    low: int,
    high: int,
    rules: Rules,
    stop: int,
    matched: NDArray[np.int64],
) -> int:
    """The steps reached by some attempt in rows low … high-1 (a mask), and in ``matched`` the rows of the reported attempt."""
    matched[:] = -1
    slots = slots_of(at, steps, exclusions, low, high, rules.ties)
    reached, first = reach(slots, steps, rules, stop)
    if reached == 0:
        return 0
    target = highest_bit(reached)
    end = first + 1 if rules.counted == ATTEMPTS else slots.at.shape[0]
    entry, last, nodes = completions(slots, steps, rules, target, 0, end)
    if rules.ties == EITHER and slots.first[last + 1] - slots.first[entry] > last + 1 - entry:
        begin, end = slots.first[entry], slots.first[last + 1]
        _decide_rows(at[begin:end], steps[begin:end], exclusions[begin:end], rules, target, matched)
        for k in range(target + 1):
            if matched[k] >= 0:
                matched[k] += begin
    else:
        _walk(slots, steps, rules, target, entry, last, nodes, matched)
    return reached


@part
def _walk(
    slots: Slots,
    steps: NDArray[np.int64],
    rules: Rules,
    target: int,
    entry: int,
    last: int,
    nodes: Nodes,
    matched: NDArray[np.int64],
) -> None:
    """The rows where every slot serves at most one step: go on to the earliest slot that still completes in ``last``."""
    g, p = entry, 0
    matched[0] = _row_in(slots, steps, g, 0)
    while p < target:
        for q in range(p + 1, target + 1):
            h = _next_slot(slots, rules, nodes, g, p, q, last)
            if h >= 0:
                g, p = h, q
                matched[q] = _row_in(slots, steps, g, q)
                break


@part
def _row_in(slots: Slots, steps: NDArray[np.int64], g: int, step: int) -> int:
    """The first row of slot g that has the step."""
    row = slots.first[g]
    while not (steps[row] >> step) & 1:
        row += 1
    return int(row)


@part
def _next_slot(slots: Slots, rules: Rules, nodes: Nodes, g: int, p: int, q: int, last: int) -> int:
    """The earliest slot after g where an attempt may go from step p to step q and still complete in slot ``last``, or -1."""
    low, high = nodes.offset[q], nodes.offset[q + 1]
    while low < high:
        middle = (low + high) // 2
        if nodes.slot[middle] > g:
            high = middle
        else:
            low = middle + 1
    cover = covers(p, q, rules)
    between = g + 1
    for i in range(low, nodes.offset[q + 1]):
        h = nodes.slot[i]
        if h > last or slots.at[h] - slots.at[g] > rules.within[q] or (rules.order == STRICT and h > g + 1):
            return -1
        while between < h:
            if slots.exclusions[between] & cover:
                return -1
            between += 1
        if nodes.completes[i] == last:
            return int(h)
    return -1


@part
def _decide_rows(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    rules: Rules,
    target: int,
    matched: NDArray[np.int64],
) -> None:
    """The rows where instants hold several: decide one step after the other, each time asking whether the rest still works.

    The arrays are the rows from the entry's slot to the completion's. A decision is put into the data (the row serves that
    step only, and no other row does) and the walk back is repeated on it. In one slot no more than ``rules.steps`` rows need
    a trial: one of so many is unused, and can be swapped in.
    """
    optional = rules.optional
    g, p = 0, -1
    for k in range(target + 1):
        slots = slots_of(at, steps, exclusions, 0, at.shape[0], rules.ties)
        last = slots.at.shape[0] - 1
        nodes = completions(slots, steps, _with(rules, optional), target, 0, last + 1)[2]
        row = _first_working_row(at, steps, exclusions, slots, rules, optional, target, g, k)
        if row < 0 and p >= 0:
            h = _next_slot(slots, rules, nodes, g, p, k, last)
            if h >= 0:
                row = _first_working_row(at, steps, exclusions, slots, rules, optional, target, h, k)
                g = h if row >= 0 else g
        if row < 0:
            steps = steps & ~(1 << k)
        else:
            steps = _only(steps, k, row)
            optional &= ~(1 << k)
            matched[k] = row
            p = k


@part
def _first_working_row(
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    slots: Slots,
    rules: Rules,
    optional: int,
    target: int,
    g: int,
    k: int,
) -> int:
    """The first row of slot g that can serve step k in an attempt from the first slot to the last, or -1."""
    trials = 0
    for row in range(slots.first[g], slots.first[g + 1]):
        if not (steps[row] >> k) & 1:
            continue
        if trials == rules.steps:
            break
        trials += 1
        trial = _only(steps, k, row)
        again = slots_of(at, trial, exclusions, 0, at.shape[0], rules.ties)
        last = again.at.shape[0] - 1
        found = completions(again, trial, _with(rules, optional & ~(1 << k)), target, 0, last + 1)
        if found[0] == 0 and found[1] == last:
            return int(row)
    return -1


@part
def _only(steps: NDArray[np.int64], k: int, row: int) -> NDArray[np.int64]:
    """The steps of the rows once step k is given to one row, which serves no other."""
    changed = steps & ~(1 << k)
    changed[row] = 1 << k
    return changed


@part
def _with(rules: Rules, optional: int) -> Rules:
    """The same rules with other optional steps."""
    return Rules(
        rules.order,
        rules.ties,
        rules.counted,
        rules.hold,
        rules.steps,
        rules.window,
        rules.within,
        optional,
        rules.excluded_from,
        rules.excluded_to,
    )
