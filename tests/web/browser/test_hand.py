"""What the hand does: columns made wider, rows copied for a spreadsheet, keys, pictures kept, forms left by a slip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.browser.test_every_page import owner

from longfunnel.app.access.accounts import ready_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow


@pytest.fixture
def channels(server: tuple[Business, str], open_page: Callable[..., Any]) -> Any:
    """The channels page, read in Russian."""
    business, url = server
    link = ready_link(business, url)
    owner(business, "ru")
    page = open_page(link, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{url}/channels")
    page.locator("#channels-table .copy").wait_for()
    return page


def width(page: Any, column: int) -> float:
    return float(page.locator("#channels-table thead th").nth(column).bounding_box()["width"])


def test_a_column_keeps_the_width_that_a_hand_gave_it(channels: Any) -> None:
    before = width(channels, 2)
    grip = channels.locator("#channels-table thead th").nth(2).locator(".grip")
    grip.hover()
    box = grip.bounding_box()
    channels.mouse.down()
    channels.mouse.move(box["x"] + box["width"] / 2 + 70, box["y"] + box["height"] / 2)
    channels.mouse.up()
    assert width(channels, 2) == pytest.approx(before + 70, abs=3)

    channels.reload()
    channels.locator("#channels-table .is-sized").wait_for()
    assert width(channels, 2) == pytest.approx(before + 70, abs=3)
    channels.locator("#channels-table thead th").nth(2).locator(".grip").dblclick()
    assert width(channels, 2) == pytest.approx(before, abs=3)


def test_the_keyboard_changes_widths_and_walks_over_links(channels: Any) -> None:
    before = width(channels, 2)
    channels.locator("#channels-table thead th").nth(2).locator("a").first.focus()
    channels.keyboard.press("Alt+ArrowRight")
    assert width(channels, 2) == pytest.approx(before + 24, abs=3)

    rows = channels.locator("#channels-table tbody tr")
    rows.nth(0).locator("th a").focus()
    channels.keyboard.press("ArrowDown")
    assert rows.nth(1).locator("th a").evaluate("link => link === document.activeElement")
    channels.keyboard.press("ArrowRight")
    assert rows.nth(1).locator("td a").first.evaluate("link => link === document.activeElement")
    channels.keyboard.press("ArrowLeft")
    assert rows.nth(1).locator("th a").evaluate("link => link === document.activeElement")


def test_what_is_copied_pastes_into_a_spreadsheet(channels: Any) -> None:
    channels.locator("#channels-table .copy").click()
    channels.get_by_role("button", name="Скопировано").wait_for()
    lines = [line.split("\t") for line in channels.evaluate("navigator.clipboard.readText()").split("\n")]
    shown = channels.locator("#channels-table tbody tr")
    assert len(lines) == shown.count() + 2  # a header, and the total
    assert {len(line) for line in lines} == {len(lines[0])}
    numbers = [cell for line in lines[1:] for cell in line[1:] if cell not in ("", "—")]
    assert numbers
    assert all(cell.removeprefix("-").replace(",", "", 1).removesuffix("%").isdigit() for cell in numbers)
    assert lines[1][0] == shown.nth(0).locator("th").inner_text()


def test_keys_work_in_a_cyrillic_layout(channels: Any) -> None:
    press = "([key, code]) => document.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))"
    channels.evaluate(press, ["п", "KeyG"])
    with channels.expect_navigation(url="**/"):
        channels.evaluate(press, ["1", "Digit1"])


def test_a_page_without_a_search_leads_to_that_of_people(channels: Any) -> None:
    channels.goto(channels.url.split("/channels")[0] + "/sources")
    channels.keyboard.press("/")
    channels.wait_for_url("**/people#q")
    channels.locator("#q:focus").wait_for()


def test_the_long_funnel_is_kept_as_a_picture(channels: Any) -> None:
    channels.goto(channels.url.split("/channels")[0] + "/")
    with channels.expect_download() as download:
        channels.locator("[data-picture] [data-png]").click()
    assert download.value.suggested_filename == "long-funnel.png"
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_what_was_typed_is_not_lost_by_a_slip(channels: Any) -> None:
    channels.goto(channels.url.split("/channels")[0] + "/settings")
    field = channels.locator("form[method=post] input[type=text], form[method=post] input:not([type])").first
    field.fill("Something else")
    asked = []
    channels.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    channels.locator("[data-nav]").first.click()
    assert len(asked) == 1
    assert field.input_value() == "Something else"
    channels.once("dialog", lambda dialog: dialog.accept())
    with channels.expect_navigation():
        channels.locator("[data-nav]").first.click()
