"""The forecast and what-if from tables: where each order is counted, what a stage means, and refusals."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.reports.derived import warehouse

from longfunnel.core.calendar import day_in_zone
from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Business, Settings
from longfunnel.reports import Context, answer, read_question
from longfunnel.reports._forecast.pipeline_history import LEAD, history_of

pytestmark = pytest.mark.slow  # each test fits models
NOW = datetime(2026, 6, 1)
Tables = dict[str, list[dict[str, Any]]]


def company(weeks: int = 30, a_week: int = 6) -> Tables:
    """Leads each week; most become a deal after a day, go New → Offer, and are won or lost; the youngest are still open."""
    pick = random.Random(5)
    leads, deals, entries, orders = [], [], [], []
    for key in range(1, weeks * a_week + 1):
        at = NOW - timedelta(weeks=weeks) + timedelta(days=7 * (key - 1) / a_week)
        leads.append(
            {
                "lead_key": key,
                "person_id": key,
                "created_at": at,
                "created_on": at.date(),
                "is_counted": True,
                "is_deleted": False,
            }
        )
        if key % 6 == 0:
            continue
        made = at + timedelta(days=1)
        offer, closed = made + timedelta(days=pick.uniform(1, 9)), made + timedelta(days=pick.uniform(10, 30))
        status = ("won" if key % 3 == 1 else "lost") if closed <= NOW else "open"
        deals.append(
            {"deal_key": key, "lead_key": key, "created_at": made, "created_on": made.date(), "closed_at": closed if status != "open" else None,
             "status": status, "pipeline": "B2C", "amount": Decimal(100), "is_deleted": False, "manager": "Anna" if key % 2 else "Boris"}
        )  # fmt: skip
        way = [("New", made), ("Offer", offer), *([(status.title(), closed)] if status != "open" else [])]
        way = [(stage, when) for stage, when in way if when <= NOW]
        for number, (stage, when) in enumerate(way):
            following = way[number + 1] if number + 1 < len(way) else (None, None)
            entries.append(
                {
                    "deal_key": key,
                    "pipeline": "B2C",
                    "stage": stage,
                    "stage_number": number,
                    "entered_at": when,
                    "left_at": following[1],
                    "next_stage": following[0],
                }
            )
        if status == "won":
            orders.append(
                {
                    "order_key": key,
                    "person_id": key,
                    "lead_key": key,
                    "deal_key": key,
                    "ordered_at": closed,
                    "ordered_on": closed.date(),
                    "revenue": Decimal(100),
                }
            )
    return {
        "leads": [row for row in leads if row["created_at"] <= NOW],
        "deals": [row for row in deals if row["created_at"] <= NOW],
        "stage_entries": entries,
        "orders": orders,
    }


def ask(tables: Tables, report: str, **fields: Any) -> Any:
    with warehouse(tables) as connection:
        return answer(connection, Settings(), read_question(report, fields))


def test_every_lead_deal_and_order_is_on_one_way() -> None:
    tables = company()
    tables["orders"] += [
        {
            "order_key": 9001,
            "person_id": 1,
            "ordered_at": NOW,
            "ordered_on": NOW.date(),
            "revenue": Decimal(7),
        },  # nothing behind it
        {
            "order_key": 9002,
            "person_id": 6,
            "lead_key": 6,
            "ordered_at": NOW,
            "ordered_on": NOW.date(),
            "revenue": Decimal(7),
        },  # its lead had no deal
    ]
    tables["deals"].append(
        {
            "deal_key": 9003,
            "lead_key": 1,
            "created_at": NOW,
            "created_on": NOW.date(),
            "status": "open",
            "pipeline": "B2C",
            "is_deleted": False,
        }
    )
    with warehouse(tables) as connection:
        history = history_of(Context(connection, Settings()), read_question("forecast", {}))
    assert history is not None
    stays = history.stays
    assert len(history.arrivals) == len(tables["leads"]) + 1  # the second deal of a lead comes by itself
    assert len(history.direct) == 1
    assert (stays.target == stays.won).sum() == len(tables["orders"]) - 1
    standing = np.isinf(stays.ended)
    lead = history.names.index((None, LEAD))
    assert (standing & (stays.state != lead)).sum() == sum(row["status"] == "open" for row in tables["deals"])
    named = {row["deal_id"] for row in tables["leads"] if "deal_id" in row}
    assert not named
    behind = {row["lead_key"] for row in tables["deals"]}
    waiting = [row for row in tables["leads"] if row["lead_key"] not in behind and row["lead_key"] != 6]
    assert (standing & (stays.state == lead)).sum() == len(waiting)
    assert {stage for _, stage in history.names} == {LEAD, "New", "Offer", "—"}  # a closing stage is no stay


def test_the_weeks_add_up_and_say_what_they_were_worth() -> None:
    found = ask(company(), "forecast", weeks=4)
    assert len(found.rows) == 4
    assert [(row["week"] - found.rows[0]["week"]).days for row in found.rows] == [0, 7, 14, 21]
    assert abs((found.rows[0]["week"] - NOW.date()).days) <= 2
    for row in found.rows:
        assert row["orders_low"] <= row["expected_orders"] <= row["orders_high"]
        assert row["expected_orders"] == pytest.approx(row["open_orders"] + row["new_orders"] + row["direct_orders"])
    assert found.totals["expected_orders"] == pytest.approx(sum(row["expected_orders"] for row in found.rows))
    assert found.totals["expected_orders"] == pytest.approx(8, rel=0.3)  # two orders a week, as before
    assert found.totals["expected_revenue"] == pytest.approx(
        Decimal(100) * Decimal(found.totals["expected_orders"]), rel=Decimal("0.05")
    )
    assert {"tried", "tried_poor"} & {caveat.code for caveat in found.caveats}
    assert found.rows == ask(company(), "forecast", weeks=4).rows
    tried = ask(company(), "forecast", weeks=4, view="backtest")
    assert len(tried.rows) >= 3
    assert all(row["orders"] >= 0 and 0 <= row["weeks_within"] <= 1 for row in tried.rows)


def test_weeks_begin_with_the_day_after_the_data_ends_in_the_business_s_zone() -> None:
    end = max(row["ordered_at"] for row in company()["orders"])
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        settings = Settings(business=Business(timezone=zone))
        with warehouse(company()) as connection:
            found = answer(connection, settings, read_question("forecast", {"view": "past", "weeks": 4, "as_of": end}))
            tried = answer(
                connection, settings, read_question("forecast", {"view": "backtest", "weeks": 4, "as_of": end})
            )
        tomorrow = day_in_zone(end, ZoneInfo(zone)) + timedelta(days=1)
        assert [row["week"] for row in found.rows] == [tomorrow - timedelta(days=7 * n) for n in (4, 3, 2, 1)]
        assert tried.rows[0]["week"] == tomorrow - timedelta(days=28)


def test_past_weeks_are_as_they_were() -> None:
    tables = company()
    found = ask(tables, "forecast", view="past", weeks=6)
    assert sum(row["orders"] for row in found.rows) > 0
    assert len(ask(tables, "forecast", view="past", weeks=52).rows) <= 52
    assert ask({}, "forecast", view="past").rows == []


def test_open_deals_are_won_lost_or_still_open() -> None:
    tables = company()
    found = ask(tables, "forecast", view="pipeline", weeks=4)
    rows = {row["stage"]: row for row in found.rows}
    assert sum(rows[stage]["deals"] for stage in ("New", "Offer")) == sum(
        row["status"] == "open" for row in tables["deals"]
    )
    for row in found.rows:
        assert row["won_share"] + row["lost_share"] + row["open_share"] == pytest.approx(1)
    assert 0.2 < rows["Offer"]["won_share"] < 0.7
    cut = ask(tables, "forecast", view="pipeline", by="manager", weeks=4)
    assert {row["manager"] for row in cut.rows} == {"Anna", "Boris"}
    assert sum(row["deals"] for row in cut.rows) == rows["New"]["deals"] + rows["Offer"]["deals"]


def test_changes_move_orders_and_money_as_they_say() -> None:
    found = ask(company(), "what_if", weeks=4, cr1="+10%", price="+5%", leads="+50%", stage_time="-50%")
    rows = {row["lever"]: row for row in found.rows}
    now = rows["now"]
    assert rows["cr1"]["expected_orders"] == pytest.approx(1.1 * now["expected_orders"])
    assert rows["price"]["expected_orders"] == now["expected_orders"]
    assert float(rows["price"]["expected_revenue"]) == pytest.approx(1.05 * float(now["expected_revenue"]))
    assert rows["leads"]["orders_gain"] > 0
    assert rows["stage_time"]["orders_gain"] > 0
    assert rows["all"]["revenue_gain"] > rows["cr1"]["revenue_gain"]


def test_too_little_is_refused_and_wrong_words_are_named() -> None:
    empty = ask({}, "forecast")
    assert empty.rows == []
    assert "too_few_weeks" in {caveat.code for caveat in empty.caveats}
    short = ask(company(weeks=5), "forecast", weeks=4)
    assert short.rows == []
    assert "too_few_weeks" in {caveat.code for caveat in short.caveats}
    for report, fields in (
        ("forecast", {"view": "moon"}),
        ("forecast", {"by": "manager"}),
        ("what_if", {}),
        ("what_if", {"cr1": "more"}),
        ("what_if", {"cr1": "+900%"}),
        ("what_if", {"stage_time": "-10%", "stage": "Ofer"}),
    ):
        with pytest.raises(QuestionError):
            ask(company(), report, **fields)
