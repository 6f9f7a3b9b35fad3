"""The store of journeys as kernels read it: the timeline in slices of whole persons, only the rows that matter.

The timeline is read once, as a stream in the order in which it stands, so memory is bounded by a few chunks however many events
there are. A row's act is looked up in a small table of the acts that the funnel names; what depends on a row's own properties
comes as sorted keys of facts that the warehouse has picked.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from longfunnel.journeys.kernels.columns import NO_COLUMN, signed
from longfunnel.journeys.kernels.engine import Journeys
from longfunnel.journeys.kernels.reading import KEEP, SITE, VISIT, Kept, Limits, act_table, room, select
from longfunnel.journeys.kernels.totals import NO_AMOUNT
from longfunnel.journeys.stage import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from numpy.typing import NDArray

    from longfunnel.journeys.kernels.reading import ActTable
    from longfunnel.journeys.properties import Passing
    from longfunnel.journeys.steps import Alternative

CHUNK: Final = 1 << 19
"""Rows that are read at a time: few enough to stay in the processor's cache, many enough that starting a kernel costs nothing."""
FAR: Final = np.iinfo(np.int64).max
_NEVER: Final = np.iinfo(np.int64).min + 1


@dataclass(frozen=True)
class Keyed:
    """A value by the key of a fact: ``keys`` are sorted, ``values`` stand beside them; ``nothing`` where there is no key."""

    keys: NDArray[np.uint64]
    values: NDArray[np.int64]

    def of(self, wanted: NDArray[np.uint64], nothing: int) -> NDArray[np.int64]:
        """The values of these keys."""
        if not len(self.keys):
            return np.full(len(wanted), nothing, np.int64)
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[place] == wanted, self.values[place], nothing)


@dataclass(frozen=True)
class Reading:
    """What is asked of the store.

    ``alternatives`` with the events of each that pass its conditions. Attempts may enter from ``entry_from`` to ``entry_to``
    and last ``window`` (all in µs). ``everything`` keeps rows that no step names, but for visits: they stand in the way of a
    strict order. ``credited`` and ``held``, by kind, say where a row comes from and what it holds equal.
    """

    alternatives: list[Alternative]
    passing: list[Passing | None]
    kinds: dict[str, NDArray[np.uint64]] = field(default_factory=dict)
    """Acts of visits, pages and events, where sessions or origins are asked for."""
    entry_from: int = _NEVER
    entry_to: int = FAR
    window: int = FAR
    in_order: bool = True
    everything: bool = False
    sessions: bool = False
    silence: int = 30 * 60 * 1_000_000
    origins: bool = False
    amounts: bool = False
    facts: bool = False
    credited: dict[str, Keyed] = field(default_factory=dict)
    held: dict[str, Keyed] | None = None
    held_origin: Keyed | None = None
    """As ``held``, by origin: for a property of where the person came from."""
    person: int | None = None
    """Only this one."""


@dataclass(frozen=True)
class Slice:
    """Whole persons: their ids, their rows for the kernels, and the rows' other columns (None where not asked for).

    ``act`` numbers the acts of the reading (-1: an act that no step names); ``origin`` is 0 where unknown; ``amount`` is in
    ten-thousandths of the currency, ``NO_AMOUNT`` where unknown.
    """

    person_id: NDArray[np.uint64]
    journeys: Journeys
    act: NDArray[np.int64] | None
    fact_key: NDArray[np.uint64] | None
    origin: NDArray[np.uint64] | None
    amount: NDArray[np.int64] | None


Columns = dict[str, "NDArray[np.int64]"]


class Store:
    """The timeline of one schema, to be read in one way."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str, reading: Reading) -> None:
        self.connection, self.schema, self.reading = connection, schema, reading
        self._rooms = threading.local()
        self.act_ids, self.kind_of = self._acts()
        self.table = self._table()
        self.needs_facts = reading.facts or reading.held is not None or bool(reading.credited) or self._has_keys()
        self.needs_acts = self.needs_facts or any(passing is not None for passing in reading.passing)
        self.has_exclusions = any(item.exclusion >= 0 for item in reading.alternatives)

    def _has_keys(self) -> bool:
        return any(passing is not None and passing.keys is not None for passing in self.reading.passing)

    def _acts(self) -> tuple[NDArray[np.uint64], list[str]]:
        """The acts that matter, sorted, and the kind of each."""
        kinds: dict[int, str] = {}
        for kind, ids in self.reading.kinds.items():
            kinds |= dict.fromkeys(ids.tolist(), kind)
        for alternative in self.reading.alternatives:
            kinds |= dict.fromkeys(alternative.act_ids.tolist(), alternative.act.kind)
        ordered = sorted(kinds)
        return np.array(ordered, np.uint64), [kinds[act] for act in ordered]

    def _table(self) -> ActTable:
        steps, exclusions, marks = (np.zeros(len(self.act_ids), np.int64) for _ in range(3))
        for alternative, passing in zip(self.reading.alternatives, self.reading.passing, strict=True):
            numbers = np.searchsorted(self.act_ids, alternative.act_ids)
            if passing is not None:
                marks[numbers] |= KEEP
            elif alternative.step >= 0:
                steps[numbers] |= 1 << alternative.step
            else:
                exclusions[numbers] |= 1 << alternative.exclusion
        for number, kind in enumerate(self.kind_of):
            marks[number] |= VISIT if kind == "visit" else SITE if kind in ("page", "event") else 0
        return act_table(self.act_ids, steps, exclusions, marks)

    def sql(self) -> str:
        """The statement that reads the timeline."""
        columns = ["person_id", '"at"', "act_id"]
        columns += ["fact_key"] if self.needs_facts else []
        columns += ["coalesce(origin_id, 0) AS origin_id"] if self.reading.origins else []
        columns += ["amount"] if self.reading.amounts else []
        where = "" if self.reading.person is None else "\nWHERE bucket = $bucket AND person_id = $person"
        return f'SELECT {", ".join(columns)}\nFROM "{self.schema}".timeline{where}'

    @property
    def values(self) -> dict[str, int]:
        """The values of the statement's parameters."""
        person = self.reading.person
        return {} if person is None else {"bucket": person % BUCKETS, "person": person}

    def __iter__(self) -> Iterator[Slice]:
        """The slices, in the order of the timeline. The connection must not run anything else meanwhile."""
        return map(self.slice_of, self.chunks())

    def chunks(self) -> Iterator[Columns]:
        """The raw columns of whole persons, in the order of the timeline: ``slice_of`` turns each into a slice, on any thread."""
        reader = self.connection.execute(self.sql(), self.values).to_arrow_reader(CHUNK)
        waiting: list[Columns] = []  # the rows so far of a person who may go on in the next batch
        for batch in reader:
            raw = _raw(batch)
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

    def slice_of(self, raw: Columns) -> Slice:
        """The rows of whole persons that matter."""
        reading = self.reading
        high = reading.entry_to + reading.window if reading.entry_to < FAR - reading.window else FAR
        limits = Limits(reading.entry_from, high, reading.everything, reading.silence)
        size = len(raw["person_id"])
        kept = self._room(size)
        origin = raw.get("origin_id", NO_COLUMN)
        size = select(raw["person_id"], raw["at"], raw["act_id"], origin, self.table, limits, kept)
        columns = {
            "person_id": kept.person[:size].copy(),
            "at": kept.at[:size].copy(),
            "steps": kept.steps[:size].copy(),
            "exclusions": kept.exclusions[:size].copy() if self.has_exclusions else np.zeros(size, np.int64),
        }
        columns |= {name: raw[name][kept.place[:size]] for name in ("fact_key", "amount") if name in raw}
        columns |= {"number": kept.number[:size].copy()} if self.needs_acts else {}
        columns |= {"origin": kept.origin[:size].copy()} if reading.origins else {}
        columns |= {"session": kept.session[:size].copy()} if reading.sessions else {}
        return self._slice(columns)

    def _room(self, size: int) -> Kept:
        """Space for a chunk's rows, one per thread and used again: fresh memory costs more than the walk over it."""
        kept: Kept | None = getattr(self._rooms, "kept", None)
        if kept is None or len(kept.person) < size:
            reading, has_places = self.reading, self.needs_facts or self.reading.amounts
            kept = self._rooms.kept = room(
                max(size, min(CHUNK, 1 << 16)),
                place=has_places,
                number=self.needs_acts,
                exclusions=self.has_exclusions,
                origin=reading.origins,
                session=reading.sessions,
            )
        return kept

    def _slice(self, columns: Columns) -> Slice:
        """Whole persons, with what depends on a row's own properties worked out."""
        person, reading = columns["person_id"], self.reading
        begins = np.flatnonzero(np.concatenate(([True], person[1:] != person[:-1]))) if len(person) else NO_COLUMN
        starts = np.concatenate((begins, [len(person)])).astype(np.int64)
        fact_key = columns["fact_key"].view(np.uint64) if "fact_key" in columns else None
        origin = self._origin(columns, fact_key)
        steps, exclusions = columns["steps"], columns["exclusions"]
        for alternative, passing in zip(reading.alternatives, reading.passing, strict=True):
            if passing is not None:
                passes = self._passes(alternative, passing, columns["number"], fact_key, origin)
                if alternative.step >= 0:
                    steps[passes] |= 1 << alternative.step
                else:
                    exclusions[passes] |= 1 << alternative.exclusion
        if reading.in_order:
            outside = (columns["at"] < reading.entry_from) | (columns["at"] > reading.entry_to)
            steps[outside] &= ~1
        journeys = Journeys(
            starts,
            columns["at"],
            steps.view(np.uint64),
            exclusions.view(np.uint64),
            self._held(columns, fact_key, origin),
            columns.get("session"),
        )
        return Slice(
            person[starts[:-1]].view(np.uint64),
            journeys,
            columns.get("number"),
            fact_key,
            origin,
            columns.get("amount"),
        )

    def _passes(
        self, alternative: Alternative, passing: Passing, number: NDArray[np.int64],
        fact_key: NDArray[np.uint64] | None, origin: NDArray[np.uint64] | None,
    ) -> NDArray[np.int64]:  # fmt: skip
        """The rows of an alternative's acts that pass its conditions."""
        named = np.zeros(len(self.act_ids) + 1, np.bool_)  # the last place is for number -1
        named[np.searchsorted(self.act_ids, alternative.act_ids)] = True
        rows = np.flatnonzero(named[number])
        if passing.keys is not None and fact_key is not None:
            rows = rows[_among(fact_key[rows], passing.keys)]
        if passing.origins is not None and origin is not None:
            rows = rows[_among(origin[rows], passing.origins)]
        return rows

    def _kinds(self, number: NDArray[np.int64], kind: str) -> NDArray[np.int64]:
        """The rows of a kind."""
        is_kind = np.array([*(one == kind for one in self.kind_of), False])
        return np.flatnonzero(is_kind[number])

    def _origin(self, columns: Columns, fact_key: NDArray[np.uint64] | None) -> NDArray[np.uint64] | None:
        if "origin" not in columns:
            return None
        origin = columns["origin"].view(np.uint64)
        for kind, credited in self.reading.credited.items():
            rows = self._kinds(columns["number"], kind)
            if fact_key is not None and len(rows):
                origin[rows] = credited.of(fact_key[rows], 0).view(np.uint64)
        return origin

    def _held(
        self, columns: Columns, fact_key: NDArray[np.uint64] | None, origin: NDArray[np.uint64] | None
    ) -> NDArray[np.int64] | None:
        if self.reading.held_origin is not None and origin is not None:
            return self.reading.held_origin.of(origin, -1)
        if self.reading.held is None or fact_key is None:
            return None
        held = np.full(len(fact_key), -1, np.int64)
        for kind, values in self.reading.held.items():
            rows = self._kinds(columns["number"], kind)
            held[rows] = values.of(fact_key[rows], -1)
        return held


def _raw(batch: pa.RecordBatch) -> Columns:
    """The columns of a batch as int64, without copying where possible."""
    found = {}
    for name in batch.schema.names:
        column = batch.column(name)
        if name == "amount":
            found[name] = _amounts(column)
            continue
        if column.null_count:
            raise ValueError(f"timeline.{name} has unknown values.")
        plain = column.view(pa.int64()) if pa.types.is_timestamp(column.type) else column
        found[name] = signed(plain.to_numpy(zero_copy_only=True))
    return found


def _amounts(column: pa.Array) -> NDArray[np.int64]:
    """DECIMAL(18,4) as whole ten-thousandths: the low half of each 128-bit value, which holds all 18 digits."""
    halves = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset :: 2][: len(column)].copy()
    if column.null_count:
        halves[column.is_null().to_numpy(zero_copy_only=False)] = NO_AMOUNT
    return halves


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


def _among(wanted: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of ``wanted`` are in the sorted ``known``."""
    if not len(known):
        return np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found: NDArray[np.bool_] = known[place] == wanted
    return found
