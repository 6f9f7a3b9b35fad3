"""Periods, comparisons and grains."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longfunnel.core.calendar import Period, add_months, day_in_zone, earlier, end_of_day, floor, start_of_day

DAYS = st.dates(date(2001, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("period", "compare", "wanted"),
    [
        (("2025-03-01", "2025-03-31"), "previous", ("2025-02-01", "2025-02-28")),
        (("2025-01-01", "2025-03-31"), "previous", ("2024-10-01", "2024-12-31")),
        (("2025-03-03", "2025-03-09"), "previous", ("2025-02-24", "2025-03-02")),
        (("2024-02-01", "2024-02-29"), "year", ("2023-02-01", "2023-02-28")),
        (("2025-02-01", "2025-02-28"), "year", ("2024-02-01", "2024-02-29")),
        (("2024-02-29", "2024-03-02"), "year", ("2023-02-28", "2023-03-02")),
    ],
)
def test_what_a_period_is_compared_with(period: tuple[str, str], compare: str, wanted: tuple[str, str]) -> None:
    before, _ = earlier(Period(*map(date.fromisoformat, period)), compare)  # type: ignore[arg-type]
    assert (str(before.since), str(before.until)) == wanted


@given(DAYS, st.integers(0, 400), st.sampled_from(("previous", "year")))
def test_days_of_the_earlier_period_fall_into_the_asked_one(since: date, length: int, compare: str) -> None:
    period = Period(since, since + timedelta(days=length))
    before, shift = earlier(period, compare)  # type: ignore[arg-type]
    assert before.since < period.since
    if not shift.months or period.whole_months:
        assert before.until < period.since or compare == "year"
    day = before.since
    while day <= before.until:
        assert period.since <= shift.forward(day) <= period.until
        day += timedelta(days=max(1, length // 10))


def test_a_period_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Period(date(2025, 2, 1), date(2025, 1, 1))


def test_the_first_day_of_each_grain() -> None:
    day = date(2025, 11, 20)
    assert [str(floor(day, grain)) for grain in ("day", "week", "month", "quarter", "year")] == [
        "2025-11-20", "2025-11-17", "2025-11-01", "2025-10-01", "2025-01-01",
    ]  # fmt: skip


def test_a_31st_becomes_the_last_day_of_a_shorter_month() -> None:
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2025, 3, 31), -1) == date(2025, 2, 28)


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1)),
    st.sampled_from(("Europe/Moscow", "America/Sao_Paulo", "America/Santiago", "Asia/Kathmandu")),
)
def test_an_instant_lies_within_its_day(instant: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    day = day_in_zone(instant, zone)
    assert start_of_day(day, zone) <= instant <= end_of_day(day, zone)
