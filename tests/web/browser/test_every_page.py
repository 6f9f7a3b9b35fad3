"""Every page that the registry knows, narrow and wide, in both languages: no accessibility fault, no word on the console."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.browser.conftest import PATIENCE

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
NO_PAGES = ("/enter", "/funnels/acts", "/values", "/welcome", "/sign-in", "/reset")
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


@pytest.fixture(scope="module")
def paths(server: tuple[Business, str], browser: Any) -> list[str]:
    """Those of them that need no parameter: the others are not found."""
    business, url = server
    context = browser.new_context()
    context.request.get(ready_link(business, url))
    answers = {path: context.request.get(url + path, timeout=PATIENCE) for path in OPEN_TO_OWNERS}
    answering = [
        path
        for path, answer in answers.items()
        if answer.status != 404 and "content-disposition" not in answer.headers  # a file is kept, not looked at
    ]
    context.close()
    return answering


@pytest.mark.parametrize(("language", "widths"), [("en", (1440, 390)), ("ru", (390, 1440))])
def test_no_page_shuts_anybody_out(
    server: tuple[Business, str],
    paths: list[str],
    open_page: Callable[..., Any],
    language: str,
    widths: tuple[int, int],
) -> None:
    business, url = server
    page = open_page(ready_link(business, url), viewport={"width": widths[0], "height": 900}, bypass_csp=True)
    owner(business, language)
    faults: dict[str, Any] = {}
    for path in paths:
        page.set_viewport_size({"width": widths[0], "height": 900})
        page.goto(url + path)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        for width in widths:  # as it loads, and when a window is drawn or a tablet is turned
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            found = page.evaluate(RUN)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append("sticks out")
            if found:
                faults[f"{path} {width}"] = found
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=False)
