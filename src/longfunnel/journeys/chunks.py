"""The timeline in chunks of whole persons, as it comes out of the engine or lies in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.arrow_columns import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Chunk:
    """Whole persons in the order of the timeline: person i of ``person_id`` has rows starts[i] … starts[i+1]-1.

    ``act`` is a code, of the store's ``meanings``; ``more`` has the columns that the reading asks for besides: fact_key,
    origin_id (0: unknown), amount.
    """

    person_id: NDArray[np.uint64]
    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    act: NDArray[np.uint32]
    more: dict[str, NDArray[np.int64]]


Columns = dict[str, "NDArray[np.int64]"]


def whole_persons(batches: Iterable[pa.RecordBatch]) -> Iterator[Columns]:
    """The raw columns of whole persons, out of batches of the timeline that cut persons anywhere."""
    waiting: list[Columns] = []  # the rows so far of a person who may go on in the next batch
    for batch in batches:
        raw = plain(batch)
        person = raw["person_id"]
        size = len(person)
        if waiting:
            head = _run(person, 0) if person[0] == waiting[0]["person_id"][0] else 0
            waiting += [_part(raw, 0, head)] if head else []
            if head == size:
                continue
            yield _joined(waiting)
            raw = _part(raw, head, size)
            person = raw["person_id"]
        tail = len(person) - _run(person[::-1], 0)
        if tail:
            yield _part(raw, 0, tail)
        waiting = [{name: column[tail:].copy() for name, column in raw.items()}]
    if waiting:
        yield _joined(waiting)


def _part(raw: Columns, begin: int, end: int) -> Columns:
    return {name: column[begin:end] for name, column in raw.items()}


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _run(values: NDArray[np.int64], begin: int) -> int:
    """How many values from ``begin`` on are equal to the one there; looks no further than twice as far as need be."""
    reach = 64
    while True:
        other = np.flatnonzero(values[begin : begin + reach] != values[begin])
        if len(other):
            return int(other[0])
        if begin + reach >= len(values):
            return len(values) - begin
        reach *= 2
