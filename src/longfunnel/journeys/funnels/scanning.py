"""The common funnel over the columns in files: no row is copied before it is known to matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.chunks import Chunk
from longfunnel.journeys.kernels.ordered import is_simple
from longfunnel.journeys.kernels.reading import VISIT
from longfunnel.journeys.kernels.rules import PERSONS, rules_of
from longfunnel.journeys.kernels.scan import scan, stood_under

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.journeys.column_files import ColumnFiles
    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.journeys.store import Store


@dataclass(frozen=True)
class Scanned:
    """Persons who entered: their places in the files, the mask of the steps that each reached, and of the reported attempt by
    step the instants (``NO_MOMENT``: none) and, where they are asked for, the rows (-1: none). ``left_out``: places of
    persons who must be walked by ``Store.slice_of``.
    """

    person: NDArray[np.int64]
    reached: NDArray[np.int64]
    moment: NDArray[np.int64]
    matched: NDArray[np.int64]
    left_out: NDArray[np.int64]


def can_scan(store: Store, funnel: Funnel) -> bool:
    """Whether what a row means to the funnel depends on its act alone, and the rules are those that one pass decides."""
    reading, rules = store.reading, rules_of(funnel)
    is_plain = not reading.everything and not any(passing is not None for passing in reading.passing)
    return bool(
        store.files is not None
        and is_plain
        and is_simple(rules)
        and rules.counted == PERSONS
        and not rules.hold
        and rules.steps > 1
    )


def scan_persons(store: Store, files: ColumnFiles, funnel: Funnel, begin: int, end: int, *, rows: bool) -> Scanned:
    """What the persons at places begin … end-1 of the files reached; with the ``rows`` of their attempts."""
    rules, reading, meanings = rules_of(funnel), store.reading, store.meanings
    steps_of = np.append(meanings.steps, 0)[meanings.number]  # number -1 is the place behind the last
    size = end - begin
    person, reached = np.empty(size, np.int64), np.empty(size, np.int64)
    moment, matched = (np.empty((count, rules.steps), np.int64) for count in (size, size if rows else 0))
    left_out = np.empty(size, np.int64)
    within = (reading.entry_from, reading.entry_to, store.limits.high)
    numbers = (rules.ties, rules.window, rules.steps)
    entered, left = scan(
        begin,
        end,
        files.starts,
        files.at,
        files.act,
        steps_of,
        within,
        numbers,
        person,
        reached,
        moment,
        matched,
        left_out,
    )
    return Scanned(person[:entered], reached[:entered], moment[:entered], matched[:entered], left_out[:left])


def chunk_of(files: ColumnFiles, places: NDArray[np.int64]) -> Chunk:
    """The rows of some persons, copied."""
    sizes = files.starts[places + 1] - files.starts[places]
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    rows = np.arange(starts[-1]) + np.repeat(files.starts[places] - starts[:-1], sizes)
    more = {name: column[rows] for name, column in files.more.items()}
    return Chunk(files.person_id[places], starts, files.at[rows], files.act[rows], more)


def origins_at(
    store: Store, files: ColumnFiles, person: NDArray[np.int64], row: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Where each of these rows of files comes from: by its credit, else by the visit it stands under; 0 where unknown.

    ``person`` says whose each row is; row -1 is none.
    """
    meanings = store.meanings
    is_visit = np.append(meanings.marks & VISIT != 0, False)[meanings.number]
    visit = stood_under(row, files.starts[person], files.act, is_visit)
    origin = np.where(visit < 0, 0, files.more["origin_id"][visit])
    if store.reading.credited:
        number = np.where(row < 0, -1, meanings.number[files.act[row]])
        origin = store.credit(origin, number, files.more["fact_key"][row].view(np.uint64))
    return origin.view(np.uint64)
