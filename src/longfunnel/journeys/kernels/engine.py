"""Running a funnel over a table of journeys: slices of persons on threads, partial results merged."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longfunnel.journeys.kernels.columns import NO_COLUMN, signed
from longfunnel.journeys.kernels.ordered import is_simple
from longfunnel.journeys.kernels.rules import ANY, ATTEMPTS, NO_LIMIT, rules_of
from longfunnel.journeys.kernels.streams import Rows, Streams, cut
from longfunnel.journeys.kernels.walk import Entries, walk_constrained, walk_simple, walk_unordered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.journeys.kernels.rules import Rules

SLICE_ROWS = 1 << 19
"""Rows of one slice, about: small enough that threads share evenly, large enough that starting one costs nothing."""

FIRST_LOOK = 64
"""Rows in which the next attempt of a long journey is looked for first."""


class Found(NamedTuple):
    """One entry per counted unit that entered: its person, session (0 unless counted), furthest step (from 0), mask of the
    steps reached, and the row of the table that serves each step of the reported attempt (-1 where none).
    """

    person: NDArray[np.int64]
    session: NDArray[np.int64]
    furthest: NDArray[np.int64]
    reached: NDArray[np.int64]
    matched: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Journeys:
    """Events of many persons in columns of equal length, a person's rows together and sorted by (at, seq).

    ``starts`` has one more entry than there are persons: person i has rows starts[i] … starts[i+1]-1. ``at`` is in
    microseconds UTC. ``steps`` and ``exclusions`` have bit k set where the event matches step or exclusion k. ``hold`` is the
    code of the property held equal (-1: no value), ``session`` the number of the session within the person (-1: none).
    """

    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    steps: NDArray[np.uint64]
    exclusions: NDArray[np.uint64] | None = None
    hold: NDArray[np.int64] | None = None
    session: NDArray[np.int64] | None = None


def find_attempts(journeys: Journeys, funnel: Funnel, *, threads: int | None = None) -> Found:
    """What every person, session or attempt reached, ordered by person: only those that entered the funnel.

    The result does not depend on ``threads`` (default: one per processor) or on how persons are cut into slices.

    Raises:
        ValueError: a column that the funnel's rules need is missing, or columns differ in length.
    """
    return merge(list(_run(journeys, funnel, threads)), len(funnel.steps))


def merge(parts: list[Found], n_steps: int) -> Found:
    """One result out of the results of slices, in the order given."""
    if not parts:
        return Found(NO_COLUMN, NO_COLUMN, NO_COLUMN, NO_COLUMN, np.empty((0, n_steps), np.int64))
    return Found._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _run(journeys: Journeys, funnel: Funnel, threads: int | None) -> Iterator[Found]:
    """The results of the slices, in order."""
    rules = rules_of(funnel)
    starts, rows = _columns(journeys, rules)
    cuts = slices(starts)
    workers = min(threads or os.cpu_count() or 1, len(cuts))
    if workers <= 1:
        yield from (_slice(starts, rows, begin, end, rules) for begin, end in cuts)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda ends: _slice(starts, rows, ends[0], ends[1], rules), cuts)


def slices(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of whole persons with about SLICE_ROWS rows each."""
    persons = len(starts) - 1
    wanted = np.arange(SLICE_ROWS, int(starts[-1]), SLICE_ROWS, dtype=np.int64)
    cuts = np.unique(np.concatenate(([0], np.searchsorted(starts, wanted), [persons])))
    return [(int(begin), int(end)) for begin, end in pairwise(cuts)]


def _slice(starts: NDArray[np.int64], rows: Rows, begin: int, end: int, rules: Rules) -> Found:
    """The result of one slice: its units that entered, or its attempts, in the order of persons and rows."""
    streams = cut(starts, rows, begin, end, rules)
    entries = _room(streams, rules)
    columns = (streams.starts, streams.unit, streams.row, streams.at, streams.steps)
    todo, size = np.arange(len(streams.unit)), 0
    if is_simple(rules):
        size, todo = walk_simple(todo, *columns, rules, entries)
    if len(todo):
        rest = walk_unordered if rules.order == ANY else walk_constrained
        size = rest(todo, *columns, streams.exclusions, rules, entries, size, FIRST_LOOK)
    if rules.counted == ATTEMPTS:
        entries = Entries._make(column[:size] for column in entries)
    kept = np.flatnonzero(entries.furthest >= 0)
    unit, furthest, reached, matched = (column[kept] for column in entries)
    if len(streams.row):
        matched = np.where(matched < 0, -1, streams.row[matched])
    found = Found(streams.person[unit], streams.session[unit], furthest, reached, matched)
    if rules.counted != ATTEMPTS:
        return found
    first_row = np.where(matched < 0, NO_LIMIT, matched).min(axis=1, initial=NO_LIMIT)
    order = np.argsort(first_row)
    return Found._make(column[order] for column in found)


def _room(streams: Streams, rules: Rules) -> Entries:
    """Entries to be filled: one per unit, or as many as there can be attempts, of which each needs an entry event."""
    size = len(streams.person)
    if rules.counted == ATTEMPTS:
        own = streams.steps[streams.starts[0] : streams.starts[-1]]
        size = int(np.count_nonzero(own if rules.order == ANY else own & 1))
    return Entries(
        np.arange(size, dtype=np.int64),
        np.full(size, -1, np.int64),
        np.zeros(size, np.int64),
        np.full((size, rules.steps), -1, np.int64),
    )


def _columns(journeys: Journeys, rules: Rules) -> tuple[NDArray[np.int64], Rows]:
    """The columns as the kernels take them: int64, contiguous, one type whatever they came from."""
    needed = (
        ("exclusions", journeys.exclusions, len(rules.excluded_from) > 0),
        ("hold", journeys.hold, rules.hold == 1),
        ("session", journeys.session, rules.counted == 1),
    )
    missing = [name for name, column, wanted in needed if wanted and column is None]
    if missing:
        raise ValueError(f"This funnel needs the column(s) {', '.join(missing)}.")
    extra = [signed(column) if wanted and column is not None else NO_COLUMN for _, column, wanted in needed]
    starts = signed(journeys.starts)
    rows = Rows(signed(journeys.at), signed(journeys.steps), *extra)
    if any(len(column) not in (0, int(starts[-1])) for column in rows) or len(rows.at) != len(rows.steps):
        raise ValueError(f"Every column must have {int(starts[-1])} rows, as starts says.")
    return starts, rows
