"""The attribution page: credits as the report has them, models side by side, the warning, the rows behind."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest
from tests.web.reading import charts, links, plain, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

PERIOD = {"since": "2026-07-01", "until": "2026-10-31"}
PATH = "/attribution?since=2026-07-01&until=2026-10-31"
MODELS = "last_non_direct, first, linear, markov, shapley"


def test_credits_and_intervals_are_those_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(PATH).text
    drawn = charts(page)["credits"]
    answer = served.ask("attribution", models=MODELS, measure="profit", **PERIOD)
    rows = [row for row in answer.rows if row["model"] == "last_non_direct" and (row["credit"] or row["cost"])]
    assert len(rows) > 4
    assert drawn["labels"] == [row["channel"] or "unknown" for row in rows]
    for name, column in (("values", "credit"), ("low", "credit_low"), ("high", "credit_high")):
        assert drawn["series"][0][name] == pytest.approx([float(row[column]) for row in rows])
    assert drawn["series"][1]["kind"] == "tick"
    assert [cells[0] for cells in table(page, "credits-table")] == [row["channel"] or "unknown" for row in rows]


def test_models_stand_side_by_side(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"{PATH}&_measure=revenue&model=linear").text
    side = served.ask(
        "attribution",
        models="linear, first, last_non_direct, markov, shapley",
        measure="revenue",
        view="side",
        draws="0",
        **PERIOD,
    )
    drawn = {one["name"]: one["values"] for one in charts(page)["models"]["series"]}
    rows = [
        row
        for row in side.rows
        if any(row[name] for name in ("linear", "first", "last_non_direct", "markov", "shapley"))
    ]
    for name, title in (("linear", "Linear"), ("markov", "Markov chain")):
        assert drawn[title] == pytest.approx([float(row[name]) for row in rows])
    assert "depending on the model" in plain(page)


def test_what_would_be_lost_without_a_channel(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(PATH).text
    answer = served.ask("attribution", models="markov", measure="profit", **PERIOD)
    lost = sorted((row["removal"] for row in answer.rows if row["removal"]), reverse=True)
    assert charts(page)["removal"]["values"] == pytest.approx([100 * share for share in lost])
    assert sum(lost) > 1 or len(lost) == 1  # they overlap


def test_a_disagreement_that_changes_the_decision_is_said_first(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    page = enter("owner").get(PATH).text
    answer = served.ask("attribution", models=MODELS, measure="profit", **PERIOD)
    said = [caveat.text.to("en") for caveat in answer.caveats if caveat.code.startswith("models_disagree")]
    assert ("The decision depends on the model" in page) == bool(said)
    for text in said:
        assert plain(html.escape(text)) in plain(page)
        assert plain(page).count(plain(html.escape(text))) == 1


def test_rows_stand_behind_where_they_are_what_is_counted(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    path = f"{PATH}&_journey=lead&_measure=orders&model=last_paid"
    page = browser.get(path).text
    answer = served.ask("attribution", models="last_paid", measure="orders", journey="lead", **PERIOD)
    row = max((row for row in answer.rows if row["channel"]), key=lambda row: row["credit"])
    url = next(
        url for url in links(page, "/behind?") if "_metric=orders" in url and row["channel"].replace(" ", "+") in url
    )
    assert row["credit"] > 0
    assert f"{int(row['credit'])}\u00a0row" in browser.get(url).text
    assert not [url for url in links(browser.get(PATH).text, "/behind?") if "_metric=orders" in url]


def test_a_filter_by_origin_is_dropped_and_said(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    answer = browser.get(f"{PATH}&filter=channel+is+Email&filter=manager+known")
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert "Email" not in there
    page = browser.get(there).text
    assert "Without the filter by" in page
    assert "is known" in page


def test_direct_visits_can_be_skipped(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"{PATH}&_direct=skip&model=first").text
    answer = served.ask("attribution", models="first", measure="profit", direct="skip", **PERIOD)
    drawn = charts(page)["credits"]
    credit = {row["channel"] or "unknown": float(row["credit"]) for row in answer.rows}
    assert dict(zip(drawn["labels"], drawn["series"][0]["values"], strict=True)) == pytest.approx(
        {name: credit[name] for name in drawn["labels"]}
    )


def test_how_it_is_counted_speaks_of_the_same_answer(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get(f"{PATH}&_measure=orders&_direct=skip").text
    url = next(url for url in links(page, "/explain?") if "_metric=credit" in url)
    said = browser.get(url).text
    assert "measure=orders" in said
    assert "direct=skip" in said


def test_without_sales_it_says_so(enter: Callable[[str], Browser]) -> None:
    assert "Nothing was sold" in enter("owner").get("/attribution?since=2001-01-01&until=2001-01-31").text


@pytest.mark.parametrize("path", ["/attribution", "/economics", "/lifetime", "/lifetime/clients", "/forecast", "/forecast/deals",
                                  "/forecast/check", "/forecast/what-if", "/forecast/budget"])  # fmt: skip
def test_every_page_of_money_marks_its_place_and_opens_from_any_address(
    enter: Callable[[str], Browser], path: str
) -> None:
    browser = enter("owner")
    query = "_period=all&filter=channel+is+Email&model=markov&basis=payment&window_days=30"
    answer = browser.get(f"{path}?{query}")
    while answer.status_code == 303:
        answer = browser.get(answer.headers["location"])
    assert answer.status_code == 200
    here = [
        link
        for link in html.unescape(answer.text).split("data-nav=")[1:]
        if 'aria-current="page"' in link.split(">")[0]
    ]
    assert len(here) == 1
    assert "/economics" in here[0]


@pytest.mark.parametrize("path", ["/", "/funnels/pipeline", "/people", "/ledger", "/paths", "/economics"])
def test_a_model_that_a_page_cannot_follow_gives_way_to_the_default(enter: Callable[[str], Browser], path: str) -> None:
    assert enter("owner").get(f"{path}?since=2026-07-01&until=2026-10-31&model=markov").status_code == 200
