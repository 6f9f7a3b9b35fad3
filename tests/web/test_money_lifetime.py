"""Lifetime value and client types: the report's numbers, what is refused, the people behind a segment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.web.reading import charts, links, plain, table

from longfunnel.app.answering import Answering
from longfunnel.app.people.clients import client_people
from longfunnel.reports import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

PATH = "/lifetime?_period=all"


def test_it_looks_at_all_days_unless_some_are_named(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    assert browser.get("/lifetime").headers["location"] == "/lifetime?_period=all"
    assert browser.get("/lifetime?since=2026-01-01").status_code == 200


def test_the_numbers_are_those_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(PATH).text
    answer = served.ask("lifetime_value", touch="first")
    rows = table(page, "lifetime")
    assert [cells[0] for cells in rows] == [row["channel"] or "unknown" for row in answer.rows]
    assert [int(cells[1]) for cells in rows] == [row["customers"] for row in answer.rows]
    assert charts(page)["ltv"]["series"][0]["values"] == pytest.approx([float(row["ltv"]) for row in answer.rows])
    refused = [caveat for caveat in answer.caveats if caveat.code == "prediction_refused"]
    assert ("What cannot be predicted, and why" in page) == bool(refused)
    assert ("alive" in charts(page)) != bool(refused)


def test_types_and_segments_are_those_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/lifetime/clients?_period=all").text
    for kind in ("type", "segment"):
        answer = served.ask("clients", kind=kind)
        drawn = charts(page)[kind]
        assert drawn["values"] == [row["clients"] for row in answer.rows]
        assert [cells[0] for cells in table(page, f"{kind}-table")] == [row["title"] for row in answer.rows]


def test_as_many_people_stand_behind_a_kind_as_it_counts(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get("/lifetime/clients?_period=all").text
    for kind in ("type", "segment"):
        for row in served.ask("clients", kind=kind).rows:
            url = next(
                url
                for url in links(page, "/lifetime/people?")
                if f"_which={row[kind]}" in url and f"_kind={kind}" in url
            )
            found = plain(browser.get(url).text)
            assert f"{row['clients']} client" in found
            assert row["title"] in found


def test_the_people_of_a_segment_add_up_to_its_money(served: Business) -> None:
    answering = Answering(served)
    for row in served.ask("clients", kind="segment").rows:
        question = Question("clients", options=(("kind", "segment"),))
        people, count = client_people(answering, question, row["segment"], limit=10_000)
        assert count == len(people) == row["clients"]
        assert sum(one.orders for one in people) == row["orders"]
        assert sum(one.revenue or 0 for one in people) == (row["revenue"] or 0)
        assert all(one.alive is None or 0 <= one.alive <= 1 for one in people)


def test_a_viewer_sees_no_whole_phone(enter: Callable[[str], Browser]) -> None:
    path = "/lifetime/people?_period=all&_kind=type&_which=real"
    phone = re.compile(r"\+7 \d{3} \d{3}-\d\d-\d\d")
    assert phone.search(enter("owner").get(path).text)
    assert not phone.search(enter("viewer").get(path).text)


def test_there_is_no_other_kind(enter: Callable[[str], Browser]) -> None:
    assert enter("owner").get("/lifetime/people?_period=all&_kind=type&_which=kings").status_code == 404


def test_nobody_in_these_days(enter: Callable[[str], Browser]) -> None:
    assert "Nobody made a first order" in enter("owner").get("/lifetime?since=2001-01-01&until=2001-01-31").text
    assert "No clients in these days" in enter("owner").get("/lifetime/clients?since=2001-01-01&until=2001-01-31").text
