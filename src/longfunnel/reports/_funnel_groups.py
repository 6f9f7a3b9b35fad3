"""Units of a funnel by the cut's values and by the period that they entered in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.core.calendar import add_months, day_in_zone, floor, start_of_day
from longfunnel.reports._funnel_reading import micros
from longfunnel.reports._funnel_units import cut_values, walk

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from longfunnel.core.calendar import Grain
    from longfunnel.journeys.store import Store
    from longfunnel.reports._funnel_reading import Asked
    from longfunnel.reports._funnel_units import Units
    from longfunnel.reports._scope import Span

Key = tuple[Any, ...]
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
    columns: list[NDArray[Any]] = list(cut_values(given, units, store))
    size = len(units.person_id)
    code = np.zeros(size, np.int64)
    words: list[NDArray[Any]] = []
    for column in columns:
        text = np.array(["" if value is None else "v" + value for value in column], np.str_)
        distinct, place = np.unique(text, return_inverse=True)
        code = code * max(len(distinct), 1) + place
        words.append(column)
    if grain:
        edges = period_edges(units.entered_at, grain, given.context.settings.business.zone)
        starts = np.array([micros(start_of_day(day, given.context.settings.business.zone)) for day in edges], np.int64)
        period = np.searchsorted(starts, units.entered_at, side="right") - 1
        code = code * max(len(edges), 1) + period
        shifted = np.array([span.shift.forward(day) for day in edges], np.object_)
        words.append(shifted[period] if size else np.empty(0, np.object_))
    distinct, first, place = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(place, kind="stable")
    cuts = np.searchsorted(place[order], np.arange(len(distinct) + 1))
    found = {
        tuple(column[first[group]] for column in words): order[cuts[group] : cuts[group + 1]]
        for group in range(len(distinct))
    }
    if not words:
        found = {(): np.arange(size)}
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
