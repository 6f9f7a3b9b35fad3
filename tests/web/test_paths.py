"""The page of paths: what its pictures and tables show is what the reports answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

DAYS = "since=2026-05-01&until=2026-10-31"
PERIOD = {"since": "2026-05-01", "until": "2026-10-31"}


def drawn(page: str) -> dict[str, Any]:
    """The data of the page's first chart."""
    found = re.search(r'<script type="application/json" data-values>(.*?)</script>', page, re.DOTALL)
    assert found, page[:2000]
    values: dict[str, Any] = json.loads(found[1])
    return values


def test_the_flow_draws_every_link_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    picture = drawn(enter("owner").get(f"/paths?{DAYS}&_point=page:*").text)
    answer = served.ask("paths", options={"after": "page:*", "depth": "4", "view": "links"}, **PERIOD)
    assert sorted(link["value"] for link in picture["links"]) == sorted(row["count"] for row in answer.rows)
    names = [node["name"] for node in picture["nodes"]]
    assert len(names) == len(set(names))
    assert {link[end] for link in picture["links"] for end in ("source", "target")} == set(names)


def test_a_point_that_nobody_passed_says_what_to_do(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/paths?{DAYS}&_point=page:/nowhere").text
    assert "Nobody passed this point" in page


def test_a_point_that_is_no_step_is_refused_in_plain_words(enter: Callable[[str], Browser]) -> None:
    answer = enter("owner").get(f"/paths?{DAYS}&_point=pgae:/x")
    assert answer.status_code == 400
    assert "page" in answer.text
    assert "Traceback" not in answer.text


def test_cells_of_cohorts_are_those_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    picture = drawn(enter("owner").get(f"/paths/cohorts?{DAYS}&_grain=month&_start=lead&_measure=orders").text)
    answer = served.ask("cohorts", options={"start": "lead", "ages": "yes"}, grain="month", **PERIOD)
    assert len(picture["rows"]) == 6
    assert sum(cell["value"][2] for cell in picture["cells"]) == sum(row["orders"] or 0 for row in answer.rows)


def test_cells_of_retention_leave_the_first_period_out(served: Business, enter: Callable[[str], Browser]) -> None:
    picture = drawn(enter("owner").get(f"/paths/retention?{DAYS}&_grain=month").text)
    answer = served.ask("retention", grain="month", **PERIOD)
    expected = [row["retention"] for row in answer.rows if row["age"] and row["retention"] is not None]
    assert sorted(cell["value"][2] for cell in picture["cells"]) == pytest.approx(sorted(expected))


def test_tabs_keep_the_days_and_drop_what_their_report_refuses(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/paths/chains?{DAYS}&basis=lead").text
    cohorts = re.search(r'href="(/paths/cohorts[^"]*)"', page)
    assert cohorts
    assert "since=2026-05-01" in cohorts[1]
    assert "basis" not in cohorts[1]
    assert enter("owner").get(cohorts[1].replace("&amp;", "&")).status_code == 200


def test_the_title_of_chains_says_the_finding(enter: Callable[[str], Browser]) -> None:
    assert "of orders came by more than one channel" in enter("owner").get("/paths/chains?_period=all").text


def test_times_of_too_few_orders_are_in_the_table_and_not_in_the_picture(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    page = enter("owner").get("/paths/lags?_period=all").text
    answer = served.ask("lags")
    few = {mark.row for mark in answer.few if mark.column == "median_days"}
    sure = [row for number, row in enumerate(answer.rows) if number not in few and row["median_days"] is not None]
    assert ("data-canvas" in page) == bool(sure)
    assert page.count('<th scope="row"') >= len(answer.rows)
