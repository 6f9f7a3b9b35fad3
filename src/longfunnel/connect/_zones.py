"""Wall-clock times → UTC, in SQL that is as fast as a comparison."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_FIRST, _LAST = datetime(1990, 1, 1), datetime(2040, 1, 1)  # noqa: DTZ001 - wall clocks


@lru_cache(maxsize=64)
def to_utc_sql(column: str, zone: str) -> str:
    """SQL of the naive TIMESTAMP ``column``, a wall clock in ``zone``, as UTC.

    The engine's own ``timezone()`` costs six times as much, so the zone's changes since 1990 are written out. A time that the
    clock shows twice is the first one, and a time that it skips is taken as if it had not (Python's ``fold=0``).
    """
    moves = _changes(ZoneInfo(zone))
    cases = [
        f"WHEN {column} >= TIMESTAMP '{wall}' THEN {column} - INTERVAL '{seconds} seconds'"
        for wall, seconds in reversed(moves[1:])
    ]
    first = f"{column} - INTERVAL '{moves[0][1]} seconds'"
    return f"CASE {' '.join(cases)} ELSE {first} END" if cases else first


def _changes(zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """(wall clock from which on, seconds ahead of UTC), the first one from the beginning."""
    offset = _offset(zone, _FIRST)
    moves = [(_FIRST, offset)]
    moment = _FIRST
    while moment < _LAST:
        later = moment + timedelta(days=7)
        if (new := _offset(zone, later)) != offset:
            change = _exactly(zone, moment, later)
            moves.append((change + timedelta(seconds=max(offset, new)), new))
            offset = new
        moment = later
    return moves


def _exactly(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        middle = middle.replace(microsecond=0)
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, utc: datetime) -> int:
    shift = utc.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0
