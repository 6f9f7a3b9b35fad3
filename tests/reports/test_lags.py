"""Time to order against plain Python."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.derived import warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import Answer, answer, read_question

FIRST = datetime(2026, 1, 1)
Row = dict[str, Any]


def ask(orders: list[Row], touches: list[Row], **fields: Any) -> Answer:
    credited = [
        {
            "subject": "order",
            "subject_key": row["order_key"],
            "model": "last_non_direct",
            "share": 1.0,
            "origin_id": row.pop("origin", None),
        }
        for row in orders
    ]
    origins = [{"origin_id": 1, "channel": "Email"}, {"origin_id": 2, "channel": "Direct"}]
    with warehouse({"orders": orders, "touches": touches, "credits": credited, "origins": origins}) as connection:
        return answer(connection, Settings(), read_question("lags", fields))


def order(key: int, person: int, day: int, origin: int | None = 1, days: float | None = None) -> Row:
    at = FIRST + timedelta(days=day)
    return {
        "order_key": key,
        "person_id": person,
        "ordered_at": at,
        "ordered_on": at.date(),
        "paid_on": at.date(),
        "order_number": 1,
        "days_to_order": days,
        "origin": origin,
    }


def touch(key: int, person: int, day: float, kind: str) -> Row:
    at = FIRST + timedelta(days=day)
    return {"touch_id": key, "person_id": person, '"at"': at, "day_on": at.date(), "kind": kind}


@settings(deadline=None, max_examples=15)
@given(
    orders=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 60), st.sampled_from([1, 2, None])),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[:2],
    ),
    touches=st.lists(
        st.tuples(st.integers(1, 3), st.integers(-20, 60), st.sampled_from(["visit", "call"])), max_size=10
    ),
)
def test_times_and_touches_are_counted_as_in_plain_python(orders: Any, touches: Any) -> None:
    ways: dict[str | None, list[tuple[float | None, int, int]]] = {}
    for person, day, origin in orders:
        before = max((other for whose, other, _ in orders if whose == person and other < day), default=-1000)
        own = [(at, kind) for whose, at, kind in touches if whose == person and before < at <= day]
        channel = {1: "Email", 2: "Direct", None: None}[origin]
        ways.setdefault(channel, []).append(
            (day - min(own)[0] if own else None, sum(kind == "visit" for _, kind in own), len(own))
        )
    found = ask(
        [order(key, *row) for key, row in enumerate(orders, 1)],
        [touch(key, *row) for key, row in enumerate(touches, 1)],
        start="touch",
    )
    assert {row["channel"] for row in found.rows} == set(ways)
    everything = [way for own in ways.values() for way in own]
    for row, own in [*((row, ways[row["channel"]]) for row in found.rows), (found.totals, everything)]:
        times = [time for time, _, _ in own if time is not None]
        assert row["orders"] == len(own)
        assert row["median_days"] == (median(times) if times else None)
        assert row["within_7_share"] == (sum(time <= 7 for time in times) / len(times) if times else None)
        assert (row["median_visits"], row["mean_touches"]) == (
            median(way[1] for way in own),
            pytest.approx(mean(way[2] for way in own)),
        )


def test_the_time_is_from_the_lead_by_default_and_days_before_it_are_negative() -> None:
    found = ask([order(1, 1, 5, days=-1.0), order(2, 2, 5, days=4.0), order(3, 3, 5)], [])
    (row,) = found.rows
    assert (row["orders"], row["median_days"], row["within_1_share"], row["median_touches"]) == (3, 1.5, 0.5, 0)
    assert {mark.cases for mark in found.few if mark.column == "median_days"} == {2}


def test_a_period_and_a_grain_belong_to_the_payment() -> None:
    orders = [order(1, 1, 5, days=1.0), order(2, 2, 40, days=3.0)]
    found = ask(orders, [], by="", grain="month", since="2026-01-01", until="2026-12-31")
    assert [(row["month"], row["median_days"]) for row in found.rows] == [
        (date(2026, 1, 1), 1.0),
        (date(2026, 2, 1), 3.0),
    ]


def test_an_unknown_start_is_refused() -> None:
    with pytest.raises(QuestionError, match="Did you mean «lead»"):
        ask([], [], start="leed")
