"""What the tracker keeps in the browser and sends, at each level of consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.browser.recording import Recorder

pytestmark = pytest.mark.slow

DO_NOT_TRACK = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' });"
PRIVACY_CONTROL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });"
METRIKA_AND_GA = "document.cookie = '_ym_uid=1600000000123456789'; document.cookie = '_ga=GA1.1.1234567890.1600000000';"


def kept(page: Any) -> tuple[list[str], list[str]]:
    """Names of the cookies and of the keys in storage."""
    return sorted(cookie["name"] for cookie in page.context.cookies()), page.evaluate("Object.keys(localStorage)")


def test_full_consent_keeps_one_visitor_across_sub_domains_and_reads_metrika_and_ga(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    page = visit(site.url(), METRIKA_AND_GA)
    site.wait_for("page_view")
    page.goto(site.url(host="blog.shop.test"))
    site.wait_for("page_view", 2)

    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "lf_id"]
    assert (cookie["domain"], cookie["path"], cookie["sameSite"]) == (".shop.test", "/", "Lax")
    assert 394 < (cookie["expires"] - site.batches[0].body["t"] / 1000) / 86400 < 396
    assert page.evaluate("lf.id()") == cookie["value"]
    for batch in site.batches:
        assert batch.body["c"] == 2
        assert batch.body["v"] == cookie["value"]
        assert (batch.body["ym"], batch.body["ga"]) == ("1600000000123456789", "1234567890.1600000000")
        assert batch.headers["content-type"].startswith("text/plain")
    assert f"lf_id={cookie['value']}" in site.batches[1].headers["cookie"]


def test_the_visitor_that_the_collector_set_is_kept(site: Recorder, visit: Callable[..., Any]) -> None:
    site.cookie = "lf_id=set-by-the-server; Domain=shop.test; Path=/; Max-Age=34128000; SameSite=Lax"
    page = visit(site.url())
    site.wait_for("page_view")
    page.goto(site.url("/product.html"))
    site.wait_for("page_view", 2)

    assert site.batches[1].body["v"] == "set-by-the-server"
    assert [cookie["value"] for cookie in page.context.cookies()] == ["set-by-the-server"]


def test_cookieless_leaves_nothing_in_the_browser_and_reads_nothing_from_it(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    site.tag = site.script(load="", consent="cookieless")
    site.answers = [503]
    page = visit(site.url(), METRIKA_AND_GA)
    page.evaluate("lf('order', { amount: 1 })")
    site.wait(lambda: site.batches, "expected a batch that fails")
    assert kept(page) == (["_ga", "_ym_uid"], [])

    site.wait_for("order")
    assert kept(page) == (["_ga", "_ym_uid"], [])
    for batch in site.batches:
        assert [batch.body[key] for key in ("c", "v", "ym", "ga")] == [1, None, None, None]
        assert "cookie" not in batch.headers


def test_a_visitor_whose_browser_blocks_cookies_is_one_without_cookies(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    block = "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });"
    page = visit(site.url(), block)
    site.wait_for("page_view")
    page.evaluate("lf('order')")
    site.wait_for("order")

    assert [(batch.body["v"], batch.body["c"]) for batch in site.batches] == [(None, 1), (None, 1)]


def test_before_the_visitor_is_asked_nothing_is_sent_and_the_landing_is_not_lost(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    site.tag = site.script(consent="none")
    page = visit(site.url("/app.html?utm_source=x"))
    page.evaluate("show('pushState', '/catalogue', 'Catalogue'); lf('looked')")
    site.quiet_for(0.8)
    assert not site.batches
    assert kept(page) == ([], [])
    assert "/lf-behaviour.js" not in site.asked

    page.evaluate("lf.consent('full')")
    site.wait_for("looked")
    assert site.pages() == ["/app.html?utm_source=x", "/catalogue"]
    assert kept(page)[0] == ["lf_id"]
    page.wait_for_function("document.querySelector('script[src$=\"/lf-behaviour.js\"]')")


def test_a_refusal_erases_and_holds_until_the_visitor_changes_it(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url())
    site.wait_for("page_view")
    page.evaluate("lf('unsent'); lf.consent('none'); lf('refused')")
    assert kept(page) == ([], ["lf_consent"])
    page.goto(site.url("/product.html"))
    page.evaluate("lf('refused'); history.pushState({}, '', '/refused')")
    site.quiet_for(0.8)
    assert [event["n"] for event in site.landed] == ["page_view"]

    page.evaluate("lf.consent('cookieless'); lf('agreed')")
    site.wait_for("agreed")
    assert site.pages() == ["/index.html", "/refused"]
    assert site.batches[-1].body["v"] is None

    page.evaluate("lf.consent('full'); lf('agreed to all')")
    site.wait_for("agreed to all")
    assert site.pages() == ["/index.html", "/refused"], "a change of level is no page view"
    assert site.batches[-1].body["v"] == page.context.cookies()[0]["value"] != site.batches[0].body["v"]


@pytest.mark.parametrize("signal", [DO_NOT_TRACK, PRIVACY_CONTROL], ids=["Do-Not-Track", "Global Privacy Control"])
def test_a_privacy_signal_means_no_cookies_no_storage_and_no_requests(
    site: Recorder, visit: Callable[..., Any], signal: str
) -> None:
    site.tag = site.script()
    page = visit(site.url(), signal)
    page.evaluate("lf('order'); lf.identify({ email: 'a@example.com' }); lf.consent('full'); lf('order')")
    page.evaluate("lf.load('behaviour')")
    site.quiet_for(0.8)
    page.goto(site.url("/product.html"))
    site.quiet_for(0.6)

    assert not site.batches
    assert kept(page) == ([], [])
    assert not {path for path in site.asked if path.startswith(("/lf-", "/goals"))}
    assert page.evaluate("lf.id()") is None


def test_a_misspelt_level_is_none(site: Recorder, visit: Callable[..., Any]) -> None:
    site.tag = site.script(consent="Full")
    page = visit(site.url())
    site.quiet_for(0.8)
    assert not site.batches
    assert kept(page) == ([], [])
