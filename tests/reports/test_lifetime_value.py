"""Lifetime value and client types: sums against a plain reading, refusals instead of nonsense, and segments by their rule."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.derived import instant, warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import answer, read_question
from longfunnel.reports._clients.kinds import SEGMENTS, TypeRules, scores, segments_of, types_of

pytestmark = pytest.mark.slow  # each test fits models
FIRST = date(2025, 1, 1)
ORIGINS = [{"origin_id": 1, "channel": "Paid search"}, {"origin_id": 2, "channel": "Email"}]


def shop(buyers: int, *, repeats: bool = True) -> dict[str, list[dict[str, Any]]]:
    """Buyers over a year; two of three come back now and then, and every fifth has stopped for good."""
    pick = random.Random(3)
    orders, earned = [], []
    for person in range(1, buyers + 1):
        days = [pick.randrange(200)]
        while repeats and person % 3 and days[-1] < 340 and (person % 5 or len(days) < 2):
            days.append(days[-1] + 5 + int(pick.expovariate(1 / (20 + 5 * (person % 7)))))
        for number, day in enumerate(days, 1):
            if day > 364:
                continue
            on, key = FIRST + timedelta(days=day), len(orders) + 1
            orders.append(
                {"order_key": key, "person_id": person, "ordered_on": on, "ordered_at": instant(on), "paid_on": on, "order_number": number,
                 "is_repeat": number > 1, "revenue": Decimal(pick.randint(50, 150) * (1 + person % 3)), "product": "Roof" if person % 2 else "Door"}
            )  # fmt: skip
            earned += [
                {
                    "subject": "order",
                    "subject_key": key,
                    "model": model,
                    "share": 1.0,
                    "origin_id": 1 + person % 2,
                    "touch_on": on,
                }
                for model in ("first", "last", "last_non_direct")
            ]
    return {"origins": ORIGINS, "orders": orders, "credits": earned}


def ask(tables: dict[str, list[dict[str, Any]]], report: str, **fields: Any) -> Any:
    with warehouse(tables) as connection:
        return answer(connection, Settings(), read_question(report, fields))


def codes(found: Any) -> set[str]:
    return {caveat.code for caveat in found.caveats}


def test_what_customers_have_brought_is_a_plain_sum_and_what_they_will_bring_lies_within_its_interval() -> None:
    tables = shop(200)
    found = ask(tables, "lifetime_value")
    rows = {row["channel"]: row for row in found.rows}
    for origin in ORIGINS:
        mine = [row for row in tables["orders"] if 1 + row["person_id"] % 2 == origin["origin_id"]]
        row = rows[origin["channel"]]
        assert row["customers"] == len({order["person_id"] for order in mine})
        assert (row["orders"], row["revenue"]) == (len(mine), sum(order["revenue"] for order in mine))
        assert row["ltv"] == pytest.approx(row["revenue"] / row["customers"])
        assert row["alive_low"] <= row["alive_share"] <= row["alive_high"] <= 1
        assert row["orders_low"] <= row["expected_orders"] <= row["orders_high"]
        assert row["ltv"] < row["predicted_low"] < row["predicted_ltv"] < row["predicted_high"]
    assert found.totals["customers"] == 200
    assert found.totals["expected_orders"] == pytest.approx(sum(row["expected_orders"] for row in found.rows))
    assert "fitted" in codes(found)
    assert {"checked", "check_missed"} & codes(found)
    assert found.question.model == "first"


def test_the_same_question_has_the_same_answer_and_the_other_model_another() -> None:
    tables = shop(150)
    one, two = (
        ask(tables, "lifetime_value", by="product", days=90),
        ask(tables, "lifetime_value", by="product", days=90),
    )
    assert one.rows == two.rows
    other = ask(tables, "lifetime_value", by="product", days=90, purchases="pareto_nbd")
    assert other.totals["expected_orders"] == pytest.approx(one.totals["expected_orders"], rel=0.25)
    assert {row["product"] for row in one.rows} == {"Roof", "Door"}


def test_few_who_buy_again_leave_the_prediction_empty() -> None:
    found = ask(shop(100, repeats=False), "lifetime_value")
    assert "prediction_refused" in codes(found)
    assert found.totals["customers"] == 100
    for name in ("alive_share", "expected_orders", "expected_revenue", "predicted_ltv", "predicted_high"):
        assert found.totals[name] is None
        assert all(row[name] is None for row in found.rows)


def test_without_known_sums_there_are_orders_to_expect_and_no_money() -> None:
    tables = shop(150)
    tables["orders"] = [row | {"revenue": None} for row in tables["orders"]]
    found = ask(tables, "lifetime_value")
    assert "money_refused" in codes(found)
    assert found.totals["expected_orders"] > 0
    assert (found.totals["revenue"], found.totals["expected_revenue"], found.totals["predicted_ltv"]) == (
        None,
        None,
        None,
    )


def test_cohorts_and_a_period_choose_who_is_shown_not_whom_the_model_is_fitted_to() -> None:
    tables = shop(150)
    whole = ask(tables, "lifetime_value", grain="month")
    part = ask(tables, "lifetime_value", grain="month", since="2025-01-01", until="2025-01-31")
    assert [row["month"] for row in whole.rows] == sorted(row["month"] for row in whole.rows)
    assert part.rows[0]["expected_orders"] == pytest.approx(whole.rows[0]["expected_orders"])
    assert len(part.rows) == 1


def test_orders_without_a_person_are_named_and_nothing_answers_with_nothing() -> None:
    tables = shop(5)
    tables["orders"].append(
        {"order_key": 9999, "ordered_on": FIRST, "ordered_at": instant(FIRST), "order_number": 1, "person_id": None}
    )
    tables["orders"] = [
        {"revenue": None, "product": None, "paid_on": None, "is_repeat": None} | row for row in tables["orders"]
    ]
    assert "without_person" in codes(ask(tables, "lifetime_value"))
    for report in ("lifetime_value", "clients"):
        empty = ask({}, report)
        assert (empty.rows, empty.totals) == ([], {})
    for fields in ({"days": "soon"}, {"purchases": "guess"}, {"touch": "linear"}):
        with pytest.raises(QuestionError):
            ask(tables, "lifetime_value", **fields)


def test_types_follow_their_rules() -> None:
    orders, silent = np.array([1, 2, 3, 3, 9]), np.array([5, 900, 365, 366, 0])
    assert types_of(orders, silent, TypeRules()) == ["real", "loyal", "regular", "loyal", "regular"]
    assert types_of(orders, silent, TypeRules(loyal_orders=3, regular_orders=4)) == [
        "real",
        "real",
        "loyal",
        "loyal",
        "regular",
    ]


def test_potential_clients_have_a_lead_and_no_order() -> None:
    tables = shop(60) | {
        "leads": [
            {
                "lead_key": key,
                "person_id": person,
                "created_at": instant(FIRST),
                "created_on": FIRST,
                "is_counted": True,
                "is_deleted": False,
                "product": "Roof",
            }
            for key, person in enumerate([1, 2, 500, 500, 501, None], 1)
        ]
    }
    found = ask(tables, "clients")
    rows = {row["type"]: row for row in found.rows}
    assert rows["potential"]["clients"] == 2
    assert sum(row["clients"] for row in found.rows) == found.totals["clients"] == 62
    assert rows["real"]["clients"] == sum(
        1 for p in range(1, 61) if sum(o["person_id"] == p for o in tables["orders"]) == 1
    )
    cut = ask(tables, "clients", by="product")
    assert {(row["product"], row["type"]): row["clients"] for row in cut.rows}[("Roof", "potential")] == 2
    assert ask(tables, "clients", regular_orders=50).totals["clients"] == 62
    with pytest.raises(QuestionError):
        ask(tables, "clients", recency="9,1,2")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.integers(0, 9).map(float), st.just(float("nan"))), min_size=1, max_size=40))
def test_a_score_is_the_fifth_in_which_a_client_stands(values: list[float]) -> None:
    known = [value for value in values if value == value]
    for value, score in zip(values, scores(np.array(values)).tolist(), strict=True):
        assert score == (0 if value != value else 1 + 5 * sum(other < value for other in known) // len(known))


def test_every_pair_of_scores_has_a_segment() -> None:
    grid = {
        (r, f): segments_of(np.array([r]), np.array([f]), np.array([0]))[0] for r in range(1, 6) for f in range(1, 6)
    }
    assert set(grid.values()) == set(SEGMENTS)
    assert (grid[5, 5], grid[1, 5], grid[5, 1], grid[1, 1]) == ("champions", "cannot_lose", "new", "sleeping")
    found = ask(shop(100), "clients", kind="segment")
    assert found.totals["clients"] == 100
    assert [row["segment"] for row in found.rows] == [
        name for name in SEGMENTS if name in {r["segment"] for r in found.rows}
    ]
    edged = ask(
        shop(100), "clients", kind="segment", recency="30,90,180,270", frequency="2,3,4,6", money="100,200,400,800"
    )
    assert edged.totals["clients"] == 100
