"""When subscriptions are due, against a list of every day written out."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.app.letters.times import latest_time, next_time

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def all_times(every: str, on_day: int, minute: int, zone: ZoneInfo) -> list[datetime]:
    """Every time from 2024 to 2027, day by day."""
    found = []
    day = datetime(2024, 1, 1)
    while day.year < 2028:
        is_last = day.day == calendar.monthrange(day.year, day.month)[1]
        wanted = {
            "day": True,
            "week": day.isoweekday() == on_day,
            "month": day.day == on_day or (is_last and on_day > day.day),
        }[every]
        if wanted:
            local = day.replace(hour=minute // 60, minute=minute % 60, tzinfo=zone)
            found.append(local.astimezone(UTC).replace(tzinfo=None))
        day += timedelta(days=1)
    return found


@settings(deadline=None, max_examples=60)
@given(
    schedule=st.one_of(
        st.just(("day", 0)),
        st.tuples(st.just("week"), st.integers(1, 7)),
        st.tuples(st.just("month"), st.integers(1, 31)),
    ),
    minute=st.integers(0, 1439),
    zone=st.sampled_from([MOSCOW, BERLIN, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/St_Johns")]),
    at=st.datetimes(datetime(2024, 4, 1), datetime(2027, 9, 1)),
)
def test_the_next_and_the_latest_time_are_those_of_the_list(
    schedule: tuple[str, int], minute: int, zone: ZoneInfo, at: datetime
) -> None:
    times = all_times(*schedule, minute, zone)
    assert next_time(*schedule, minute, zone, at) == min(time for time in times if time > at)  # type: ignore[arg-type]
    assert latest_time(*schedule, minute, zone, at) == max(time for time in times if time <= at)  # type: ignore[arg-type]


def test_nine_in_the_morning_stays_nine_when_clocks_change() -> None:
    before, after = utc("2026-03-28T00:00"), utc("2026-03-29T12:00")
    assert next_time("day", 0, 540, BERLIN, before) == utc("2026-03-28T08:00")
    assert next_time("day", 0, 540, BERLIN, after) == utc("2026-03-30T07:00")


@pytest.mark.parametrize(("minute", "due"), [(150, "2026-03-29T01:30"), (179, "2026-03-29T01:59")])
def test_a_time_that_clocks_skip_comes_once(minute: int, due: str) -> None:
    assert next_time("day", 0, minute, BERLIN, utc("2026-03-28T12:00")) == utc(due)
    assert next_time("day", 0, minute, BERLIN, utc(due)).date().isoformat() == "2026-03-30"


def test_the_thirty_first_is_the_last_day_of_a_shorter_month() -> None:
    assert next_time("month", 31, 0, MOSCOW, utc("2027-02-01T00:00")) == utc("2027-02-27T21:00")
