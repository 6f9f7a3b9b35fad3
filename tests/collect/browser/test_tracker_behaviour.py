"""What the behaviour module sees: compared with what was done on the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.browser.recording import Recorder

pytestmark = pytest.mark.slow

# Playwright keeps every tab visible, so turning to another tab is played: the same property, the same event.
TABS = """
const real = Object.getOwnPropertyDescriptor(Document.prototype, "hidden").get;
let away = false;
Object.defineProperty(document, "hidden", { get: () => away || real.call(document) });
window.turn = (to) => { away = to; document.dispatchEvent(new Event("visibilitychange", { bubbles: true })); };
"""
CLOCK = """
let now = Date.now();
Date.now = () => now;
window.later = (seconds) => { now += seconds * 1000; };
"""


@pytest.fixture
def open_page(site: Recorder, visit: Callable[..., Any]) -> Callable[..., Any]:
    """Open a page with the behaviour module, and wait until the module has its goals."""
    site.tag = site.script()
    site.files.setdefault("/goals/shop.json", "[]")

    def open_page(path: str, script: str = TABS) -> Any:
        page = visit(site.url(path), script)
        site.wait(lambda: "/goals/shop.json" in site.asked, "the module asks for its goals")
        return page

    return open_page


def props(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the events carry."""
    return [event["p"] for event in events]


def test_engaged_time_counts_while_the_page_is_visible_and_the_visitor_active(
    site: Recorder, open_page: Callable[..., Any]
) -> None:
    page = open_page("/product.html", TABS + CLOCK)
    page.evaluate("later(20); dispatchEvent(new Event('keydown')); later(20); turn(true)")
    site.wait_for("engagement")
    page.evaluate("later(600); turn(false); later(7); turn(true)")
    site.wait_for("engagement", 2)
    page.evaluate("turn(false); later(3600); turn(true)")
    events = site.wait_for("engagement", 3)

    assert [event["p"]["engaged_ms"] for event in events] == [
        40_000,
        7_000,  # ten minutes in another tab do not count
        30_000,  # half a minute without a sign of life ends it
    ]


def test_scroll_depth_is_the_deepest_part_seen(site: Recorder, open_page: Callable[..., Any]) -> None:
    page = open_page("/product.html")
    for top in (1500, 200):
        page.evaluate(
            "(top) => new Promise((done) => { addEventListener('scroll', done, { once: true }); scrollTo(0, top); })",
            top,
        )
    seen, whole = page.evaluate("[1500 + innerHeight, document.documentElement.scrollHeight]")
    page.goto(site.url("/index.html"))
    site.wait(lambda: site.asked.count("/goals/shop.json") == 2, "the module loads on the second page")
    page.wait_for_timeout(1500)
    page.close()

    first, second = site.wait_for("engagement", 2)
    assert first["p"]["scroll_percent"] == round(100 * seen / whole)
    assert first["u"] == site.url("/product.html")
    assert second["p"]["scroll_percent"] == 100, "a page that fits the window is seen whole"


def test_each_view_of_a_single_page_app_has_its_own_engagement(site: Recorder, open_page: Callable[..., Any]) -> None:
    page = open_page("/app.html")
    page.wait_for_timeout(1500)
    page.evaluate("show('pushState', '/second', 'Second')")
    page.wait_for_timeout(1500)
    page.close()

    site.wait_for("engagement", 2)
    assert [(event["n"], event["u"].rsplit("/", 1)[1]) for event in site.landed] == [
        ("page_view", "app.html"),
        ("engagement", "app.html"),
        ("page_view", "second"),
        ("engagement", "second"),
    ]
    assert all(event["p"]["engaged_ms"] >= 1000 for event in site.named("engagement"))


def test_links_out_contacts_and_downloads(site: Recorder, open_page: Callable[..., Any]) -> None:
    page = open_page("/index.html")
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    for link in ("#phone", "#price", "#product", "#callback"):
        page.click(link)
    page.click("#partner", button="right")
    page.click("#partner", modifiers=["Control"])
    site.wait_for("click", 2)
    page.evaluate("document.querySelector('#partner').click()")
    site.wait_for("click", 3)

    partner = {"url": f"http://partner.test:{site.port}/index.html?token=***", "kind": "outbound"}
    assert props(site.named("click")) == [{"url": "tel:+78005553535", "kind": "contact"}, partner, partner]
    assert props(site.named("download")) == [{"url": site.url("/files/price.pdf")}]


def test_a_click_that_leaves_the_site_arrives(site: Recorder, open_page: Callable[..., Any]) -> None:
    page = open_page("/index.html")
    page.click("#partner")
    site.wait_for("click")
    assert page.url.startswith("http://partner.test")


def test_a_sent_form_tells_names_and_only_marked_values(site: Recorder, open_page: Callable[..., Any]) -> None:
    page = open_page("/form.html")
    page.fill("[name=person]", "Ivan")
    page.fill("[name=phone]", "+7 800 555-35-35")
    page.fill("[name=password]", "qwerty")
    page.select_option("[name=city]", "kazan")
    page.check("[value=m]")
    page.click("[name=send]")
    (sent,) = site.wait_for("form_submit")
    site.wait_for("page_view", 2)

    assert sent["p"] == {
        "form": "request",
        "fields": ["person", "phone", "password", "city", "size"],
        "values": {"id": "42", "city": "kazan", "size": "m"},
    }
    assert not site.named("form_abandon")
    bodies = json.dumps([batch.body["e"] for batch in site.batches if batch.body["e"][0]["n"] != "page_view"])
    assert "Ivan" not in bodies
    assert "qwerty" not in bodies


def test_a_form_left_unsent_tells_where(site: Recorder, open_page: Callable[..., Any]) -> None:
    page = open_page("/form.html")
    page.fill("[name=person]", "Ivan")
    page.fill("[name=phone]", "+7")
    page.fill("[name=person]", "Ivan P")
    page.fill("[name=email]", "a@example.com")
    page.evaluate("turn(true); turn(false)")
    site.quiet_for(0.6)
    assert not site.named("form_abandon"), "a glance at another tab is not leaving"

    page.goto(site.url("/index.html"))
    assert props(site.wait_for("form_abandon", 2)) == [
        {"form": "request", "fields": ["phone", "person"], "last_field": "person"},
        {"form": "subscribe", "fields": ["email"], "last_field": "email"},
    ]


def test_goals_of_the_server_are_reached_by_address_and_by_selector(
    site: Recorder, open_page: Callable[..., Any]
) -> None:
    goals = [
        {"name": "product seen", "url": "/product*"},
        {"name": "red seen", "url": "*?colour=red"},
        {"name": "exact", "url": site.url("/index.html")},
        {"name": "other host", "url": "https://elsewhere.test/*"},
        {"name": "broken", "selector": "][", "on": "click"},
        {"name": "callback", "selector": "#callback"},
        {"name": "focus", "selector": "#product", "on": "focusin"},
    ]
    site.files["/goals/shop.json"] = json.dumps(goals)
    page = open_page("/index.html")
    site.wait_for("goal")
    page.click("#callback span")
    page.focus("#product")
    page.click("#product")
    site.wait_for("goal", 5)

    assert [event["p"]["goal"] for event in site.named("goal")] == [
        "exact",
        "callback",
        "focus",
        "product seen",
        "red seen",
    ]


@pytest.mark.parametrize("answer", ["", "null"])
def test_without_readable_goals_everything_else_is_seen(
    site: Recorder, open_page: Callable[..., Any], answer: str
) -> None:
    site.files["/goals/shop.json"] = answer
    page = open_page("/index.html")
    page.click("#phone")
    assert props(site.wait_for("click")) == [{"url": "tel:+78005553535", "kind": "contact"}]


def test_a_module_of_ones_own_loads_the_same_way(site: Recorder, visit: Callable[..., Any]) -> None:
    site.files["/lf-probe.js"] = """(() => {
      const { site, host, track, watch, clean } = document.currentScript.lf;
      track("probe", { site, host, url: clean("/?token=1") });
      watch((entered) => track(entered ? "entered" : "left"));
    })();"""
    page = visit(site.url("/app.html"))
    page.evaluate("lf.load('probe'); lf.load('probe')")
    site.wait_for("probe")
    page.evaluate("show('pushState', '/second', 'Second')")
    site.wait_for("entered")

    assert props(site.named("probe")) == [
        {"site": "shop", "host": f"http://stats.shop.test:{site.port}", "url": "/?token=***"}
    ]
    assert [event["n"] for event in site.landed] == ["page_view", "probe", "left", "page_view", "entered"]
    assert "/lf-behaviour.js" not in site.asked
