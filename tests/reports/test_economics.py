"""Economics: payback by month, what the last tenth of spend brought, and the sums beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.reports.derived import warehouse
from tests.reports.test_attribution import ask, on, order, tables, touch

from longfunnel.reports._forecast.marginal import LEAST_WEEKS, last_tenth

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.reports.derived import Row


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def spend(key: int, day: float, cost: object, origin: int = 1) -> Row:
    return {
        "spend_key": key, "day_on": on(day), "origin_id": origin, "cost": Decimal(str(cost)), "original_cost": Decimal(str(cost)),
    }  # fmt: skip


def sold(given: Any) -> dict[Any, Any]:
    return {row["channel"]: row for row in given.rows}


def test_payback_is_the_month_by_which_margin_has_covered_cost(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 8, 1, 2)],
        [
            order(1, 7, 5, 50, cost_of_goods=Decimal(20)),
            order(2, 7, 50, 40, order_number=2, is_repeat=True),
            order(3, 7, 100, 90, order_number=3, is_repeat=True),
            order(4, 8, 5, 10),
        ],
        spends=[spend(1, 1, 75), spend(2, 1, 11, 2)],
    )
    found = sold(ask(connection, given, "economics", model="last_paid"))
    assert (
        found["Paid Search"]["payback_month"] == 4
    )  # 30 + 40 by the second month, 5 short; the third order is in the fourth
    assert found["Email"]["payback_month"] is None
    assert found["Paid Search"]["margin"] == 30  # the later orders are beyond the lookback window of their own
    whole = ask(connection, given, "economics", model="linear")
    assert whole.totals["payback_month"] == 4
    assert whole.totals["margin"] == 170


def test_refunds_and_shares(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1)],
        [order(1, 7, 5, 60, cost_of_goods=Decimal(15), refunded_amount=Decimal(20))],
        spends=[spend(1, 1, 30)],
    )
    row = sold(ask(connection, given, "economics", model="last_paid"))["Paid Search"]
    assert (row["refunds"], row["refund_share"], row["margin_share"]) == (20, 0.25, 0.75)
    assert (row["cac"], row["ltv"], row["ltv_to_cac"], row["profit"], row["romi"]) == (30, 60, 2, 15, 0.5)


def test_cohorts_pay_back_one_by_one(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 8, 40, 1)],
        [
            order(1, 7, 5, 50, cost_of_goods=Decimal(20)),
            order(2, 7, 50, 40, order_number=2, is_repeat=True),
            order(3, 8, 41, 60),
        ],
        spends=[spend(1, 1, 65), spend(2, 39, 55), spend(3, 80, 5)],
    )
    found = ask(connection, given, "economics", model="last_paid", grain="month", by="", basis="payment")
    months = {row["month"].month: row for row in found.rows}
    first, second, third = (on(day).month for day in (1, 39, 80))
    assert months[first]["payback_month"] == 2  # 30 of the first order, 40 of the second
    assert months[second]["payback_month"] == 1
    assert months[third]["payback_month"] is None
    assert all(row["last_tenth"] is None for row in found.rows)
    assert "last_tenth_of_total" in {caveat.code for caveat in found.caveats}


def test_the_total_of_the_last_tenth_does_not_depend_on_the_cut(connection: duckdb.DuckDBPyConnection) -> None:
    spends = [spend(week, week * 7 - 400, 100 + 30 * (week % 4), origin=1 + week % 2) for week in range(1, 30)]
    given = tables([touch(1, 7, 1, 1)], [order(1, 7, 5, 60)], spends=spends)
    totals = [ask(connection, given, "economics", by=by).totals["last_tenth"] for by in ("channel", "product", "")]
    months = ask(connection, given, "economics", by="", grain="month").totals["last_tenth"]
    assert totals[0] is not None
    assert {*totals, months} == {totals[0]}


def test_the_last_tenth_of_a_known_curve() -> None:
    random = np.random.default_rng(3)
    spend_of_week = random.uniform(50, 150, 60)
    mean = spend_of_week.mean()
    exact = last_tenth(spend_of_week, 20 + 300 * np.log1p(spend_of_week / mean))
    assert exact
    wanted = 300 * (np.log1p(spend_of_week / mean) - np.log1p(0.9 * spend_of_week / mean)).sum()
    assert (exact.brought, exact.low, exact.high) == pytest.approx((wanted, wanted, wanted))
    assert exact.spent == pytest.approx(0.1 * spend_of_week.sum())


def test_nine_intervals_of_ten_hold_what_the_last_tenth_brought() -> None:
    random = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        weeks = random.uniform(50, 150, 30)
        x = weeks / weeks.mean()
        found = last_tenth(weeks, 20 + 300 * np.log1p(x) + random.normal(0, 40, 30))
        assert found
        held += found.low <= 300 * (np.log1p(x) - np.log1p(0.9 * x)).sum() <= found.high
    assert 0.86 <= held / 400 <= 0.94


def test_a_history_that_cannot_carry_it_is_refused() -> None:
    some = np.linspace(50, 150, LEAST_WEEKS)
    assert last_tenth(some, some)
    assert last_tenth(some[1:], some[1:]) is None
    assert last_tenth(np.full(50, 7.0), np.arange(50.0)) is None
    assert last_tenth(np.zeros(0), np.zeros(0)) is None


def test_weeks_without_sales_count_in_the_history(connection: duckdb.DuckDBPyConnection) -> None:
    spends = [spend(week, week * 7 - 400, 100 + 30 * (week % 4)) for week in range(1, 30)]
    found = ask(connection, tables([], [order(1, 7, 5, 60)], spends=spends), "economics", model="last_paid")
    assert sold(found)["Paid Search"]["last_tenth"] == 0
    assert sold(found)["Paid Search"]["last_tenth_romi"] == -1
    unknown = ask(connection, tables([], [], spends=spends), "economics", model="last_paid")
    assert sold(unknown)["Paid Search"]["last_tenth"] is None
