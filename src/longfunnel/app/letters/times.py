"""When a subscription is due: every day, a weekday, or a day of the month, at a time of the business's clock."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from longfunnel.core.calendar import day_in_zone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

    from longfunnel.state import Every

_LONGEST = 63
"""Days among which there is one of any schedule, on either side."""


def next_time(every: Every, on_day: int, minute: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time after a UTC instant, as a UTC instant. Where clocks skip the time, the same wait after midnight; where they
    show it twice, the first. A day of the month that a month lacks is its last."""
    return next(at for at in _times(every, on_day, minute, zone, after, 1) if at > after)


def latest_time(every: Every, on_day: int, minute: int, zone: ZoneInfo, at: datetime) -> datetime:
    """The last time that is not after a UTC instant: of several that were missed, the one that is still sent."""
    return next(found for found in _times(every, on_day, minute, zone, at, -1) if found <= at)


def _times(every: Every, on_day: int, minute: int, zone: ZoneInfo, around: datetime, step: int) -> Iterator[datetime]:
    start = day_in_zone(around, zone) - timedelta(days=step)
    for number in range(_LONGEST):
        day = start + timedelta(days=step * number)
        if _falls_on(every, on_day, day):
            local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
            yield local.astimezone(UTC).replace(tzinfo=None)


def _falls_on(every: Every, on_day: int, day: date) -> bool:
    match every:
        case "day":
            return True
        case "week":
            return day.isoweekday() == on_day
        case "month":
            return day.day == min(on_day, calendar.monthrange(day.year, day.month)[1])
