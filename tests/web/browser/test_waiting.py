"""A slow page in a real browser: the frame first, then what was waited for; and stopping it stops the server's work."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from longfunnel.app import answering
from longfunnel.app.access.accounts import ready_link
from longfunnel.web import waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow
DAYS = "since=2026-08-01&until=2026-10-31"
PATIENCE = 20


def test_the_frame_then_the_page_and_a_way_to_stop_it(
    server: tuple[Business, str], open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    business, url = server
    page = open_page(ready_link(business, url), locale="en-US")
    page.locator(".funnel-stage").first.wait_for()
    opened, stopped, answer = threading.Event(), threading.Event(), answering.answer

    def slow(connection: Any, *asked: Any, **more: Any) -> Any:
        if not opened.is_set():
            try:  # as long as nobody stops it
                connection.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b").fetchall()
            finally:
                stopped.set()
        return answer(connection, *asked, **more)

    monkeypatch.setattr(answering, "answer", slow)
    monkeypatch.setattr(waiting, "PATIENCE", 0.05)
    page.goto(f"{url}/channels?{DAYS}")
    assert page.get_by_role("heading", name="Channels", level=1).is_visible()
    assert page.get_by_role("navigation", name="Main").is_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Stopped.").wait_for()
    assert stopped.wait(PATIENCE), "the query ends with its reader"

    stopped.clear()
    page.get_by_role("link", name="Ask again").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()
    page.get_by_role("heading", name="Settings", level=1).wait_for()
    assert stopped.wait(PATIENCE), "going elsewhere ends it, too"
    assert page.get_by_role("heading", name="Settings", level=1).is_visible()

    opened.set()
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    page.goto(f"{url}/channels?{DAYS}&filter=channel+is+Email")
    page.locator(".grid tbody tr").first.wait_for(state="attached")
    assert page.locator("[data-waiting]").count() == 0


def test_without_scripts_the_page_comes_by_itself(
    server: tuple[Business, str], open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    business, url = server
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    page = open_page(ready_link(business, url), java_script_enabled=False, locale="en-US")
    page.locator(".funnel-stage").first.wait_for()
    page.goto(f"{url}/?{DAYS}&filter=channel+is_not+Email")
    page.locator(".funnel-stage").first.wait_for()
    assert page.locator("nav.nav").count() == 1


def test_what_styles_a_field_does_not_follow_it_into_the_next_page(
    server: tuple[Business, str], open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extension, or a reader who stretches a field, leaves a style on it; a page that came by a script must not ask to
    repeat it: the policy refuses inline styles, and the console says so, which fails the test."""
    business, url = server
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    page = open_page(ready_link(business, url), locale="en-US")
    for path, heading in (("/channels", "Channels"), ("/funnels", "Funnels")):
        page.goto(f"{url}/?{DAYS}")
        page.locator(".funnel-stage").first.wait_for()
        page.evaluate("for (const field of document.querySelectorAll('input[id]')) field.style.caretColor = 'red'")
        page.get_by_role("navigation", name="Main").locator(f'a[data-nav~="{path}"]').click()
        page.get_by_role("heading", name=heading, level=1).wait_for()
        page.locator("[data-waiting]").wait_for(state="detached")
        assert page.locator("input[style]").count() == 0


def test_a_phone_shows_the_funnel_upright_with_the_same_stages(
    server: tuple[Business, str], open_page: Callable[..., Any]
) -> None:
    business, url = server
    page = open_page(ready_link(business, url), locale="en-US", viewport={"width": 390, "height": 844})
    page.goto(f"{url}/?{DAYS}")
    stages = page.locator(".upright-stage")
    stages.first.wait_for()
    assert not page.locator(".funnel-scroll").first.is_visible()
    assert (
        stages.locator(".upright-title").all_inner_texts() == page.locator(".funnel .funnel-title").all_text_contents()
    )
    widths = stages.locator("rect").evaluate_all("all => all.map((one) => Number(one.getAttribute('width')))")
    assert widths[0] == max(widths) > min(widths) > 0
    stages.nth(3).click()
    page.locator("#panel[open]").wait_for()
