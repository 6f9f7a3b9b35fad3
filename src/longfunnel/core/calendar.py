"""Days of a business: periods, what they are compared with, and the grains that time is cut into."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Grain = Literal["day", "week", "month", "quarter", "year"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
Compare = Literal["previous", "year"]

_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """Days from ``since`` to ``until``, both inclusive. Raises ValueError when they are the wrong way round."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ValueError(f"the period begins on {self.since} and ends before it, on {self.until}")

    @property
    def days(self) -> int:
        """How many days."""
        return (self.until - self.since).days + 1

    @property
    def whole_months(self) -> int:
        """How many calendar months, when the period is made of whole ones; else 0."""
        if self.since.day != 1 or (self.until + timedelta(days=1)).day != 1:
            return 0
        return (self.until.year - self.since.year) * 12 + self.until.month - self.since.month + 1


@dataclass(frozen=True)
class Shift:
    """How far a day of the earlier period lies from its counterpart in the asked one; one of the two is 0."""

    months: int = 0
    days: int = 0

    def forward(self, day: date) -> date:
        """The counterpart of ``day`` later on; a 31st becomes the last day of a shorter month."""
        return add_months(day, self.months) + timedelta(days=self.days)


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later (or earlier), or the month's last day where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def earlier(period: Period, compare: Compare) -> tuple[Period, Shift]:
    """What ``period`` is compared with, and how its days map forward.

    ``previous``: as many whole months just before, if the period is whole months, else as many days just before.
    ``year``: the same days a year ago; whole months stay whole (February ends on its own last day).
    """
    months = period.whole_months
    if compare == "year" or months:
        back = 12 if compare == "year" else months
        since, until = add_months(period.since, -back), add_months(period.until, -back)
        if months:
            until = until.replace(day=calendar.monthrange(until.year, until.month)[1])
        return Period(since, until), Shift(months=back)
    return Period(period.since - timedelta(days=period.days), period.since - timedelta(days=1)), Shift(days=period.days)


def floor(day: date, grain: Grain) -> date:
    """The first day of the day, ISO week (Monday), month, quarter or year that ``day`` lies in."""
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    size = _MONTHS_IN[grain]
    return date(day.year, (day.month - 1) // size * size + 1, 1)


def day_in_zone(instant: datetime, zone: ZoneInfo) -> date:
    """The business's day that a UTC instant (without a zone, as the warehouse keeps it) falls on."""
    return instant.replace(tzinfo=UTC).astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The UTC instant, without a zone, at which ``day`` begins in ``zone``; where clocks skip midnight, the first instant after."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return local.astimezone(UTC).replace(tzinfo=None)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of ``day`` in ``zone``, as a UTC instant without a zone."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(microseconds=1)
