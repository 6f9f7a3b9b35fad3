"""Cohorts against plain Python, and how they grow with age."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.derived import warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import Answer, answer, read_question

Row = dict[str, Any]
ORIGINS: list[Row] = [{"origin_id": 1, "channel": "Email"}, {"origin_id": 2, "channel": "Direct"}]
FIRST = date(2026, 1, 1)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12))


def touch(key: int, person: int, day: date, origin: int | None) -> Row:
    return {
        "touch_id": key,
        "person_id": person,
        '"at"': noon(day),
        "day_on": day,
        "kind": "visit",
        "origin_id": origin,
    }


def order(key: int, person: int, day: date, revenue: str | None, cost: str | None = None) -> Row:
    return {
        "order_key": key,
        "person_id": person,
        "ordered_at": noon(day),
        "ordered_on": day,
        "revenue": revenue,
        "cost_of_goods": cost,
    }


def ask(tables: dict[str, list[Row]], **fields: Any) -> Answer:
    with warehouse({"origins": ORIGINS} | tables) as connection:
        return answer(connection, Settings(), read_question("cohorts", fields))


_DAYS = st.integers(0, 120).map(lambda n: FIRST + timedelta(days=n))
_MONEY = st.sampled_from([None, "10", "0.0001", "99.99", "-5"])


@settings(deadline=None, max_examples=15)
@given(
    touches=st.lists(st.tuples(st.integers(1, 4), _DAYS, st.sampled_from([1, 2, None])), max_size=8),
    orders=st.lists(st.tuples(st.integers(1, 5), _DAYS, _MONEY, _MONEY), max_size=8),
    spends=st.lists(st.tuples(_DAYS, st.sampled_from([1, 2]), st.sampled_from(["1", "2.5"])), max_size=4),
)
def test_cohorts_of_first_touches_are_counted_as_in_plain_python(touches: Any, orders: Any, spends: Any) -> None:
    tables = {
        "touches": [touch(key, *row) for key, row in enumerate(touches, 1)],
        "orders": [order(key, *row) for key, row in enumerate(orders, 1)],
        "spends": [
            {"spend_key": key, "day_on": day, "origin_id": origin, "cost": cost}
            for key, (day, origin, cost) in enumerate(spends)
        ],
    }
    began: dict[int, tuple[date, int, int | None]] = {}
    for key, (person, day, origin) in enumerate(touches, 1):
        began[person] = min(began.get(person, (date.max, 0, None)), (day, key, origin), key=lambda item: item[:2])
    channel = {1: "Email", 2: "Direct", None: None}
    wanted: dict[tuple[date, str | None], Row] = {}
    for person, (day, _, origin) in began.items():
        cohort = (day.replace(day=1), channel[origin])
        row = wanted.setdefault(
            cohort, {"people": 0, "buyers": 0, "orders": 0, "revenue": None, "cogs": Decimal(0), "cost": None}
        )
        own = [item for item in orders if item[0] == person]
        row["people"] += 1
        row["buyers"] += bool(own)
        row["orders"] += len(own)
        for _, _, revenue, cogs in own:
            row["revenue"] = row["revenue"] if revenue is None else (row["revenue"] or 0) + Decimal(revenue)
            row["cogs"] += Decimal(cogs or 0)
    for day, origin, cost in spends:
        row = wanted.get((day.replace(day=1), channel[origin]), {})
        row["cost"] = (row.get("cost") or 0) + Decimal(cost)
    found = ask(tables, by="channel")
    assert {(row["cohort"], row["channel"]) for row in found.rows} == set(wanted)
    for row in found.rows:
        expected = wanted[row["cohort"], row["channel"]]
        assert [row[name] for name in ("people", "buyers", "orders", "revenue", "cost")] == [
            expected[name] for name in ("people", "buyers", "orders", "revenue", "cost")
        ]
        is_known = expected["revenue"] is not None or expected["cost"] is not None
        assert row["profit"] == (
            (expected["revenue"] or 0) - expected["cogs"] - (expected["cost"] or 0) if is_known else None
        )
    assert found.totals["people"] == (len(began) or None)


def test_a_cohort_grows_with_age_and_an_age_that_is_not_over_is_marked() -> None:
    tables = {
        "touches": [touch(1, 1, date(2026, 1, 5), 1), touch(2, 2, date(2026, 1, 9), 1)],
        "orders": [order(1, 1, date(2026, 1, 20), "100"), order(2, 2, date(2026, 3, 3), "50")],
    }
    rows = ask(tables, ages="yes").rows
    assert [(row["age"], row["people"], row["buyers"], row["revenue"], row["ltv"], row["is_mature"]) for row in rows] == [
        (0, 2, 1, Decimal(100), Decimal(50), True), (1, 2, 1, Decimal(100), Decimal(50), True), (2, 2, 2, Decimal(150), Decimal(75), False),
    ]  # fmt: skip


def test_cohorts_of_leads_and_orders_stand_under_the_credited_channel() -> None:
    tables = {
        "leads": [{"lead_key": 5, "person_id": 1, "created_at": noon(FIRST), "created_on": FIRST, "is_counted": True}],
        "orders": [order(7, 1, date(2026, 2, 2), "10"), order(8, 1, date(2026, 5, 2), "30")],
        "credits": [
            {"subject": "lead", "subject_key": 5, "model": "last_non_direct", "share": 1.0, "origin_id": 1},
            {"subject": "order", "subject_key": 7, "model": "last_non_direct", "share": 1.0, "origin_id": 2},
        ],
    }
    (lead,) = ask(tables, start="lead", by="channel").rows
    (first_order,) = ask(tables, start="order", by="channel").rows
    assert (lead["cohort"], lead["channel"], lead["ltv"]) == (FIRST, "Email", Decimal(40))
    assert (first_order["cohort"], first_order["channel"], first_order["orders"]) == (date(2026, 2, 1), "Direct", 2)
    assert ask(tables, start="lead", filters=["channel is Direct"]).rows == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"start": "leed"}, "Did you mean «lead»"),
        ({"by": "manager"}, "where people came from"),
        ({"ages": "maybe"}, "yes or no"),
    ],
)
def test_what_cannot_be_counted_is_said_plainly(fields: dict[str, str], said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        ask({}, **fields)
