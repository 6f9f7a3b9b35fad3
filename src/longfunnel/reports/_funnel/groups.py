"""Units of a funnel by the cut's values and by the period that they entered in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from longfunnel.core.calendar import add_months, day_in_zone, floor, start_of_day
from longfunnel.reports._funnel.reading import micros
from longfunnel.reports._funnel.units import cut_values, walk

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from longfunnel.core.calendar import Grain
    from longfunnel.journeys.store import Store
    from longfunnel.reports._engine.scope import Span
    from longfunnel.reports._funnel.reading import Asked
    from longfunnel.reports._funnel.units import Units

Key = tuple[Any, ...]
_FEW: Final = 1 << 16
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - instants are UTC without a zone, as the warehouse keeps them


@dataclass(frozen=True)
class Groups:
    """The places of the units of each group; a key is the cut's values and, with a grain, the period's first day."""

    units: Units
    places: dict[Key, NDArray[np.int64]]
    store: Store


def grouped(given: Asked, span: Span) -> Groups:
    """The units that entered in ``span`` by group: the largest first, with a grain in order of time."""
    units, store = walk(given, span)
    grain = given.question.grain
    size = len(units.person_id)
    cuts = cut_values(given, units, store)
    columns: list[tuple[NDArray[np.int64], list[Any]]] = [(cut.code, list(cut.words)) for cut in cuts]
    if grain:
        zone = given.context.settings.business.zone
        edges = period_edges(units.entered_at, grain, zone)
        starts = np.array([micros(start_of_day(day, zone)) for day in edges], np.int64)
        period = np.searchsorted(starts, units.entered_at, side="right") - 1
        columns.append((period, [span.shift.forward(day) for day in edges]))
    if not columns:
        return Groups(units, {(): np.arange(size)}, store)
    code = np.zeros(size, np.int64)
    for place, words in columns:
        code = code * max(len(words), 1) + place
        if len(columns) > 1 or len(words) >= _FEW:
            code = np.unique(code, return_inverse=True)[1]
    # the engine of numpy sorts small numbers by their digits, without comparing
    order = np.argsort(code.astype(np.uint16) if not size or code.max() < _FEW else code, kind="stable")
    opens = np.flatnonzero(np.diff(code[order], prepend=-1))
    found = {}
    for places in np.split(order, opens[1:]) if size else []:
        found[tuple(words[place[places[0]]] for place, words in columns)] = places
    return Groups(units, found, store)


def period_edges(at: NDArray[np.int64], grain: Grain, zone: ZoneInfo) -> list[date]:
    """The first days of all periods from the earliest to the latest instant."""
    if not len(at):
        return []
    day = floor(day_in_zone(instant(int(at.min())), zone), grain)
    last = day_in_zone(instant(int(at.max())), zone)
    edges = []
    while day <= last:
        edges.append(day)
        day = next_period(day, grain)
    return edges


def next_period(day: date, grain: Grain) -> date:
    """The first day of the period after the one that begins on ``day``."""
    match grain:
        case "day":
            return day + timedelta(days=1)
        case "week":
            return day + timedelta(days=7)
        case _:
            return add_months(day, {"month": 1, "quarter": 3, "year": 12}[grain])


def instant(at: int) -> datetime:
    """A UTC instant out of microseconds from 1970."""
    return EPOCH + timedelta(microseconds=at)
