"""Every page that the registry knows, narrow and wide, in both languages: no accessibility fault, no word on the console."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from longfunnel.app.access.accounts import ready_link
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => ({rule: one.id, help: one.help, nodes: one.nodes.slice(0, 4).map((node) => node.html.slice(0, 160) + " | " + node.failureSummary.slice(0, 200))}))"""
NO_PAGES = ("/enter", "/funnels/acts", "/values", "/welcome", "/sign-in")
"""They answer with a part of a page, or send whoever is signed in elsewhere."""
OPEN_TO_OWNERS = sorted(
    route.path
    for page in pages().values()
    for route in page.routes
    if route.method == "GET" and "{" not in route.path and route.allows("owner") and route.path not in NO_PAGES
)


def owner(business: Business, language: str) -> None:
    user = business.state.users.find("demo@localhost")
    assert user
    business.state.users.change(user.id, language=language)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_shuts_anybody_out(
    server: tuple[Business, str], open_page: Callable[..., Any], width: int, language: str
) -> None:
    business, url = server
    page = open_page(ready_link(business, url), viewport={"width": width, "height": 900}, bypass_csp=True)
    owner(business, language)
    faults: dict[str, Any] = {}
    for path in OPEN_TO_OWNERS:
        if page.request.get(url + path).status == 404:
            continue  # it needs a parameter
        page.goto(url + path)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        found = page.evaluate(RUN)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append("sticks out")
        if found:
            faults[path] = found
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=False)
