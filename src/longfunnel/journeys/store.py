"""The store of journeys as kernels read it: the timeline in slices of whole persons, only the rows that matter.

The timeline is read in the order in which it stands, from its columns in files or else as a stream out of the engine, so memory
is bounded by a few chunks however many events there are. What a row's act means to the funnel is looked up by its code; what
depends on a row's own properties comes as sorted keys of facts that the warehouse has picked.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.journeys.chunks import Chunk, Columns, whole_persons
from longfunnel.journeys.column_files import column_files
from longfunnel.journeys.derive.stage import BUCKETS
from longfunnel.journeys.kernels.columns import NO_COLUMN
from longfunnel.journeys.kernels.engine import Journeys, slices
from longfunnel.journeys.kernels.reading import (
    KEEP,
    SITE,
    VISIT,
    ActMeanings,
    Kept,
    Limits,
    act_table,
    code_acts,
    room,
    select,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from numpy.typing import NDArray

    from longfunnel.journeys.column_files import ColumnFiles
    from longfunnel.journeys.funnels.properties import Passing
    from longfunnel.journeys.funnels.steps import Alternative
    from longfunnel.journeys.kernels.reading import ActTable

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


class Store:
    """The timeline of one schema, to be read in one way."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str, reading: Reading) -> None:
        self.connection, self.schema, self.reading = connection, schema, reading
        self._rooms = threading.local()
        self.act_ids, self.kind_of = self._acts()
        self.needs_facts = reading.facts or reading.held is not None or bool(reading.credited) or self._has_keys()
        self.needs_acts = self.needs_facts or any(passing is not None for passing in reading.passing)
        self.has_exclusions = any(item.exclusion >= 0 for item in reading.alternatives)
        self.files: ColumnFiles | None = (
            column_files(connection, schema, self._more()) if reading.person is None else None
        )
        self.meanings = self._meanings()

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

    def _meanings(self) -> ActMeanings:
        """What each act means. In files an act's code is its place among all acts; a stream's rows are coded by their number."""
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
        coded = self.act_ids if self.files is None else self.files.act_id
        number_of = np.full(len(coded) + 1, -1, np.int64)
        place = np.minimum(np.searchsorted(coded, self.act_ids), max(len(coded) - 1, 0))
        known = coded[place] == self.act_ids if len(coded) else np.zeros(len(place), np.bool_)
        number_of[place[known]] = np.flatnonzero(known)
        return ActMeanings(number_of, steps, exclusions, marks)

    def _more(self) -> list[str]:
        """Names of the columns that the reading asks for besides persons, instants and acts."""
        reading = self.reading
        asked = {"fact_key": self.needs_facts, "origin_id": reading.origins, "amount": reading.amounts}
        return [name for name, wanted in asked.items() if wanted]

    def sql(self) -> str:
        """The statement that reads the timeline."""
        columns = ["person_id", '"at"', "act_id"]
        columns += ["coalesce(origin_id, 0) AS origin_id" if name == "origin_id" else name for name in self._more()]
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

    def chunks(self) -> Iterator[Chunk]:
        """The timeline in its order, cut between persons: ``slice_of`` turns each into a slice, on any thread."""
        if self.files is None:
            reader = self.connection.execute(self.sql(), self.values).to_arrow_reader(CHUNK)
            yield from map(self._coded, whole_persons(reader))
            return
        files = self.files
        for begin, end in slices(files.starts):
            low, high = files.starts[begin], files.starts[end]
            yield Chunk(
                files.person_id[begin:end],
                files.starts[begin : end + 1] - low,
                files.at[low:high],
                files.act[low:high],
                {name: column[low:high] for name, column in files.more.items()},
            )

    def _coded(self, raw: Columns) -> Chunk:
        """Raw columns as a chunk."""
        person = raw.pop("person_id")
        begins = np.flatnonzero(np.concatenate(([True], person[1:] != person[:-1])))
        act = code_acts(raw.pop("act_id"), self._table, len(self.act_ids))
        starts = np.concatenate((begins, [len(person)])).astype(np.int64)
        return Chunk(person[begins].view(np.uint64), starts, raw.pop("at"), act, raw)

    @cached_property
    def _table(self) -> ActTable:
        return act_table(self.act_ids)

    @property
    def limits(self) -> Limits:
        """Which rows the reading keeps."""
        reading = self.reading
        high = reading.entry_to + reading.window if reading.entry_to < FAR - reading.window else FAR
        return Limits(reading.entry_from, high, reading.everything, reading.silence)

    def slice_of(self, chunk: Chunk) -> Slice:
        """The rows of whole persons that matter."""
        reading = self.reading
        kept = self._room(len(chunk.person_id), len(chunk.at))
        origin = chunk.more.get("origin_id", NO_COLUMN)
        persons, size = select(chunk.starts, chunk.at, chunk.act, origin, self.meanings, self.limits, kept)
        columns = {
            "at": kept.at[:size].copy(),
            "steps": kept.steps[:size].copy(),
            "exclusions": kept.exclusions[:size].copy() if self.has_exclusions else np.zeros(size, np.int64),
        }
        columns |= {name: chunk.more[name][kept.place[:size]] for name in ("fact_key", "amount") if name in chunk.more}
        columns |= {"number": kept.number[:size].copy()} if self.needs_acts else {}
        columns |= {"origin": kept.origin[:size].copy()} if reading.origins else {}
        columns |= {"session": kept.session[:size].copy()} if reading.sessions else {}
        return self._slice(chunk.person_id[kept.persons[:persons]], kept.starts[: persons + 1].copy(), columns)

    def _room(self, persons: int, rows: int) -> Kept:
        """Space for a chunk's rows, one per thread and used again: fresh memory costs more than the walk over it."""
        kept: Kept | None = getattr(self._rooms, "kept", None)
        if kept is None or len(kept.at) < rows or len(kept.persons) < persons:
            reading, has_places = self.reading, self.needs_facts or self.reading.amounts
            kept = self._rooms.kept = room(
                persons,
                max(rows, min(CHUNK, 1 << 16)),
                place=has_places,
                number=self.needs_acts,
                exclusions=self.has_exclusions,
                origin=reading.origins,
                session=reading.sessions,
            )
        return kept

    def _slice(self, person_id: NDArray[np.uint64], starts: NDArray[np.int64], columns: Columns) -> Slice:
        """Whole persons, with what depends on a row's own properties worked out."""
        reading = self.reading
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
            person_id,
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
        origin = columns["origin"]
        if fact_key is not None:
            origin = self.credit(origin, columns["number"], fact_key)
        return origin.view(np.uint64)

    def credit(
        self, origin: NDArray[np.int64], number: NDArray[np.int64], fact_key: NDArray[np.uint64]
    ) -> NDArray[np.int64]:
        """The origins with those of the credited touches in place of the visits', for the acts that have a credit."""
        for kind, credited in self.reading.credited.items():
            rows = self._kinds(number, kind)
            if len(rows):
                origin[rows] = credited.of(fact_key[rows], 0)
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


def _among(wanted: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of ``wanted`` are in the sorted ``known``."""
    if not len(known):
        return np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found: NDArray[np.bool_] = known[place] == wanted
    return found
