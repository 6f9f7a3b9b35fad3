"""The walk over the store: one entry per person, session or attempt that entered the funnel."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from longfunnel.journeys.kernels.engine import find_attempts
from longfunnel.journeys.kernels.totals import NO_AMOUNT, breakdown_rows, rows_by_step
from longfunnel.reports._funnel_reading import store_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.journeys.funnel import Funnel
    from longfunnel.journeys.store import Columns, Store
    from longfunnel.reports._funnel_reading import Asked
    from longfunnel.reports._scope import Span

NO_TIME = np.iinfo(np.int64).min


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
    store = store_of(given, span)
    workers = max(1, os.cpu_count() or 1)
    parts: list[Units] = []
    waiting: deque[Future[Units]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for chunk in store.chunks():
            waiting.append(pool.submit(_units, chunk, given.funnel, store))
            if len(waiting) > workers:
                parts.append(waiting.popleft().result())
        parts += [future.result() for future in waiting]
    if not parts:
        parts = [_nothing(len(given.funnel.steps))]
    return Units(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Units))), store


def _units(chunk: Columns, funnel: Funnel, store: Store) -> Units:
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


def cut_values(given: Asked, units: Units, store: Store) -> list[NDArray[np.object_]]:
    """The values of the cut's dimensions for each unit, as text; None where unknown."""
    return [_values(given, units, store, name) for name in given.by]


def _values(given: Asked, units: Units, store: Store, name: str) -> NDArray[np.object_]:
    values = np.full(len(units.person_id), None, np.object_)
    sql = given.properties.is_origin(name)
    if sql:
        rows = given.context.connection.execute(
            f"SELECT o.origin_id, CAST({sql} AS VARCHAR) FROM {given.context.table('origins')} o"
        ).fetchall()
        words = dict(rows)
        distinct, place = np.unique(units.origin, return_inverse=True)
        return (
            np.array([words.get(int(origin)) for origin in distinct] or [None], np.object_)[place]
            if len(place)
            else values
        )
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
