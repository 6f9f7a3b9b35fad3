"""Tables of money, the ledger and the paths: their order is in the address, the way down keeps to journeys, marks lead somewhere."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from tests.web.reading import charts, links, plain, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

PERIOD = {"since": "2026-07-01", "until": "2026-10-31"}
DAYS = "since=2026-07-01&until=2026-10-31"
SORTED = [
    (f"/attribution?{DAYS}", "credits-table", "_sort"),
    (f"/attribution?{DAYS}", "models-table", "_sort_models"),
    (f"/attribution?{DAYS}", "removal-table", "_sort_removal"),
    (f"/economics?{DAYS}", "economics", "_sort"),
    (f"/economics?{DAYS}", "clients-table", "_sort_clients"),
    ("/lifetime?_period=all", "lifetime", "_sort"),
    ("/lifetime/clients?_period=all", "type-table", "_sort_type"),
    ("/forecast", "weeks", "_sort"),
    ("/forecast", "orders-table", "_sort_past"),
    ("/forecast/deals", "open-deals-table", "_sort"),
    ("/forecast/check", "check", "_sort"),
    ("/forecast/what-if", "what-if-chart-table", "_sort"),
    (f"/ledger?{DAYS}", "ledger-channels", "_sort_channels"),
    (f"/paths?{DAYS}", "whole-paths", "_sort"),
    (f"/paths?{DAYS}", "paths-table", "_sort_links"),
    (f"/paths/lags?{DAYS}", "lag-rows", "_sort"),
    (f"/paths/cohorts?{DAYS}", "cohort-rows", "_sort"),
    (f"/paths/retention?{DAYS}", "retention-table", "_sort"),
]


def heads(page: str, name: str) -> list[tuple[str, str]]:
    """The columns of a table with where their heads lead."""
    found = re.search(rf'<figure class="grid" id="{name}">.*?</thead>', page, re.DOTALL)
    assert found, f"no table {name}"
    return [
        (column, html.unescape(url))
        for column, url in re.findall(r'data-column="([^"]+)".*?<a id="[^"]+" href="([^"]+)"', found[0], re.DOTALL)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "name", "order"), SORTED)
def test_a_head_puts_the_rows_in_order_and_the_address_keeps_it(
    enter: Callable[[str], Browser], path: str, name: str, order: str
) -> None:
    browser = enter("owner")
    before = browser.get(path).text
    columns = heads(before, name)
    column, url = columns[-1]
    assert f"{order}=-{column}" in url
    down = browser.get(url).text
    assert re.search(rf'data-column="{column}"[^>]*aria-sort="descending"', down)
    again = dict(heads(down, name))[column]
    assert again.endswith(f"{order}={column}")
    up = browser.get(again).text
    assert re.search(rf'data-column="{column}"[^>]*aria-sort="ascending"', up)
    rows = [table(page, name) for page in (before, down, up)]
    assert sorted(rows[0]) == sorted(rows[1]) == sorted(rows[2])
    place = [one for one, _ in columns].index(column)
    known = [[cells[place] for cells in one if not cells[place].startswith("—")] for one in rows[1:]]
    assert known[0] == list(reversed(known[1])) or sorted(known[0]) == sorted(known[1])
    for one in rows[1:]:
        is_known = [not cells[place].startswith("—") for cells in one]
        assert is_known == sorted(is_known, reverse=True), "what is unknown stands last"


def test_an_order_by_what_is_no_column_is_none(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    plain_rows = table(browser.get(f"/attribution?{DAYS}").text, "models-table")
    assert table(browser.get(f"/attribution?{DAYS}&_sort_models=-luck").text, "models-table") == plain_rows


def test_models_go_down_from_a_channel_to_its_sources(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get(f"/attribution?{DAYS}&_measure=revenue").text
    url = next(url for url in links(page, "/attribution?") if "_in=channel%3DPaid+Search" in url and "by=source" in url)
    below = browser.get(url).text
    models = "last_non_direct, first, linear, markov, shapley"
    side = served.ask(
        "attribution", by=["channel", "source"], models=models, measure="revenue", view="side", draws="0", **PERIOD
    )
    wanted = [row for row in side.rows if row["channel"] == "Paid Search"]
    shown = table(below, "models-table")
    assert [cells[0] for cells in shown] == [row["source"] or "unknown" for row in wanted]
    assert [cells[3].replace(",", "") for cells in shown] == [f"{row['first']:.0f}" for row in wanted]
    assert "Channel: Paid Search" in plain(below)
    assert "All channels" in plain(below)
    deeper = next(url for url in links(below, "/attribution?") if "_in=source" in url)
    assert "by=campaign" in deeper
    assert browser.get(deeper).status_code == 200


def test_behind_a_shared_credit_stand_the_orders_that_it_is_a_part_of(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get(f"/attribution?{DAYS}&_measure=orders&model=linear").text
    url = next(url for url in links(page, "/attribution/orders?") if "channel%3DPaid+Search" in url)
    said = browser.get(url, headers={"lf-panel": "true"}).text
    shown = re.search(r"(\d+)\s+orders?\b", plain(said))
    assert shown
    credit = next(float(cells[1]) for cells in table(page, "credits-table") if cells[0] == "Paid Search")
    assert int(shown[1]) >= credit > 0
    assert browser.get("/attribution/orders?_touch=mood%3Dgood").status_code == 404


def test_every_mark_of_money_leads_to_its_rows_or_to_how_it_is_counted(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    for path, name in (("/attribution", "credits"), ("/attribution", "models"), ("/economics", "clients"),
                       ("/forecast/check", "check-orders"), ("/forecast/what-if", "what-if-chart")):  # fmt: skip
        drawn = charts(browser.get(f"{path}?{DAYS}" if "forecast" not in path else path).text)[name]
        assert len(drawn["urls"]) == len(drawn["series"])
        for urls, one in zip(drawn["urls"], drawn["series"], strict=True):
            assert len(urls) == len(one["values"])
            assert all(urls)
        for url in {drawn["urls"][0][0], drawn["urls"][-1][0]}:
            assert browser.get(url, headers={"lf-panel": "true"}).status_code == 200


def test_a_week_that_was_opens_its_orders_and_one_ahead_how_it_is_counted(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    came, expected = charts(browser.get("/forecast").text)["orders"]["series"]
    place = max(range(len(came["urls"])), key=lambda one: came["values"][one])
    assert f"{came['values'][place]:.0f}\u00a0row" in browser.get(came["urls"][place]).text
    assert expected["url"].startswith("/explain?")
    assert browser.get(expected["url"]).status_code == 200


def test_the_others_of_the_flow_say_what_was_folded_into_them(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    drawn = charts(browser.get(f"/paths?{DAYS}&_depth=6").text)["paths"]
    assert len(drawn["links"]) <= 40
    folded = [link for link in drawn["links"] if "/paths/others" in link["url"]]
    assert folded
    for link in folded[:3]:
        said = browser.get(link["url"], headers={"lf-panel": "true"}).text
        rows = re.findall(r'<td class="is-number">(?:<a[^>]*>)?([\d,]+)(?:</a>)?</td><td', said.partition("<tfoot>")[0])
        if "shown" not in plain(said):
            assert sum(int(count.replace(",", "")) for count in rows) == link["value"]
    node = next(node for node in drawn["nodes"] if "/paths/others" in node["url"])
    assert "100.0" in plain(browser.get(node["url"]).text)


def test_profit_is_shown_by_what_it_is_made_of(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get(f"/behind?{DAYS}&_metric=profit").text
    totals = served.ask(
        "summary", metrics=["revenue", "cost_of_goods", "cost", "profit"], basis="lead", **PERIOD
    ).totals
    for name in ("revenue", "cost_of_goods", "cost", "profit"):
        assert f"{abs(totals[name]):,.2f}" in page
    assert 'data-column="cost_of_goods"' in page
    spend = next(url for url in links(page, "/behind?") if "_part=cost" in url and "goods" not in url)
    assert 'data-column="clicks"' in browser.get(spend).text
    assert "ROMI" in plain(browser.get(f"/behind?{DAYS}&_metric=romi").text)
    assert "sum-of" not in browser.get(f"/behind?{DAYS}&_metric=revenue").text


@pytest.mark.parametrize(
    ("path", "page"),
    [("/paths", "paths"), ("/paths/chains", "paths/chains"), ("/ledger", "ledger"), ("/people", "people")],
)
def test_views_are_kept_of_paths_ledger_and_people(enter: Callable[[str], Browser], path: str, page: str) -> None:
    owner = enter("owner")
    query = "_q=an&_sort=first" if path == "/people" else DAYS
    kept = owner.post("/views/save", at=path, page=page, name=f"Mine of {page}", query=query)
    assert kept.headers["location"] == f"{path}?{query}"
    shown = owner.get(f"{path}?{query}").text
    assert f"Mine of {page}" in shown
    assert html.unescape(re.search(r'name="query" value="([^"]*)"', shown)[1]) == query  # type: ignore[index]
    number = re.search(r'action="/views/(\d+)/remove"', shown)
    assert number
    assert owner.post(f"/views/{number[1]}/remove", at=path).headers["location"].startswith(path)
    assert owner.post("/views/save", at=path, page="paths/people", name="x", query="").status_code in (303, 404)
    assert owner.post("/views/save", at=path, page="paths/nowhere", name="x", query="").status_code == 404


def test_a_caveat_leads_to_where_it_is_acted_on(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/economics?{DAYS}").text
    codes = {caveat.code for caveat in served.ask("economics", by=["channel"], **PERIOD).caveats}
    caveats = page.partition('<section class="caveats">')[2]
    assert ("#reasons" in caveats) == bool(codes & {"spend_without_channel", "spend_unconverted"})
    assert ('href="/sources"' in caveats) == bool(codes & {"quarantine", "beyond_data", "old_rate", "no_cost_of_goods"})
    assert 'href="/settings"' in caveats
    assert (
        'href="/settings"'
        not in enter("viewer").get(f"/economics?{DAYS}").text.partition('<section class="caveats">')[2]
    )


def test_without_a_column_the_table_says_how_to_get_them_back(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    there = browser.get(f"/channels?{DAYS}&_column=").headers["location"]
    page = browser.get(there).text
    assert "Every column is hidden" in page
    back = next(url for url in links(page, "/channels?") if "_bare" not in url and url.endswith(DAYS))
    assert "channels-table" in browser.get(back).text
    with_one = browser.get(f"{there}&_column=&_column=leads").headers["location"]
    assert "_bare" not in with_one
    assert "metrics=leads" in with_one
