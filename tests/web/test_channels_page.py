"""The channels page: the drill-down, columns, search, what the rules change, models side by side, saved views."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from longfunnel.core.shown import Shown
from longfunnel.core.text import Text
from longfunnel.reports import Column, Filter, change_text, is_below_zero, sense

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"
PERIOD = {"since": "2026-08-01", "until": "2026-10-31"}


def links(page: str, start: str) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'href="([^"]+)"', page) if html.unescape(url).startswith(start)]


def rows_of(page: str, table: str) -> dict[str, str]:
    """The rows of a table by their first cell: the rest of each as text."""
    body = page.split(f'id="{table}"', 1)[1].split("</table>", 1)[0]
    found = re.findall(r'<tr>\s*<th scope="row"[^>]*>(.*?)</th>(.*?)</tr>', body, re.DOTALL)
    plain = [tuple(" ".join(re.sub(r"<[^>]+>", " ", part).split()) for part in pair) for pair in found]
    return {html.unescape(name): html.unescape(rest) for name, rest in plain}


def test_the_table_shows_the_report_and_its_total(served: Business, enter: Callable[[str], Browser]) -> None:
    answer = served.ask("channels", metrics="leads,revenue", **PERIOD)
    shown = rows_of(enter("owner").get(f"/channels?{DAYS}&metrics=leads,revenue&compare=").text, "channels-table")
    for row in answer.rows:
        assert shown[row["channel"] or "unknown"].startswith(f"{row['leads']:,} ")
    assert shown["Total"] == f"{answer.totals['leads']:,} {answer.totals['revenue']:,.0f}"


def test_a_row_leads_one_level_down_and_the_crumbs_lead_back(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get(f"/channels?{DAYS}").text
    down = next(url for url in links(page, "/channels") if "by=source" in url and "Paid+Search" in url)
    asked = dict(parse_qsl(urlsplit(down).query))
    assert asked["filter"] == "channel is Paid Search"
    below = browser.get(down).text
    assert "yandex" in rows_of(below, "channels-table")
    further = next(url for url in links(below, "/channels") if "by=campaign" in url and "yandex" in url)
    deepest = browser.get(further).text
    assert "Channel: Paid Search" in deepest
    crumbs = deepest.split('class="crumbs"', 1)[1].split("</nav>", 1)[0]
    back = [sorted(parse_qsl(urlsplit(url).query)) for url in links(crumbs, "/channels")]
    assert sorted(parse_qsl(urlsplit(down).query)) in back
    assert [("by", "channel"), *sorted(parse_qsl(DAYS))] == back[0]


def test_every_count_leads_to_as_many_rows(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/channels?{DAYS}&metrics=leads,orders").text
    for metric in ("leads", "orders"):
        url = next(
            url for url in links(page, "/behind") if f"_metric={metric}" in url and "channel+is+Paid+Search" in url
        )
        row = next(
            row for row in served.ask("channels", metrics=metric, **PERIOD).rows if row["channel"] == "Paid Search"
        )
        assert f"{row[metric]}\u00a0row" in enter("owner").get(url).text


def test_the_unknown_channel_leads_to_its_rows_too(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/channels?{DAYS}&metrics=leads").text
    url = next(url for url in links(page, "/behind") if "channel+unknown" in url)
    assert enter("owner").get(url).status_code == 200


def test_picked_columns_become_part_of_the_address(enter: Callable[[str], Browser]) -> None:
    answer = enter("owner").get(f"/channels?{DAYS}&_column=leads&_column=cpl")
    assert answer.status_code == 303
    page = enter("owner").get(answer.headers["location"]).text
    heads = re.findall(r'<th scope="col"[^>]*>\s*<a[^>]*>([^<]+)', page.split('id="channels-table"')[1])
    assert heads == ["Channel", "Leads", "CPL"]


def test_the_search_narrows_the_rows(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/channels?{DAYS}&_search=paid").text
    found = {name for name in rows_of(page, "channels-table") if name != "Total"}
    assert "Paid Search" in found
    assert all("Paid" in name for name in found)


def test_a_long_table_is_shown_by_parts_with_the_whole_total(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/channels?{DAYS}&metrics=leads&limit=2&compare=").text
    shown = rows_of(page, "channels-table")
    assert len(shown) == 3
    assert shown["Total"] == f"{served.ask('channels', metrics='leads', **PERIOD).totals['leads']:,}"
    assert any("limit=102" in url for url in links(page, "/channels"))


def test_other_rules_show_what_they_change(served: Business, enter: Callable[[str], Browser]) -> None:
    plain = enter("owner").get(f"/channels?{DAYS}").text
    assert "What these rules change" not in plain
    page = enter("owner").get(f"/channels?{DAYS}&model=last&window_days=7").text
    assert "What these rules change" in page
    assert "Last touch ← Last non-direct touch" in page
    assert "7\u00a0days ←" in page


def test_models_stand_side_by_side_and_share_out_one_total(served: Business, enter: Callable[[str], Browser]) -> None:
    total = served.ask("channels", metrics="orders", **PERIOD).totals["orders"]
    page = enter("owner").get(f"/channels?{DAYS}&_view=models&_measure=orders").text
    totals = [float(text) for text in re.findall(r"[\d.]+", rows_of(page, "models")["Total"].partition(" ")[2])]
    assert len(totals) == 8
    assert all(round(each) == total for each in totals)
    narrowed = (
        enter("owner").get(f"/channels?{DAYS}&_view=models&_measure=orders&filter=channel+is+Email&by=source").text
    )
    assert "Models of one touch" in narrowed


def test_a_manager_sees_their_own_numbers(served: Business, enter: Callable[[str], Browser]) -> None:
    own = Filter("manager", "is", ("Viktor Medvedev",))
    deals = served.ask("channels", metrics="deals", filters=[own], **PERIOD).totals["deals"]
    shown = rows_of(enter("manager").get(f"/channels?{DAYS}&metrics=deals&compare=").text, "channels-table")
    assert shown["Total"] == str(deals)


def test_a_view_is_kept_shared_and_taken_away(enter: Callable[[str], Browser]) -> None:
    owner, viewer = enter("owner"), enter("viewer")
    owner.post(
        "/views/save", at="/channels", page="channels", name="Paid ones", query=f"{DAYS}&_search=paid", is_shared="1"
    )
    owner.post("/views/save", at="/channels", page="channels", name="Mine alone", query=DAYS)
    seen = viewer.get(f"/channels?{DAYS}").text
    assert "Paid ones" in seen
    assert "Mine alone" not in seen
    assert any("_search=paid" in url for url in links(seen, "/channels"))
    (number,) = re.findall(r'action="/views/(\d+)/remove"[^>]*>(?:(?!</form>).)*Paid ones', owner.get("/channels").text)
    assert viewer.post(f"/views/{number}/remove", at="/channels").status_code == 400
    assert owner.post(f"/views/{number}/remove", at="/channels").status_code == 303
    assert "Paid ones" not in viewer.get("/channels").text


def test_a_view_without_a_name_or_with_a_wrong_question_is_refused(enter: Callable[[str], Browser]) -> None:
    owner = enter("owner")
    assert "no name" in owner.post("/views/save", at="/channels", page="channels", name="  ", query=DAYS).text
    wrong = owner.post("/views/save", at="/channels", page="channels", name="x", query="filter=chanel+is+Email")
    assert wrong.status_code == 400
    assert owner.post("/views/save", at="/channels", page="sign_in", name="x", query="").status_code == 404


def test_a_viewer_keeps_views_for_themselves_alone(enter: Callable[[str], Browser]) -> None:
    enter("viewer").post("/views/save", at="/channels", page="channels", name="Of a viewer", query=DAYS, is_shared="1")
    assert "Of a viewer" in enter("viewer").get("/channels").text
    assert "Of a viewer" not in enter("owner").get("/channels").text


@pytest.mark.parametrize(
    ("value", "before", "change", "said", "way"),
    [
        (Decimal(120), Decimal(100), 0.2, "+20.0\u00a0%", "better"),
        (Decimal(-300), Decimal(-100), 2.0, "−200.00", "worse"),
        (Decimal(50), Decimal(-100), -1.5, "+150.00", "better"),
        (Decimal(50), None, None, "", "same"),
    ],
)
def test_a_change_of_a_loss_is_said_as_the_difference(
    value: Decimal, before: Decimal | None, change: float | None, said: str, way: str
) -> None:
    column = Column("profit", Text("Profit", "Прибыль"), "money", direction="up")
    shown = Shown("en", "USD", ZoneInfo("UTC"))
    text = change_text(shown, column, value, before, change)
    assert text.replace("$", "") == said
    assert sense(value - before if before is not None and is_below_zero(before) else change, "up") == way
