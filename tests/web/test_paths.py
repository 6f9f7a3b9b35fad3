"""The page of paths: what its pictures and tables show is what the reports answer."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

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
    assert found, page[page.index("<main") :][:3000]
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
    assert "Nobody did this in these days" in page


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
    assert ('data-chart="lags"' in page) == (len(sure) > 1)
    assert page.count('<th scope="row"') >= len(answer.rows)


def shown_of(page: str) -> int:
    """How many people or orders a list of those behind a mark says there are."""
    found = re.search(r'class="quiet">(?:[^<]* · )?([\d,]+)\u00a0(?:person|people|order)', html.unescape(page))
    assert found, page[page.index("<main") :][:3000]
    return int(found[1].replace(",", ""))


def test_behind_a_node_and_a_link_stand_as_many_people(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    picture = drawn(browser.get(f"/paths?{DAYS}&_point=page:*").text)
    marks = [link for link in picture["links"] if link["url"] and "/others" not in link["url"]]
    assert any(link["target"].endswith(" end") for link in marks)
    for link in (marks[0], marks[-1]):
        assert shown_of(browser.get(link["url"]).text) == link["value"]
    first = next(node for node in picture["nodes"] if node["url"] and node["name"].startswith("1 "))
    through = sum(link["value"] for link in picture["links"] if link["source"] == first["name"])
    assert shown_of(browser.get(first["url"]).text) == through


def test_behind_a_chain_stand_its_orders(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    picture = drawn(browser.get("/paths/chains?_period=all").text)
    assert None not in picture["labels"]
    for url, orders in zip(picture["urls"], picture["values"], strict=True):
        assert shown_of(browser.get(url).text) == orders


def test_a_manager_sees_only_their_own_orders_behind_a_chain(served: Business, enter: Callable[[str], Browser]) -> None:
    manager, owner = (drawn(enter(role).get("/paths/chains?_period=all").text) for role in ("manager", "owner"))
    if manager["values"]:
        assert shown_of(enter("manager").get(owner["urls"][0]).text) <= manager["values"][0]
    assert sum(manager["values"]) < sum(owner["values"])


def test_behind_the_times_stand_all_timed_orders(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    picture = drawn(browser.get("/paths/lags?_period=all").text)
    for url, orders in zip(picture["urls"], picture["values"], strict=True):
        assert (shown_of(browser.get(url).text) if url else 0) == orders
    assert sum(picture["values"]) == served.ask("lags").total_cases["median_days"]


def test_behind_a_cell_stand_its_people(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    cells = drawn(browser.get(f"/paths/cohorts?{DAYS}&_grain=month&_start=lead").text)["cells"]
    answer = served.ask("cohorts", options={"start": "lead", "ages": "yes"}, grain="month", **PERIOD)
    cell = max((cell for cell in cells if "url" in cell), key=lambda cell: cell["value"][2])
    asked = dict(parse_qsl(urlsplit(cell["url"]).query))
    row = next(row for row in answer.rows if (str(row["cohort"]), str(row["age"])) == (asked["_cohort"], asked["_age"]))
    assert shown_of(browser.get(cell["url"]).text) == row["buyers"]
    cells = drawn(browser.get(f"/paths/retention?{DAYS}&_grain=month").text)["cells"]
    back = served.ask("retention", grain="month", **PERIOD)
    for cell in [cell for cell in cells if "url" in cell][:3]:
        asked = dict(parse_qsl(urlsplit(cell["url"]).query))
        row = next(
            row for row in back.rows if (str(row["cohort"]), str(row["age"])) == (asked["_cohort"], asked["_age"])
        )
        assert shown_of(browser.get(cell["url"]).text) == row["active"]


def test_who_has_not_bought_has_brought_nothing_and_the_future_is_empty(enter: Callable[[str], Browser]) -> None:
    picture = drawn(enter("owner").get(f"/paths/cohorts?{DAYS}&_grain=month&_start=touch").text)
    ages = [max(cell["value"][0] for cell in picture["cells"] if cell["value"][1] == row) for row in range(6)]
    assert ages == sorted(ages, reverse=True)
    assert len(picture["cells"]) == sum(age + 1 for age in ages)


def test_an_act_is_picked_and_never_typed(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")

    def sent(path: str, **fields: str) -> dict[str, str]:
        answer = browser.get(f"{path}?{urlencode({f'_{name}': value for name, value in fields.items()})}")
        assert answer.status_code == 303
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    assert sent("/paths/edit", point="page", do="point:set:lead", way="before") == {"_point": "lead", "_way": "before"}
    assert sent("/paths/edit", point="lead", show="page", do="show:add:order")["_show"] == "page | order"
    assert sent("/paths/edit", point="lead", show="page | order", do="show:less:1")["_show"] == "order"
    assert sent("/paths/edit", point="lead", q_point="nonsense here", verb_point="set")["_point"] == "lead"
    assert sent("/paths/retention/edit", activity="visit", do="activity:add:order")["_activity"] == "visit | order"
    assert "_activity" not in sent("/paths/retention/edit", activity="visit", do="activity:less:1")


def test_no_step_language_stands_in_titles_and_tables(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/paths?{DAYS}").text
    said = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert "Any page" in said
    assert not re.search(r"\b(page|event|lead|deal):", said)
