"""A report by e-mail and an alert, set up in the side panel of a report in a real browser; the list shuts nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.web.browser.test_every_page import AXE, RUN, owner

from longfunnel.app.access.accounts import ready_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow


def test_a_letter_and_an_alert_are_set_up_beside_the_report(
    server: tuple[Business, str], open_page: Callable[..., Any]
) -> None:
    business, url = server
    page = open_page(ready_link(business, url), bypass_csp=True)
    owner(business, "en")
    for words, heading in (("Send by e-mail…", "New report by e-mail"), ("Alert me…", "New alert")):
        page.goto(f"{url}/channels?_period=30d")
        page.get_by_label("Send by e-mail, or alert").click()
        page.get_by_role("link", name=words).click()
        panel = page.locator("#panel")
        panel.get_by_text(heading, exact=True).first.wait_for()
        panel.get_by_role("button", name="Set up").click()
        page.wait_for_url(f"{url}/subscriptions")
    assert [one.query for one in business.state.subscriptions.all()] == ["report=channels&_period=30d"]
    assert [one.metric for one in business.state.alerts.all()] == ["leads"]
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{url}/subscriptions")
        page.evaluate(AXE)
        assert page.evaluate(RUN) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("More: Channels · Last 30 days").click()
    page.get_by_text("Delete…").first.click()
    page.get_by_role("button", name="Delete").first.click()
    page.wait_for_url(f"{url}/subscriptions")
    assert business.state.subscriptions.all() == []
