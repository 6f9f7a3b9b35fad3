"""A person with a browser: the first account, the overview, its panel, keys and menus; no error on the console anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.web.visitor import PASSWORD

from longfunnel.app.access.accounts import first_link, ready_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow


def test_from_the_first_link_to_the_overview(server: tuple[Business, str], open_page: Callable[..., Any]) -> None:
    business, url = server
    page = open_page(first_link(business, url), locale="en-US")
    page.get_by_label("Your name").fill("Anna")
    page.get_by_label("E-mail").fill("anna@cedar.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(url + "/")
    page.locator(".funnel-stage").nth(7).wait_for()
    page.locator("[data-canvas] svg").first.wait_for()
    page.locator("a.funnel-stage").nth(6).click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("heading", name="Orders: the rows").wait_for()
    assert panel.locator("tbody tr").count() > 10
    page.keyboard.press("Escape")
    assert not panel.is_visible()


def test_by_the_keyboard_alone(server: tuple[Business, str], open_page: Callable[..., Any]) -> None:
    business, url = server
    page = open_page(ready_link(business, url), locale="en-US")
    page.locator(".funnel-stage").first.wait_for()
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "s-dimension"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Email")
    page.keyboard.press("Enter")
    page.locator(".chip", has_text="Email").wait_for()
    assert "filter=channel+is+Email" in page.url
    page.locator(".chip a").press("Enter")
    page.locator(".chip").wait_for(state="detached")
    page.go_back()
    page.locator(".chip", has_text="Email").wait_for()


@pytest.mark.parametrize(("theme", "widths"), [("light", (1440, 390)), ("dark", (390, 1440))])
def test_nothing_sticks_out_and_nothing_is_refused(
    server: tuple[Business, str], open_page: Callable[..., Any], theme: str, widths: tuple[int, int]
) -> None:
    business, url = server
    page = open_page(ready_link(business, url), viewport={"width": widths[0], "height": 844}, color_scheme=theme)
    for path in ("/", "/explain?_metric=cpl", "/behind?_metric=orders", "/account", "/settings/users", "/share"):
        page.set_viewport_size({"width": widths[0], "height": 844})
        page.goto(url + path)
        page.wait_for_load_state("networkidle")
        for width in widths:
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
