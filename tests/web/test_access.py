"""Every route against every role; cookies, tokens of forms, headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.visitor import ACCOUNTS, Browser

from longfunnel.app.serving.doors import is_collectors
from longfunnel.web import make_app
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business
    from longfunnel.web.page import Route

ROUTES = [(name, route) for name, page in pages().items() for route in page.routes]
ROLES = ("", *ACCOUNTS)
LEAVES = ("/sign-out",)
"""It ends the session that the other tests go on with."""


def address_of(route: Route) -> str:
    filled = route.path
    for kind, value in (
        ("int", "999999"),
        ("str", "csv"),
        ("uuid", "00000000-0000-0000-0000-000000000000"),
        ("path", "x"),
    ):
        while f":{kind}}}" in filled:
            start, end = filled.index("{"), filled.index("}")
            filled = filled[:start] + value + filled[end + 1 :]
    return filled


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("page", "route"), ROUTES, ids=[f"{r.method} {r.path}" for _, r in ROUTES])
def test_a_route_opens_to_its_roles_alone(enter: Callable[[str], Browser], page: str, route: Route, role: str) -> None:
    if route.path in LEAVES:
        pytest.skip("signs out")
    browser, address = enter(role), address_of(route)
    answer = browser.get(address) if route.method == "GET" else browser.client.post(address)
    if not route.allows(role or None):  # type: ignore[arg-type]
        if role:
            assert answer.status_code == 403
        else:
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")
    elif route.method == "POST":
        assert answer.status_code == 403, "a form without its token is refused"
    else:
        assert answer.status_code in (200, 303, 400, 404, 410)
        assert "Internal" not in answer.text


def test_a_manager_sees_their_own_deals_alone(enter: Callable[[str], Browser]) -> None:
    whole = enter("owner").get("/export/json?report=pipeline&by=manager").json()
    own = enter("manager").get("/export/json?report=summary&by=manager&metrics=deals,leads").json()
    assert whole["rows"]
    assert [row["manager"] for row in own["rows"]] == ["Viktor Medvedev"]
    asked = "/export/json?report=summary&by=manager&metrics=deals&filter=manager+is_not+Viktor+Medvedev"
    assert enter("manager").get(asked).json()["rows"] == []
    assert enter("manager").get("/export/json?report=ledger").status_code == 403


def test_answers_keep_foreign_code_out(enter: Callable[[str], Browser]) -> None:
    for path in ("/", "/sign-in", "/nothing-here", "/static/x/css/base.css"):
        headers = enter("owner").get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    page = enter("owner").get("/").text
    assert "style=" not in page
    assert "<script>" not in page
    assert " onclick" not in page


def test_a_redirect_never_leaves_the_server(enter: Callable[[str], Browser]) -> None:
    for foreign in ("https://evil.test", "//evil.test", "/\\evil.test", "javascript:x"):
        answer = enter("viewer").post("/account/look", at="/account", theme="auto", next=foreign)
        assert answer.headers["location"] == "/"


def test_static_files_are_kept_for_ever_and_packed(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/").text
    start = page.index("/static/")
    sheet = enter("").get(page[start : page.index('"', start)], headers={"accept-encoding": "gzip"})
    assert "immutable" in sheet.headers["cache-control"]
    script = enter("").get(page[(at := page.rindex("/static/", 0, page.index("app.js"))) : page.index('"', at)])
    assert script.headers["content-encoding"] == "gzip"


def test_no_page_stands_where_the_collector_answers() -> None:
    assert [route.path for _, route in ROUTES if is_collectors(route.path)] == []


def test_a_token_of_any_letters_is_only_a_wrong_one(enter: Callable[[str], Browser]) -> None:
    assert enter("owner").client.post("/account/look", data={"csrf": "ключ"}).status_code == 403


def test_behind_https_a_browser_is_told_to_stay_there(empty: Business, browse: Callable[[Business], Browser]) -> None:
    assert "strict-transport-security" not in browse(empty).get("/sign-in").headers
    secure = Browser(make_app(empty, "https://funnel.cedar.test"))
    assert "max-age=" in secure.get("/sign-in").headers["strict-transport-security"]
    secure.client.close()


def test_search_engines_are_kept_out(enter: Callable[[str], Browser]) -> None:
    assert enter("").get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert "/img/mark.svg" in enter("").get("/favicon.ico").headers["location"]
