"""The budget report from tables: who has a curve and who not, limits, and the advice tried on the past."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pytest
from tests.reports.derived import instant, warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.models.response import Curve
from longfunnel.reports import answer, read_question
from longfunnel.reports._forecast import budget as advising
from longfunnel.reports._forecast.budget import Limits
from longfunnel.reports._forecast.channel_weeks import Channel, Weeks

MONDAY = date(2025, 1, 6)
CHANNELS = {1: "Search", 2: "Social", 3: "Steady"}
WEEKS = 60


def business() -> dict[str, list[dict[str, Any]]]:
    """Search brings much and has room, Social is spent out, Steady spends the same every week."""
    pick = random.Random(8)
    origins = [{"origin_id": key, "channel": name} for key, name in CHANNELS.items()]
    spends, leads, orders, brought = [], [], [], {}
    for week in range(WEEKS):
        on = MONDAY + timedelta(days=7 * week)
        for origin, (mean, top, half) in {1: (1000, 90, 2000), 2: (1000, 40, 500), 3: (500, 8, 100)}.items():
            cost = mean if origin == 3 else mean * pick.uniform(0.1, 2)
            spends.append(
                {
                    "spend_key": len(spends),
                    "day_on": on,
                    "origin_id": origin,
                    "cost": Decimal(round(cost)),
                    "original_cost": Decimal(round(cost)),
                }
            )
            for _ in range(max(round(top * cost / (half + cost) + pick.gauss(0, 1)), 0)):
                key = len(leads) + 1
                leads.append(
                    {
                        "lead_key": key,
                        "person_id": key,
                        "created_at": instant(on),
                        "created_on": on,
                        "is_counted": True,
                        "is_deleted": False,
                    }
                )
                brought[key] = origin
                if key % 4 == 0:
                    orders.append(
                        {"order_key": key, "person_id": key, "lead_key": key, "lead_on": on, "ordered_on": on, "ordered_at": instant(on), "order_number": 1,
                         "revenue": Decimal(1000), "cost_of_goods": Decimal(200), "days_to_order": 0.5}
                    )  # fmt: skip
    credits_ = [
        {"subject": subject, "subject_key": row[f"{subject}_key"], "model": "last_non_direct", "share": 1.0,
         "origin_id": brought[row["lead_key"]], "touch_on": leads[row["lead_key"] - 1]["created_on"]}
        for subject, rows in (("lead", leads), ("order", orders))
        for row in rows
    ]  # fmt: skip
    return {"origins": origins, "spends": spends, "leads": leads, "orders": orders, "credits": credits_}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse(business()) as made:
        yield made


def ask(connection: duckdb.DuckDBPyConnection, **fields: Any) -> Any:
    return answer(connection, Settings(), read_question("budget", fields))


@pytest.mark.slow
def test_money_moves_to_where_the_last_unit_brings_more(connection: duckdb.DuckDBPyConnection) -> None:
    found = ask(connection)
    rows = {row["channel"]: row for row in found.rows}
    assert float(rows["Search"]["worth"]) == pytest.approx(200, rel=0.15)  # a quarter of leads order, 800 each
    assert rows["Search"]["marginal"] > rows["Social"]["marginal"] > 0
    assert rows["Search"]["change"] > 0 > rows["Social"]["change"]
    assert float(rows["Search"]["advised"]) <= 1.3 * float(rows["Search"]["spend"]) + 0.01
    assert (rows["Steady"]["change"], rows["Steady"]["gain"]) == (0, None)
    assert "varied" in rows["Steady"]["note"] or "не менялся" in rows["Steady"]["note"]
    assert float(found.totals["advised"]) == pytest.approx(float(found.totals["spend"]), abs=0.01)
    assert found.totals["gain"] > 0
    codes = {caveat.code for caveat in found.caveats}
    assert {"observed", "tried"} <= codes
    kept = {row["channel"]: row for row in ask(connection, keep="Search").rows}
    assert kept["Search"]["change"] == kept["Social"]["change"] == 0
    more = {row["channel"]: row for row in ask(connection, budget="+10%", max="Search:1100", move="90%").rows}
    assert float(more["Search"]["advised"]) <= 1100.01


@pytest.mark.slow
def test_another_budget_stands_under_the_same_rule(connection: duckdb.DuckDBPyConnection) -> None:
    found = ask(connection, budget="+10%")
    rows = {row["channel"]: row for row in found.rows}
    assert rows["Steady"]["change"] == 0
    assert float(found.totals["change"]) == pytest.approx(0.1 * float(found.totals["spend"]), rel=0.01)
    gains = [rows[name]["gain"] for name in ("Search", "Social")]
    assert found.totals["gain"] == sum(gains)
    assert found.totals["gain_low"] < found.totals["gain"] < found.totals["gain_high"]
    codes = {caveat.code for caveat in found.caveats}
    assert ("budget_not_sure" in codes) == (found.totals["gain_low"] <= 0)
    narrow = ask(connection, budget="+10%", move="1%")
    assert "not_all_placed" in {caveat.code for caveat in narrow.caveats}
    assert float(narrow.totals["change"]) < 0.02 * float(narrow.totals["spend"])


@pytest.mark.slow
def test_another_budget_changes_evenly_where_nothing_is_surely_better() -> None:
    one = Channel("One", np.linspace(50, 150, 60), np.full(60, 9.0), 10.0)
    two = Channel("Two", np.linspace(50, 150, 60), np.full(60, 9.0), 10.0)
    likely = np.column_stack([np.linspace(2, 40, 400), np.full(400, 100.0)])
    other = np.column_stack([np.linspace(40, 2, 400), np.full(400, 100.0)])
    curves: dict[str, Curve | str] = {"One": Curve(0, 24, 100, 0, likely), "Two": Curve(0, 18, 100, 0, other)}
    weeks = Weeks(MONDAY, 60, [one, two], "")
    weeks.__dict__["curves"] = curves  # as if fitted
    for budget, wanted in ((0.0, 1.0), (0.2, 1.2), (-0.2, 0.8)):
        plan = advising.advise(weeks, Limits(budget=budget), 60)
        assert plan.is_even
        assert [row.advised / row.spend for row in plan.channels] == pytest.approx([wanted, wanted])


@pytest.mark.slow
def test_the_curves_are_given_point_by_point(connection: duckdb.DuckDBPyConnection) -> None:
    found = ask(connection, view="curves")
    by = {name: [row for row in found.rows if row["channel"] == name] for name in ("Search", "Social", "Steady")}
    assert by["Steady"] == []
    worth = {row["channel"]: row["worth"] for row in ask(connection).rows}
    for name in ("Search", "Social"):
        assert (by[name][0]["spend"], by[name][0]["leads"]) == (0, 0)
        leads = [row["leads"] for row in by[name]]
        assert leads == sorted(leads)
        for row in by[name]:
            assert row["leads_low"] <= row["leads"] <= row["leads_high"]
            assert float(row["brings"]) == pytest.approx(row["leads"] * float(worth[name]), abs=0.1)
    with pytest.raises(QuestionError):
        ask(connection, view="curve")


@pytest.mark.slow
def test_a_short_history_gets_no_advice(connection: duckdb.DuckDBPyConnection) -> None:
    found = ask(connection, until="2025-05-31")
    assert "no_advice" in {caveat.code for caveat in found.caveats}
    assert all(row["gain"] is None and row["note"] for row in found.rows)
    assert all(row["change"] == 0 for row in found.rows)


def test_nothing_answers_with_nothing_and_wrong_limits_are_named() -> None:
    nothing = warehouse()
    empty = ask(nothing)
    assert (empty.rows, empty.totals) == ([], {})
    for fields in ({"by": "manager"}, {"by": "channel,campaign"}, {"move": "much"}, {"min": "Search"}, {"recent": "0"}):
        with pytest.raises(QuestionError):
            ask(nothing, **fields)
    nothing.close()
