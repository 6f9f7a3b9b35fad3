"""What was done on the page arrives, once, whatever the network and the page do."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.browser.recording import DROP

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.browser.recording import Recorder

pytestmark = pytest.mark.slow


def ids(site: Recorder) -> Counter[str]:
    """How often each event id was acknowledged."""
    return Counter(event["i"] for event in site.landed)


def left_in_storage(page: Any) -> int:
    """How many events the browser still keeps."""
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('lf:')).length")


@pytest.mark.parametrize("answers", [[503, DROP], [429]])
def test_a_failing_collector_gets_the_same_events_again_until_it_takes_them(
    site: Recorder, visit: Callable[..., Any], answers: list[int]
) -> None:
    site.answers = list(answers)
    page = visit(site.url())
    page.evaluate("lf('order', { amount: 100 })")
    site.wait_for("order")

    assert [batch.status for batch in site.batches] == [*answers, 202]
    sent = [[event["i"] for event in batch.body["e"]] for batch in site.batches]
    assert all(after[: len(before)] == before for before, after in pairwise(sent)), "the same, and what was done since"
    assert set(ids(site).values()) == {1}
    for pause, (before, after) in zip((1, 2), pairwise(site.batches), strict=False):
        assert after.at - before.at > pause * 0.9, "each failure doubles the pause"
    page.wait_for_function("Object.keys(localStorage).length === 0")


def test_a_refused_batch_is_dropped_and_the_next_goes_on(site: Recorder, visit: Callable[..., Any]) -> None:
    site.answers = [400]
    page = visit(site.url())
    site.wait(lambda: site.batches, "expected a refused batch")
    page.evaluate("lf('next')")
    site.wait_for("next")

    assert [event["n"] for event in site.landed] == ["next"]
    page.wait_for_function("Object.keys(localStorage).length === 0")


def test_events_made_offline_arrive_when_the_network_is_back(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url())
    site.wait_for("page_view")
    page.context.set_offline(True)
    for number in range(30):
        page.evaluate("(number) => lf('step', { number })", number)
    site.quiet_for(0.8)
    assert not site.named("step")
    assert left_in_storage(page) == 30

    page.context.set_offline(False)
    site.wait_for("step", 30)
    assert [event["p"]["number"] for event in site.named("step")] == list(range(30))
    assert set(ids(site).values()) == {1}
    page.wait_for_function("Object.keys(localStorage).length === 0")


def test_events_of_a_tab_closed_while_the_collector_failed_arrive_with_the_next_visit(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    page = visit(site.url())
    site.wait_for("page_view")
    site.answers = [503] * 100
    page.evaluate("lf('order', { amount: 100 })")
    site.wait(lambda: len(site.batches) > 1, "the first attempt fails")
    again = page.context.new_page()
    page.close()
    assert not site.named("order")

    site.answers.clear()
    again.goto(site.url("/product.html"))
    order = site.wait_for("order")[0]
    site.wait_for("page_view", 2)
    assert order["u"] == site.url("/index.html")
    assert len({batch.body["v"] for batch in site.batches}) == 1
    again.wait_for_function("Object.keys(localStorage).length === 0")


def test_leaving_at_once_loses_nothing(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url())
    page.evaluate("lf('quick')")
    page.goto(site.url("/product.html"))
    page.evaluate("lf('last')")
    page.close()
    for name, count in {"page_view": 2, "quick": 1, "last": 1}.items():
        site.wait_for(name, count)
    assert set(ids(site).values()) == {1}


def test_leaving_without_cookies_loses_nothing(site: Recorder, visit: Callable[..., Any]) -> None:
    site.tag = site.script(load="", consent="cookieless")
    page = visit(site.url())
    page.evaluate("lf('quick')")
    page.goto(site.url("/product.html"))
    site.wait_for("quick")
    site.wait_for("page_view", 2)

    assert set(ids(site).values()) == {1}
    assert all("cookie" not in batch.headers for batch in site.batches)


def test_many_and_large_events_go_in_batches_below_the_limit(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url())
    page.evaluate("for (let number = 0; number < 60; number++) lf('big', { number, text: 'я'.repeat(3000) })")
    site.wait_for("big", 60)

    assert sorted(event["p"]["number"] for event in site.named("big")) == list(range(60))
    assert max(int(batch.headers["content-length"]) for batch in site.batches) < 65536
    assert max(len(batch.body["e"]) for batch in site.batches) <= 20
    assert set(ids(site).values()) == {1}


def test_no_more_than_two_hundred_events_wait(site: Recorder, visit: Callable[..., Any]) -> None:
    site.tag = site.script(load="", consent="none")
    page = visit(site.url())
    page.evaluate("for (let number = 0; number < 300; number++) lf('flood', { number })")
    page.evaluate("lf.consent('full')")
    site.wait_for("flood", 199)

    assert [event["p"]["number"] for event in site.named("flood")] == list(range(199)), (
        "the first are kept: they hold the campaign"
    )


def test_what_cannot_be_sent_harms_nothing_else(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url())
    page.evaluate("""() => {
      const loop = {}; loop.loop = loop;
      lf("cycle", loop); lf("big", { n: 1n }); lf(); lf("");
      lf("toString", { a: 1 }); lf("n".repeat(999), [5]); lf.consent("maybe"); lf.identify();
      const basket = { items: 1 }; lf("basket", basket); basket.items = 2;
    }""")
    site.wait_for("basket")

    assert [(event["n"], event["p"]) for event in site.landed] == [
        ("page_view", {}),
        ("toString", {"a": 1}),
        ("n" * 200, {"0": 5}),
        ("identify", {}),
        ("basket", {"items": 1}),
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError') } });",
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') };"
        "Object.freeze(Storage.prototype);",
        "const no = () => { throw new Error('no') };Object.defineProperty(document, 'cookie', { get: no, set: no });",
        "delete Navigator.prototype.sendBeacon; delete window.requestIdleCallback; delete Crypto.prototype.randomUUID;",
        "Object.freeze(history); addEventListener('DOMContentLoaded', () => document.body.id = 'lf');",
    ],
    ids=["storage denied", "storage full", "cookies denied", "old browser", "frozen history"],
)
def test_hostile_pages_see_no_error_and_are_counted(site: Recorder, visit: Callable[..., Any], hostile: str) -> None:
    page = visit(site.url(), hostile)
    page.evaluate("lf('order', { amount: 1 })")
    site.wait_for("order")
    assert [event["n"] for event in site.landed] == ["page_view", "order"]


def test_a_page_that_forbids_the_collector_sees_no_error(site: Recorder, visit: Callable[..., Any]) -> None:
    site.page_headers = {"Content-Security-Policy": "connect-src 'self'; require-trusted-types-for 'script'"}
    site.tag = site.script()
    page = visit(site.url())
    site.quiet_for(1.2)

    assert not site.batches
    assert left_in_storage(page) == 1
    site.page_headers = {}
    page.goto(site.url("/product.html"))
    site.wait_for("page_view", 2)
    assert site.pages() == ["/index.html", "/product.html"]
