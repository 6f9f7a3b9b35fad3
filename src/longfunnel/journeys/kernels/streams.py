"""Cutting journeys into streams: by person, by session, and by the value of a property that is held equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longfunnel.journeys.kernels.columns import NO_COLUMN
from longfunnel.journeys.kernels.compiled import kernel, part
from longfunnel.journeys.kernels.rules import SESSIONS, STRICT, Rules

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Rows(NamedTuple):
    """The events of many persons: a person's rows follow one another, sorted by (at, seq). Absent columns are empty arrays.

    ``at``: microseconds UTC. ``steps``, ``exclusions``: bit k is set where the event matches step or exclusion k. ``hold``:
    code of the property held equal, -1 for none. ``session``: number of the session within the person, -1 for none.
    """

    at: NDArray[np.int64]
    steps: NDArray[np.int64]
    exclusions: NDArray[np.int64]
    hold: NDArray[np.int64]
    session: NDArray[np.int64]


class Streams(NamedTuple):
    """Streams over rows of their own: stream i has starts[i] … starts[i+1]-1 and belongs to unit[i]; ``row`` says which row of
    the table each one is (empty: the same). Unit u is of person[u] and session[u].
    """

    starts: NDArray[np.int64]
    unit: NDArray[np.int64]
    person: NDArray[np.int64]
    session: NDArray[np.int64]
    row: NDArray[np.int64]
    at: NDArray[np.int64]
    steps: NDArray[np.int64]
    exclusions: NDArray[np.int64]


def cut(starts: NDArray[np.int64], rows: Rows, begin: int, end: int, rules: Rules) -> Streams:
    """The streams of persons begin … end-1."""
    persons = np.arange(begin, end, dtype=np.int64)
    if rules.counted != SESSIONS and not rules.hold:
        own = starts[begin : end + 1]
        zeros = np.zeros(len(persons), np.int64)
        return Streams(own, persons - begin, persons, zeros, NO_COLUMN, rows.at, rows.steps, rows.exclusions)
    row = np.arange(starts[begin], starts[end], dtype=np.int64)
    person = np.repeat(persons, np.diff(starts[begin : end + 1]))
    session = np.zeros_like(row)
    if rules.counted == SESSIONS:
        row = row[rows.session[row] >= 0]
        person = person[row - starts[begin]]
        session = rows.session[row]
    hold = rows.hold[row] if rules.hold else np.zeros_like(row)
    order = np.lexsort((row, hold, session, person))
    row, person, session, hold = row[order], person[order], session[order], hold[order]
    opens_unit = _changes(person) | _changes(session)
    unit_of_row = np.cumsum(opens_unit) - 1
    edges = np.flatnonzero(opens_unit | _changes(hold))
    stream_starts = np.append(edges, len(row))
    unit = unit_of_row[edges]
    if rules.hold:
        obstacles = np.ones(len(row), np.bool_)  # which rows without a value can stand in the way
        if rules.order != STRICT:
            obstacles = rows.exclusions[row] != 0 if len(rows.exclusions) else ~obstacles
        chosen, stream_starts, kept = with_obstacles(row, stream_starts, unit, hold, obstacles)
        row, unit = chosen, unit[kept]
    steps = rows.steps[row]
    if rules.hold:
        steps[rows.hold[row] < 0] = 0
    exclusions = rows.exclusions[row] if len(rows.exclusions) else NO_COLUMN
    return Streams(stream_starts, unit, person[opens_unit], session[opens_unit], row, rows.at[row], steps, exclusions)


def _changes(column: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where a value differs from the one before it, and at the first."""
    changes = np.ones(len(column), np.bool_)
    np.not_equal(column[1:], column[:-1], out=changes[1:])
    return changes


@kernel
def with_obstacles(
    row: NDArray[np.int64],
    starts: NDArray[np.int64],
    unit: NDArray[np.int64],
    hold: NDArray[np.int64],
    obstacles: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """One stream per held value, with the rows without a value that lie among its rows and can stand in the way.

    A unit's streams follow one another, the one without a value first. Returns the rows of the new streams, their starts,
    and which of the given streams they were.
    """
    chosen = np.empty(max(16, row.shape[0]), np.int64)
    new_starts = np.zeros(unit.shape[0] + 1, np.int64)
    kept = np.empty(unit.shape[0], np.int64)
    size, streams = 0, 0
    other, others_end = 0, 0  # the unit's rows without a value
    for i in range(unit.shape[0]):
        low, high = starts[i], starts[i + 1]
        if i == 0 or unit[i] != unit[i - 1]:
            other, others_end = low, low
        if hold[low] < 0:
            others_end = high
            continue
        at = other + np.searchsorted(row[other:others_end], row[low])
        for place in range(low, high):
            while at < others_end and row[at] < row[place]:
                if obstacles[at]:
                    chosen, size = _append(chosen, size, row[at])
                at += 1
            chosen, size = _append(chosen, size, row[place])
        kept[streams] = i
        streams += 1
        new_starts[streams] = size
    return chosen[:size], new_starts[: streams + 1], kept[:streams]


@part
def _append(buffer: NDArray[np.int64], size: int, value: int) -> tuple[NDArray[np.int64], int]:
    """Add to a buffer, which doubles when it is full."""
    if size == buffer.shape[0]:
        wider = np.empty(2 * size, np.int64)
        wider[:size] = buffer
        buffer = wider
    buffer[size] = value
    return buffer, size + 1
