"""The walk over streams: what each counted unit reached, and its reported attempt or all its attempts.

A stream is a run of rows in which attempts are looked for: a person's, a session's, or those of them with one held value.
A unit is what is counted: a person or a session; it may have several streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longfunnel.journeys.kernels.compiled import highest_bit, kernel, part
from longfunnel.journeys.kernels.ordered import NEEDS_MATCHING, simple_attempt
from longfunnel.journeys.kernels.rules import ANY, ATTEMPTS, RECORDED, Rules
from longfunnel.journeys.kernels.trace import constrained_attempt
from longfunnel.journeys.kernels.unordered import unordered_attempt

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Entries(NamedTuple):
    """What was found: of which unit, the furthest step (-1: did not enter), the mask of the steps reached, and the place of
    the row that serves each step of the attempt (-1 where none). One entry per unit, or one per attempt.
    """

    unit: NDArray[np.int64]
    furthest: NDArray[np.int64]
    reached: NDArray[np.int64]
    matched: NDArray[np.int64]


@kernel
def walk_simple(
    streams: NDArray[np.int64],
    starts: NDArray[np.int64],
    unit: NDArray[np.int64],
    row: NDArray[np.int64],
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    rules: Rules,
    entries: Entries,
) -> tuple[int, NDArray[np.int64]]:
    """Fill ``entries`` for the common funnel: how many attempts were added, and the streams left out as they need matching.

    Stream i has rows starts[i] … starts[i+1]-1 and belongs to unit[i]; ``streams`` are the ones to walk. ``row`` gives the
    rows' order in the table; it may be empty where no unit has several streams.
    """
    ties, window = rules.ties, rules.window
    matched = np.empty(rules.steps, np.int64)
    scratch = np.empty(rules.steps, np.int64)
    left_out = np.empty(streams.shape[0], np.int64)
    left, size = 0, 0
    segments = np.empty((2 * rules.steps + 4, 3), np.int64)
    furthest, all_reached, all_matched = entries.furthest, entries.reached, entries.matched
    for i in streams:
        before, waiting = size, 1
        _put(segments, 0, starts[i], starts[i + 1], rules.steps - 1)
        while waiting:
            waiting -= 1
            low, high, bound = segments[waiting, 0], segments[waiting, 1], segments[waiting, 2]
            reached = simple_attempt(at, steps, low, high, ties, window, 1 << bound, scratch, matched)
            if reached == NEEDS_MATCHING:
                left_out[left] = i
                left += 1
                size = before
                break
            if reached and rules.counted != ATTEMPTS:
                if furthest[unit[i]] >= 0:
                    _keep_best(row, at, rules, reached, matched, unit[i], entries)
                else:
                    _store(reached, matched, unit[i], furthest, all_reached, all_matched)
            elif reached:
                segments, waiting = _split(rules, matched, low, high, segments, waiting)
                size = _add(rules, matched, unit[i], entries, size)
    return size, left_out[:left]


@kernel
def walk_constrained(
    streams: NDArray[np.int64],
    starts: NDArray[np.int64],
    unit: NDArray[np.int64],
    row: NDArray[np.int64],
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    rules: Rules,
    entries: Entries,
    size: int,
    look: int,
) -> int:
    """The same for every other funnel in order, with ``size`` entries already filled; the number of entries then.

    ``exclusions`` may be empty where the funnel has none. Where attempts follow one another in a long stream, each is looked
    for in ``look`` rows first, then in twice as many, and so on.
    """
    matched = np.empty(rules.steps, np.int64)
    segments = np.empty((2 * rules.steps + 4, 3), np.int64)
    furthest, all_reached, all_matched = entries.furthest, entries.reached, entries.matched
    for i in streams:
        waiting = 1
        _put(segments, 0, starts[i], starts[i + 1], rules.steps - 1)
        while waiting:
            waiting -= 1
            low, high, bound = segments[waiting, 0], segments[waiting, 1], segments[waiting, 2]
            stop = 1 << bound if rules.counted == ATTEMPTS else (1 << rules.steps) - 1
            reached, past, span = 0, low, look if rules.counted == ATTEMPTS else high - low
            while past < high:
                past = _part_of(at, low, high, span, rules)
                reached = constrained_attempt(at, steps, exclusions, low, past, rules, stop, matched)
                if past < high and (reached >> bound) & 1:
                    break
                span *= 2
            if reached and rules.counted != ATTEMPTS:
                if furthest[unit[i]] >= 0:
                    _keep_best(row, at, rules, reached, matched, unit[i], entries)
                else:
                    _store(reached, matched, unit[i], furthest, all_reached, all_matched)
            elif reached:
                segments, waiting = _split(rules, matched, low, high, segments, waiting)
                size = _add(rules, matched, unit[i], entries, size)
    return size


@kernel
def walk_unordered(
    streams: NDArray[np.int64],
    starts: NDArray[np.int64],
    unit: NDArray[np.int64],
    row: NDArray[np.int64],
    at: NDArray[np.int64],
    steps: NDArray[np.int64],
    exclusions: NDArray[np.int64],
    rules: Rules,
    entries: Entries,
    size: int,
    look: int,
) -> int:
    """The same for funnels in any order."""
    matched = np.empty(rules.steps, np.int64)
    segments = np.empty((2 * rules.steps + 4, 3), np.int64)
    furthest, all_reached, all_matched = entries.furthest, entries.reached, entries.matched
    for i in streams:
        waiting = 1
        _put(segments, 0, starts[i], starts[i + 1], rules.steps - 1)
        while waiting:
            waiting -= 1
            low, high, bound = segments[waiting, 0], segments[waiting, 1], segments[waiting, 2]
            stop = 1 << bound if rules.counted == ATTEMPTS else (1 << rules.steps) - 1
            reached, past, span = 0, low, look if rules.counted == ATTEMPTS else high - low
            while past < high:
                past = _part_of(at, low, high, span, rules)
                reached = unordered_attempt(at, steps, exclusions, low, past, rules, stop, matched)
                if past < high and (reached >> bound) & 1:
                    break
                span *= 2
            if reached and rules.counted != ATTEMPTS:
                if furthest[unit[i]] >= 0:
                    _keep_best(row, at, rules, reached, matched, unit[i], entries)
                else:
                    _store(reached, matched, unit[i], furthest, all_reached, all_matched)
            elif reached:
                segments, waiting = _split(rules, matched, low, high, segments, waiting)
                size = _add(rules, matched, unit[i], entries, size)
    return size


@part
def _part_of(at: NDArray[np.int64], low: int, high: int, span: int, rules: Rules) -> int:
    """The end of about ``span`` rows from ``low`` on, not within an instant.

    Where attempts are counted, one found in them that reaches as far as any can is the one of the whole stream, because the
    first completion decides.
    """
    past = min(high, low + span)
    if rules.ties != RECORDED:
        while past < high and at[past] == at[past - 1]:
            past += 1
    return past


@part
def _split(
    rules: Rules, matched: NDArray[np.int64], low: int, high: int, segments: NDArray[np.int64], waiting: int
) -> tuple[NDArray[np.int64], int]:
    """Put what is left before and after an attempt on the stack: no part can reach further than the whole did."""
    reached, begin, end = _own(rules, matched)
    if waiting + 2 > segments.shape[0]:
        wider = np.empty((2 * segments.shape[0], 3), np.int64)
        for i in range(waiting):
            _put(wider, i, segments[i, 0], segments[i, 1], segments[i, 2])
        segments = wider
    if end + 1 < high:
        _put(segments, waiting, end + 1, high, highest_bit(reached))
        waiting += 1
    if low < begin:
        _put(segments, waiting, low, begin, highest_bit(reached))
        waiting += 1
    return segments, waiting


@part
def _put(segments: NDArray[np.int64], place: int, low: int, high: int, bound: int) -> None:
    """Write one segment: its rows low … high-1, and the furthest step that it can reach."""
    segments[place, 0] = low
    segments[place, 1] = high
    segments[place, 2] = bound


@part
def _add(rules: Rules, matched: NDArray[np.int64], unit: int, entries: Entries, size: int) -> int:
    """Add an attempt, with the steps that it reached itself; the number of entries then."""
    reached = _own(rules, matched)[0]
    entries.unit[size] = unit
    _store(reached, matched, size, entries.furthest, entries.reached, entries.matched)
    return size + 1


@part
def _store(
    reached: int,
    matched: NDArray[np.int64],
    place: int,
    furthest: NDArray[np.int64],
    all_reached: NDArray[np.int64],
    all_matched: NDArray[np.int64],
) -> None:
    """Write one entry. (Bare arrays: passing them in a tuple costs more than the writing.)"""
    furthest[place] = highest_bit(reached)
    all_reached[place] = reached
    for k in range(matched.shape[0]):
        all_matched[place, k] = matched[k]


@part
def _keep_best(
    row: NDArray[np.int64],
    at: NDArray[np.int64],
    rules: Rules,
    reached: int,
    matched: NDArray[np.int64],
    unit: int,
    entries: Entries,
) -> None:
    """Let a unit keep the better of its attempt so far and a new one; it has reached what any stream of it has."""
    reached |= entries.reached[unit]
    if _is_better(row, at, rules, matched, entries, unit):
        _store(reached, matched, unit, entries.furthest, entries.reached, entries.matched)
    entries.reached[unit] = reached


@part
def _is_better(
    row: NDArray[np.int64],
    at: NDArray[np.int64],
    rules: Rules,
    matched: NDArray[np.int64],
    entries: Entries,
    unit: int,
) -> bool:
    """Whether an attempt is preferred to the one kept: further, entered earlier, completed earlier, then step by step."""
    kept = entries.matched[unit]
    reached, low, high = _own(rules, matched)
    kept_reached, kept_low, kept_high = _own(rules, kept)
    if highest_bit(reached) != highest_bit(kept_reached):
        return bool(highest_bit(reached) > highest_bit(kept_reached))
    if rules.ties == RECORDED:
        low, high, kept_low, kept_high = row[low], row[high], row[kept_low], row[kept_high]
    else:
        low, high, kept_low, kept_high = at[low], at[high], at[kept_low], at[kept_high]
    if low != kept_low:
        return bool(low < kept_low)
    if high != kept_high:
        return bool(high < kept_high)
    for k in range(rules.steps):
        if matched[k] < 0 or kept[k] < 0:
            if matched[k] >= 0 or kept[k] >= 0:
                return bool(kept[k] < 0)
        elif row[matched[k]] != row[kept[k]]:
            return bool(row[matched[k]] < row[kept[k]])
    return False


@part
def _own(rules: Rules, matched: NDArray[np.int64]) -> tuple[int, int, int]:
    """The steps that an attempt itself reached (a mask), its lowest and its highest row."""
    reached, number = 0, 0
    low, high = -1, -1
    for k in range(rules.steps):
        if matched[k] < 0:
            continue
        low = matched[k] if low < 0 else min(low, matched[k])
        high = max(high, matched[k])
        reached |= 1 << (number if rules.order == ANY else k)
        number += 1
    return reached, low, high
