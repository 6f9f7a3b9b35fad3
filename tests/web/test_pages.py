"""What pages show: the overview, the panel, the fragment, the empty state, mistakes in plain words, both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.visitor import Browser

from longfunnel.app.accounts import ready_link
from longfunnel.reports import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"


def test_the_overview_shows_the_numbers_of_the_reports(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/?{DAYS}").text
    totals = served.ask("summary", since="2026-08-01", until="2026-10-31", metrics="leads,orders,impressions").totals
    assert f'aria-label="Leads: {totals["leads"]:,}"' in page
    assert f'aria-label="Impressions: {totals["impressions"]:,}"' in page


def test_a_page_and_its_fragment_show_the_same(enter: Callable[[str], Browser]) -> None:
    whole = enter("owner").get(f"/?{DAYS}").text
    fragment = enter("owner").get(f"/?{DAYS}", headers={"hx-request": "true"}).text
    assert fragment.lstrip().startswith("<title>")
    assert "<html" not in fragment
    inside = fragment.split("</title>", 1)[1].strip()
    assert inside in whole


def test_a_panel_is_a_page_without_a_script(enter: Callable[[str], Browser]) -> None:
    address = f"/explain?{DAYS}&_metric=cpl"
    panel = enter("owner").get(address, headers={"lf-panel": "true"}).text
    page = enter("owner").get(address).text
    for shown in (panel, page):
        assert "cpl = cost / leads" in shown
        assert "SELECT" in shown
    assert "<html" not in panel


@pytest.mark.parametrize(
    "metric", ["leads", "orders", "deals", "visits", "clicks", "cost", "repeat_orders", "qualified_leads"]
)
def test_the_rows_behind_a_number_are_as_many_as_it_says(served: Business, metric: str) -> None:
    period = {"since": "2026-08-01", "until": "2026-10-31"}
    number = served.ask("summary", metrics=metric, **period).totals[metric]
    behind = served.ask("behind", metrics=metric, **period)
    if metric in ("clicks", "cost"):
        assert sum(row[metric] for row in behind.rows) == number
    else:
        assert len(behind.rows) == behind.totals["rows"] == number


def test_a_mistake_in_the_address_is_said_in_plain_words(enter: Callable[[str], Browser]) -> None:
    answer = enter("owner").get("/?filter=chanel+is+Email")
    assert answer.status_code == 400
    assert "channel" in answer.text
    assert "Traceback" not in answer.text


def test_without_data_the_page_says_what_will_be_here(empty: Business, browse: Callable[[Business], Browser]) -> None:
    browser = browse(empty)
    browser.get(ready_link(empty, "http://testserver.local").removeprefix("http://testserver.local"))
    assert "Here your funnel will stand" in browser.get("/").text


def test_a_user_reads_in_the_language_of_their_choice(enter: Callable[[str], Browser]) -> None:
    browser = enter("viewer")
    browser.post("/account/look", at="/account", language="ru", next="/")
    page = browser.get(f"/?{DAYS}").text
    assert "Длинная воронка" in page or "Дороже всего" in page
    assert "Показы" in page
    browser.post("/account/look", at="/account", language="en", next="/")
    assert "Impressions" in browser.get(f"/?{DAYS}").text


def test_filters_stand_in_the_address_and_can_be_taken_away(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/?{DAYS}&filter=channel+is+Email").text
    assert "Email" in page
    assert f'href="/?{DAYS}"' in page.replace("&amp;", "&")


def test_new_facts_are_seen_without_a_restart(served: Business) -> None:
    from longfunnel.app.answering import Answering

    answering = Answering(served)
    question = Question("summary", metrics=("leads",))
    first = answering.ask(question)
    assert answering.ask(question) is first, "remembered while nothing changes"
    assert answering.ask(question, "ru") is not first
