"""Shared links: one page as it stands, read only, with its own pictures, until whoever may close it closes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.web.reading import charts, plain
from tests.web.visitor import ACCOUNTS

from longfunnel.web.page import pages
from longfunnel.web.read_only import read_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"
SHARED = sorted(route.path for page in pages().values() for route in page.routes if route.can_share)


def share(browser: Browser, path: str, query: str = DAYS, title: str = "For the board") -> str:
    """The path of a new link to this page."""
    form = browser.get(f"/share?{urlencode([('_page', path)])}&{query}").text
    fields = dict(re.findall(r'name="(page|query|csrf)" value="([^"]*)"', form))
    fields["query"] = fields["query"].replace("&amp;", "&")
    page = browser.client.post("/share", data=fields | {"title": title}).text
    found = re.search(r"/shared/[\w-]+", page)
    assert found, plain(page)
    return found.group(0)


def led_to(page: str) -> list[str]:
    """Every address that the page's inside leads to."""
    body = page[page.index("<body") :]
    return [
        one
        for one in re.findall(r'(?:href|src|action|hx-\w+)="([^"]*)"', body)
        if not one.startswith(("/static/", "#"))
    ]


def test_every_page_of_a_report_can_be_shared_and_none_of_people() -> None:
    told = {
        route.path
        for page in pages().values()
        if page.nav
        for route in page.routes
        if route.method == "GET" and route.report
    }
    lists = ("/people", "/acts", "/rows", "/orders", "/others")
    assert [path for path in told - set(SHARED) if not path.endswith(lists)] == []
    assert [path for path in SHARED if path.endswith(lists)] == []


@pytest.mark.parametrize("path", SHARED)
def test_a_shared_page_is_the_page_itself_and_leads_nowhere(enter: Callable[[str], Browser], path: str) -> None:
    owner = enter("owner")
    query = f"{DAYS}&option=steps=lead, won" if path == "/funnels" else DAYS
    own = owner.get(f"{path}?{query}")
    while own.status_code == 303:
        own = owner.get(own.headers["location"])
    assert 'href="/share?_page=' in own.text
    answer = enter("").get(share(owner, path, query))
    assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex, nofollow, noarchive")
    page = answer.text
    assert led_to(page) == []
    assert set(charts(page)) == set(charts(own.text)), "its own pictures"
    assert not any(
        mark in page for mark in ('"url"', '"urls"', "<form", "csrf", "hx-get", "data-panel", "/explain", "/people/")
    )
    assert page.count('<svg class="funnel') == own.text.count('<svg class="funnel')
    assert "For the board" in page


def test_nothing_but_the_links_secret_matters(enter: Callable[[str], Browser]) -> None:
    link = share(enter("analyst"), "/channels", f"{DAYS}&metrics=leads&filter=channel+is+Paid+Search")
    shown = enter("").get(link).text
    for asked in ("?metrics=revenue", "?filter=", "?report=behind", "?since=2020-01-01&_search=x&_view=models"):
        assert enter("").get(link + asked).text == shown
    for headers in ({"lf-panel": "true"}, {"hx-request": "true"}):
        assert enter("").get(link, headers=headers).text == shown
    assert "Paid Search" in plain(shown)


def test_the_days_are_written_down(served: Business, enter: Callable[[str], Browser]) -> None:
    share(enter("owner"), "/channels", "_period=30d&report=behind&_do=1")
    kept = served.state.share_links.all()[0]
    assert (kept.path, "since=" in kept.question, "_period" in kept.question, "behind" in kept.question) == (
        "/channels",
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    "path", ["/people", "/funnels/people", "/ledger/rows", "/lifetime/people", "/behind", "/settings", "/nowhere"]
)
def test_pages_of_people_and_settings_are_not_shared(enter: Callable[[str], Browser], path: str) -> None:
    owner = enter("owner")
    assert owner.get(f"/share?{urlencode([('_page', path)])}").status_code == 400
    refused = owner.post("/share", at="/share", page=path, query=DAYS, title="x")
    assert (refused.status_code, "/shared/" in refused.text) == (400, False)


def test_who_made_a_link_sees_and_closes_it_and_owners_all_of_them(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    analyst, guest = enter("analyst"), enter("")
    first, second = (share(analyst, "/paths/lags", title=f"For {who}") for who in ("Boris", "Vera"))
    vera, boris = served.state.share_links.all(user_id=served.state.users.of(ACCOUNTS["analyst"]).id)[:2]
    assert "For Vera" in analyst.get("/account").text
    assert "For Vera" not in enter("viewer").get("/account").text
    assert enter("viewer").post(f"/account/shares/{boris.id}/close", at="/account").status_code == 404
    assert guest.get(first).status_code == 200
    analyst.post(f"/account/shares/{boris.id}/close", at="/account")
    assert [guest.get(link).status_code for link in (first, second)] == [404, 200]
    assert "For Vera" in enter("owner").get("/settings/users").text
    enter("owner").post(f"/settings/shares/{vera.id}/revoke", at="/account")
    assert guest.get(second).status_code == 404
    assert enter("viewer").get("/share?_page=/channels").status_code == 403


def test_reading_only_keeps_words_and_pictures_and_shows_what_a_form_asked() -> None:
    page = (
        '<h2>A &amp; B</h2><form method="get" action="/x" hx-get="/x"><input type="hidden" name="c" value="1">'
        '<label>Price</label><input name="p" value="&lt;10"><button>Go</button></form>'
        '<form method="post"><form></form></form><a class="how" href="/e"><svg><use href="/static/i.svg#x"/></svg></a>'
        '<svg viewBox="0 0 1 1"><a href="/b" data-panel><use href="/static/i.svg#y"/><path d="M0 0"/></a></svg>'
        '<details class="menu"><details></details><b>x</b></details><button data-png>PNG</button>'
        '<script type="application/json" data-values>{"a": "\\u003c/b\\u003e", "urls": ["/p"], "series": [{"url": "/q", "v": 1}]}</script>'
    )
    assert read_only(page) == (
        '<h2>A &amp; B</h2><div inert><label>Price</label><input name="p" value="&lt;10"></div>'
        '<svg viewBox="0 0 1 1"><a><use href="/static/i.svg#y"/><path d="M0 0"/></a></svg><button data-png>PNG</button>'
        '<script type="application/json" data-values>{"a": "\\u003c/b\\u003e", "series": [{"v": 1}]}</script>'
    )


def test_a_link_has_no_endless_name(served: Business, enter: Callable[[str], Browser]) -> None:
    before, owner = served.state.share_links.all(), enter("owner")
    form = {"page": "/channels", "query": "_period=30d", "title": "и" * 201}
    answer = owner.post("/share", at="/share?_page=/channels", **form)
    assert answer.status_code == 422
    assert "The name: 201 characters, and at most 200 fit." in answer.text
    assert form["title"] in answer.text
    assert served.state.share_links.all() == before
