"""The pipeline page: stages as the report has them, reasons, cuts, managers' own deals."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from longfunnel.reports import Filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"
PERIOD = {"since": "2026-08-01", "until": "2026-10-31"}
PATH = f"/funnels/pipeline?{DAYS}"


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_stages_stand_with_the_numbers_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(PATH).text
    for row in served.ask("pipeline", **PERIOD).rows:
        if row["conversion"] is None:
            assert f"{row['stage']} {row['entered']}" in plain(page)
        else:
            said = f"{row['stage']}: went on {row['forward']}, stand here {row['open']}, lost {row['lost']}"
            assert said in html.unescape(page)


def test_the_cards_show_the_win_rate(served: Business, enter: Callable[[str], Browser]) -> None:
    rate = served.ask("summary", metrics="win_rate", basis="lead", **PERIOD).totals["win_rate"]
    assert f"{100 * rate:.1f}\u00a0%" in enter("owner").get(PATH).text


def test_a_reason_leads_to_its_deals(served: Business, enter: Callable[[str], Browser]) -> None:
    page = html.unescape(enter("owner").get(PATH).text).replace("\\u0026", "&")
    rows = served.ask("summary", by="reason_lost", metrics="lost", basis="lead", sort="-lost", **PERIOD).rows
    assert rows[0]["reason_lost"] in page
    url = next(url for url in re.findall(r"/behind\?[^\"]+", page) if "_metric=lost" in url and "reason_lost" in url)
    assert f"{rows[0]['lost']}\u00a0row" in enter("owner").get(url).text


@pytest.mark.parametrize("cut", ["manager", "product", "region", "first_or_repeat", "channel"])
def test_every_cut_shows_its_numbers_and_how_stages_convert(
    served: Business, enter: Callable[[str], Browser], cut: str
) -> None:
    page = plain(enter("owner").get(f"{PATH}&by={cut}").text)
    total = served.ask("summary", by=cut, metrics="deals", basis="lead", **PERIOD).totals["deals"]
    assert f"Total {total}" in page
    assert "How each stage converts" in page


def test_one_pipeline_and_repeat_deals_can_be_chosen(served: Business, enter: Callable[[str], Browser]) -> None:
    chosen = [Filter("pipeline", "is", ("Retail",)), Filter("first_or_repeat", "is", ("repeat",))]
    query = urlencode([("filter", str(item)) for item in chosen])
    page = enter("owner").get(f"{PATH}&{query}").text
    entered = {row["stage"]: row["entered"] for row in served.ask("pipeline", filters=chosen, **PERIOD).rows}
    assert "Approval:" not in page
    assert f"Deal won {entered['Deal won']}" in plain(page)


def test_the_stage_that_the_title_names_is_the_marked_one(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(PATH).text
    rows = [row for row in served.ask("pipeline", **PERIOD).rows if row["conversion"] is not None]
    worst = max(rows, key=lambda row: row["lost"])
    assert f"“{worst['stage']}” loses most: {worst['lost']} of {worst['entered']}" in html.unescape(page)
    assert re.findall(r'is-worst">([\d,]+)<', page) == [str(worst["lost"])]


def test_a_stage_leads_to_the_funnel_from_it(enter: Callable[[str], Browser]) -> None:
    page = html.unescape(enter("owner").get(PATH).text)
    url = next(url for url in re.findall(r'href="(/funnels\?[^"]+)"', page) if "stage%3A" in url)
    assert "Most are lost before" in enter("owner").get(url).text


def test_a_manager_sees_their_own_deals(served: Business, enter: Callable[[str], Browser]) -> None:
    own = [Filter("manager", "is", ("Viktor Medvedev",))]
    deals = served.ask("summary", metrics="deals", basis="lead", filters=own, **PERIOD).totals["deals"]
    answer = enter("manager").get(PATH)
    assert answer.status_code == 200
    assert f"Deals How {deals}" in plain(answer.text) or f">{deals}</a>" in answer.text
    assert "Olga Belova" not in answer.text


def test_without_deals_the_page_says_so(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/funnels/pipeline?since=2001-01-01&until=2001-01-31")
    assert page.status_code == 200
    assert "No deals in these days" in page.text


def test_it_reads_as_russian(enter: Callable[[str], Browser]) -> None:
    browser = enter("analyst")
    browser.post("/account/look", at="/account", language="ru", next="/")
    try:
        page = browser.get(PATH).text
        assert "Больше всего сделок теряет" in page
        assert "Доля побед" in page
    finally:
        browser.post("/account/look", at="/account", language="en", next="/")
