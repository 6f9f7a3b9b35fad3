"""The walk over the store: one entry per person, session or attempt that entered the funnel."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from longfunnel.journeys.funnels.scanning import can_scan, chunk_of, origins_at, scan_persons
from longfunnel.journeys.kernels.engine import Found, find_attempts, slices
from longfunnel.journeys.kernels.scan import NO_MOMENT
from longfunnel.journeys.kernels.totals import NO_AMOUNT, breakdown_rows, rows_by_step
from longfunnel.journeys.store import Keyed
from longfunnel.reports._funnel.reading import store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from longfunnel.journeys.chunks import Chunk
    from longfunnel.journeys.column_files import ColumnFiles
    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.journeys.store import Store
    from longfunnel.reports._engine.scope import Span
    from longfunnel.reports._funnel.reading import Asked

NO_TIME = NO_MOMENT


@dataclass(frozen=True)
class Units:
    """Columns of equal length, one place per unit.

    ``reached``: mask of the steps reached by some attempt; ``at`` and ``amount``: by step, of the event that serves it in the
    reported attempt (``NO_TIME``, ``NO_AMOUNT``: none). ``kind``, ``fact_key`` and ``origin`` are of the event at which the cut
    is read: the number of its act (-1: none), the fact behind it, where it came from (0: unknown).
    In any order, step k is the k-th matched in time.
    """

    person_id: NDArray[np.uint64]
    reached: NDArray[np.int64]
    furthest: NDArray[np.int64]
    at: NDArray[np.int64]
    amount: NDArray[np.int64]
    act: NDArray[np.int64]
    fact_key: NDArray[np.uint64]
    origin: NDArray[np.uint64]

    @property
    def entered_at(self) -> NDArray[np.int64]:
        """When each unit entered."""
        return self.at[:, 0]

    def keep(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Units:
        """Only these places."""
        return Units(*(getattr(self, item.name)[which] for item in fields(self)))


def walk(given: Asked, span: Span | None = None) -> tuple[Units, Store]:
    """The units that entered the funnel in these days, in the order of the timeline; and the store they were read from."""
    store, funnel = store_of(given, span), given.funnel
    workers = max(1, os.cpu_count() or 1)
    parts: list[Units] = []
    waiting: deque[Future[Units]] = deque()
    work: Iterable[Callable[[], Units]]
    if store.files is not None and can_scan(store, funnel):
        ends = slices(store.files.starts)
        work = (partial(_scanned, store, store.files, funnel, begin, end) for begin, end in ends)
    else:
        work = (partial(_units, chunk, funnel, store) for chunk in store.chunks())
    with ThreadPoolExecutor(workers) as pool:
        for task in work:
            waiting.append(pool.submit(task))
            if len(waiting) > workers:
                parts.append(waiting.popleft().result())
        parts += [future.result() for future in waiting]
    return _joined(parts or [_nothing(len(funnel.steps))]), store


def _joined(parts: list[Units]) -> Units:
    return Units(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Units)))


def _scanned(store: Store, files: ColumnFiles, funnel: Funnel, begin: int, end: int) -> Units:
    """The units of the persons at these places of the files."""
    reading = store.reading
    needs_rows = bool(files.more)
    found = scan_persons(store, files, funnel, begin, end, rows=needs_rows)
    furthest = np.bitwise_count(found.reached).astype(np.int64) - 1  # in order no step is skipped
    size = len(found.person)
    act, fact_key, origin = np.full(size, -1), np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    amount = np.empty((size, 0), np.int64)
    if needs_rows:
        matched = Found(found.person, np.zeros_like(found.person), furthest, found.reached, found.matched)
        cut = breakdown_rows(matched, funnel)
        act = np.where(cut < 0, -1, store.meanings.number[files.act[cut]])
        if "amount" in files.more:
            amount = np.where(found.matched < 0, NO_AMOUNT, files.more["amount"][found.matched])
        if "fact_key" in files.more:
            fact_key = np.where(cut < 0, 0, files.more["fact_key"][cut]).view(np.uint64)
        if reading.origins:
            origin = origins_at(store, files, found.person, cut)
    person_id = files.person_id[found.person]
    units = Units(person_id, found.reached, furthest, found.moment, amount, act, fact_key, origin)
    if not len(found.left_out):
        return units
    rest = _units(chunk_of(files, found.left_out), funnel, store)
    both = _joined([units, rest])
    entered = found.left_out[np.isin(files.person_id[found.left_out], rest.person_id)]
    place = np.concatenate((found.person, entered))
    return both.keep(np.argsort(place, kind="stable"))


def _units(chunk: Chunk, funnel: Funnel, store: Store) -> Units:
    """The units of the persons in one chunk."""
    piece = store.slice_of(chunk)
    found = find_attempts(piece.journeys, funnel, threads=1)
    matched = rows_by_step(found, funnel)
    row = np.maximum(matched, 0)
    missing = matched < 0
    at = np.where(missing, NO_TIME, piece.journeys.at[row]) if len(row) else np.empty(matched.shape, np.int64)
    amount = np.empty((len(matched), 0), np.int64)
    if piece.amount is not None:
        amount = np.where(missing, NO_AMOUNT, piece.amount[row])
    cut = breakdown_rows(found, funnel)
    chosen = np.maximum(cut, 0)
    none = np.zeros(len(cut), np.uint64)
    units = Units(
        piece.person_id[found.person],
        found.reached,
        found.furthest,
        at,
        amount,
        np.full(len(cut), -1) if piece.act is None else np.where(cut < 0, -1, piece.act[chosen]),
        none if piece.fact_key is None else np.where(cut < 0, np.uint64(0), piece.fact_key[chosen]),
        none if piece.origin is None else np.where(cut < 0, np.uint64(0), piece.origin[chosen]),
    )
    reading = store.reading
    if reading.in_order:
        return units
    # in any order an attempt may begin with any step, so its date is known only now
    return units.keep((units.entered_at >= reading.entry_from) & (units.entered_at <= reading.entry_to))


def _nothing(steps: int) -> Units:
    empty, unsigned = np.empty(0, np.int64), np.empty(0, np.uint64)
    table = np.empty((0, steps), np.int64)
    return Units(unsigned, empty, empty, table, table, empty, unsigned, unsigned)


@dataclass(frozen=True)
class Cut:
    """A dimension's value of each unit: the place of its word (None: unknown) in ``words``, which are distinct."""

    code: NDArray[np.int64]
    words: list[str | None]


def cut_values(given: Asked, units: Units, store: Store) -> list[Cut]:
    """The values of the cut's dimensions for each unit."""
    return [_cut(given, units, store, name) for name in given.by]


def _cut(given: Asked, units: Units, store: Store, name: str) -> Cut:
    sql = given.properties.is_origin(name)
    if sql:
        known = given.context.connection.execute(
            f"SELECT o.origin_id, CAST({sql} AS VARCHAR) FROM {given.context.table('origins')} o ORDER BY 1"
        ).fetchall()
        words: list[str | None] = list(dict.fromkeys([None, *(word for _, word in known)]))
        place = {word: number for number, word in enumerate(words)}
        ids = np.array([origin for origin, _ in known], np.uint64)
        codes = np.array([place[word] for _, word in known], np.int64)
        return Cut(Keyed(ids, codes).of(units.origin, 0), words)
    values = _values(given, units, store, name)
    encoded = pa.array(values, pa.string()).dictionary_encode()
    code = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    return Cut(code, [None, *encoded.dictionary.to_pylist()])


def _values(given: Asked, units: Units, store: Store, name: str) -> NDArray[np.object_]:
    """The values, as text, of a property of the facts behind the units."""
    values = np.full(len(units.person_id), None, np.object_)
    kinds = np.array([*store.kind_of, ""])[units.act]
    for kind in np.unique(kinds[kinds != ""]):
        known = given.properties.values_sql(name, str(kind))
        if known is None:
            continue
        rows_sql, bound = known
        places = np.flatnonzero(kinds == kind)
        given.context.connection.register("cut_keys", pa.table({"place": places, "fact_key": units.fact_key[places]}))
        found = given.context.connection.execute(
            f"SELECT k.place, any_value(v.value) FROM cut_keys k JOIN ({rows_sql}) v ON v.fact_key = k.fact_key GROUP BY k.place",
            bound,
        ).to_arrow_table()
        given.context.connection.unregister("cut_keys")
        values[found.column(0).to_numpy()] = found.column(1).to_numpy(zero_copy_only=False)
    return values
