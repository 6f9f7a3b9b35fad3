"""The forecast and its tabs: weeks, open deals, the check on the past, what if, the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.reading import charts, links, plain, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business


@pytest.mark.slow
def test_the_fan_continues_the_weeks_that_were(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/forecast").text
    ahead, past = served.ask("forecast", weeks="8"), served.ask("forecast", view="past", weeks="12")
    for name in ("orders", "revenue"):
        drawn = charts(page)[name]
        came, expected = drawn["series"]
        assert len(drawn["labels"]) == len(past.rows) + 8
        assert came["values"] == [pytest.approx(float(row[name])) for row in past.rows] + [None] * 8
        assert expected["values"][len(past.rows) :] == pytest.approx(
            [float(row[f"expected_{name}"]) for row in ahead.rows]
        )
        assert expected["low"][len(past.rows) :] == pytest.approx([float(row[f"{name}_low"]) for row in ahead.rows])
        assert expected["high"][len(past.rows) - 1] == came["values"][len(past.rows) - 1]
    assert len(table(page, "weeks")) == 8
    said = next(caveat.text.to("en") for caveat in ahead.caveats if caveat.code in ("tried", "tried_poor", "untried"))
    assert said in plain(page)


def test_the_horizon_can_be_chosen(enter: Callable[[str], Browser]) -> None:
    assert len(table(enter("owner").get("/forecast?_weeks=4").text, "weeks")) == 4


def test_every_open_deal_is_in_the_picture_and_behind_its_number(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    browser = enter("owner")
    page = browser.get("/forecast/deals").text
    answer = served.ask("forecast", view="pipeline", weeks="8")
    rows = [row for row in answer.rows if row["pipeline"] is not None]
    drawn = charts(page)["open-deals"]["series"]
    for place, row in enumerate(rows):
        assert sum(one["values"][place] for one in drawn) == pytest.approx(row["deals"], abs=0.02)
    row = max(rows, key=lambda row: row["deals"])
    url = next(url for url in links(page, "/behind?") if row["stage"].replace(" ", "+") in url)
    assert f"{row['deals']}\u00a0row" in browser.get(url).text
    by_manager = browser.get("/forecast/deals?by=manager").text
    assert sum(sum(one["values"]) for one in charts(by_manager)["open-deals"]["series"]) == pytest.approx(
        sum(row["deals"] for row in rows), abs=0.2
    )


@pytest.mark.slow
def test_forecasts_of_the_past_stand_beside_what_came(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/forecast/check").text
    rows = served.ask("forecast", view="backtest", weeks="8").rows[::-1]
    assert len(rows) > 1
    expected, came = charts(page)["check-orders"]["series"]
    assert expected["values"] == pytest.approx([row["expected_orders"] for row in rows])
    assert came["values"] == [row["orders"] for row in rows]
    held = sum(row["orders_low"] <= row["orders"] <= row["orders_high"] for row in rows)
    assert f"{held} of {len(rows)} forecasts held what came" in plain(page)


@pytest.mark.slow
def test_what_if_shows_the_money_of_each_change(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get("/forecast/what-if?_cr1=10&_price=-5%25&_leads=&_weeks=4").text
    rows = served.ask("what_if", cr1="+10%", price="-5%", weeks="4").rows
    assert [row["lever"] for row in rows] == ["now", "cr1", "price", "all"]
    drawn = charts(page)["what-if-chart"]
    assert drawn["labels"] == [row["title"] for row in rows]
    assert drawn["series"][0]["values"] == pytest.approx([float(row["expected_revenue"]) for row in rows])
    assert 'value="-5%"' in page
    assert "An example" in browser.get("/forecast/what-if").text
    assert "Nothing is changed" in browser.get("/forecast/what-if?_cr1=").text


def test_what_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get("/forecast/what-if?_cr1=more&_price=10").text
    assert "Conversion to an order: A change in per cent" in plain(page)
    assert 'value="more"' in page
    assert "that many cannot be" in browser.get("/forecast/what-if?_cr1=900").text
    assert "it is a part in per cent" in browser.get("/forecast/budget?_budget=200").text
    assert "A change in per cent" in browser.get("/forecast/budget?_budget=lots").text


def test_the_budget_says_who_has_a_curve_and_why_others_have_none(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    page = enter("owner").get("/forecast/budget").text
    answer = served.ask("budget", move="30%")
    assert [cells[0] for cells in table(page, "budget")] == [row["channel"] for row in answer.rows]
    for row in answer.rows:
        if row["note"]:
            assert f"{row['channel']} {row['note']}" in plain(page)
    curved = [row["channel"] for row in answer.rows if row["gain"] is not None]
    assert (
        [one["name"] for one in charts(page)["curves"]["series"]] == curved if curved else "curves" not in charts(page)
    )
    for caveat in answer.caveats:
        assert plain(page).count(caveat.text.to("en")) == 1, caveat.code


def test_managers_are_not_led_there(enter: Callable[[str], Browser]) -> None:
    browser = enter("manager")
    assert 'data-nav="/economics' not in browser.get("/channels").text
    assert browser.get("/forecast").status_code == 403
