"""What counts as a page view, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.browser.recording import Recorder

pytestmark = pytest.mark.slow

# The browser under test cannot prerender, so the two things that the tracker asks of it are played by the page.
PRERENDER = """
Object.defineProperty(document, "prerendering", { value: true, configurable: true });
window.activate = () => {
  Object.defineProperty(document, "prerendering", { value: false });
  document.dispatchEvent(new Event("prerenderingchange"));
};
"""


def test_pages_of_a_site_are_counted_with_campaign_referrer_and_title(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    page = visit(site.url("/index.html?utm_source=yandex&yclid=77#prices"))
    site.wait_for("page_view")
    page.click("#product")
    first, second = site.wait_for("page_view", 2)

    assert (first["u"], first["r"], first["ti"]) == (
        site.url("/index.html?utm_source=yandex&yclid=77#prices"),
        "",
        "Home",
    )
    assert second["u"] == site.url("/product.html?colour=red")
    assert second["r"] == site.url("/index.html?utm_source=yandex&yclid=77")
    assert first["i"] != second["i"]
    assert abs(site.batches[0].body["t"] - first["t"]) < 5000
    assert {batch.body["v"] for batch in site.batches} == {page.context.cookies()[0]["value"]}
    assert {batch.body["s"] for batch in site.batches} == {"shop"}


def test_secrets_in_addresses_are_not_sent(site: Recorder, visit: Callable[..., Any]) -> None:
    secrets = "user[password]=qwerty&reset_token=abc&next=%2Fa%3Ftoken%3Ddef&pass=1&passengers=2&utm_source=x"
    visit(site.url(f"/index.html?{secrets}#access_token=ghi&state=1"))
    (view,) = site.wait_for("page_view")

    query = view["u"].split("?", 1)[1]
    assert query.replace("%5B", "[").replace("%5D", "]") == (
        "user[password]=***&reset_token=***&next=%2Fa%3Ftoken%3D***&pass=***&passengers=2&utm_source=x"
        "#access_token=***&state=1"
    )


def test_single_page_navigation_counts_each_view_once_with_its_own_title(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    page = visit(site.url("/app.html?utm_source=x"))
    site.wait_for("page_view")
    page.evaluate("""async () => {
      const pause = () => new Promise((done) => setTimeout(done, 120));
      show("replaceState", "/app.html", "App: start");      // a script tidies the query: the same page
      show("pushState", "/catalogue?page=1", "Catalogue"); await pause();
      show("pushState", "/catalogue?page=1", "Catalogue"); await pause();   // the same address again
      show("replaceState", "/catalogue?page=1&sort=price", "Catalogue"); await pause();  // a filter
      show("pushState", "/catalogue?page=1&sort=price#top", "Catalogue"); await pause();  // an anchor
      show("pushState", "/old", "Old"); show("replaceState", "/new", "New"); await pause();  // a redirect
      show("pushState", "/catalogue?page=2", "Catalogue 2"); lf("sorted", { by: "price" }); await pause();
      await new Promise((done) => { addEventListener("popstate", done, { once: true }); history.back(); });
      await pause();
      show("pushState", "/#/cart", "Cart"); await pause();
      show("pushState", "/#/pay", "Pay"); await pause();
    }""")
    views = site.wait_for("page_view", 7)
    site.quiet_for(0.7)

    expected = ["/app.html?utm_source=x", "/catalogue?page=1", "/new", "/catalogue?page=2", "/new", "/#/cart", "/#/pay"]
    assert site.pages() == expected
    assert [view["ti"] for view in views][:3] == ["App: start", "Catalogue", "New"]
    assert [view["ti"] for view in views][-2:] == ["Cart", "Pay"]
    assert [view["r"] for view in views[1:]] == [view["u"] for view in views[:-1]]
    (custom,) = site.named("sorted")
    assert custom["u"] == site.url("/catalogue?page=2"), "an event right after navigation belongs to the new page"
    assert site.landed.index(custom) == site.landed.index(views[3]) + 1


def test_going_back_to_a_page_kept_in_memory_is_a_view(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url("/index.html"))
    site.wait_for("page_view")
    page.evaluate("window.kept = true")
    page.goto(site.url("/product.html"))
    site.wait_for("page_view", 2)
    page.evaluate("setTimeout(() => history.back())")
    site.wait_for("page_view", 3)

    assert page.evaluate("window.kept"), "the browser built the page anew: this test needs its back/forward cache"
    assert site.pages() == ["/index.html", "/product.html", "/index.html"]


def test_a_prerendered_page_counts_only_when_it_is_shown(site: Recorder, visit: Callable[..., Any]) -> None:
    page = visit(site.url(), PRERENDER)
    page.evaluate("lf('early', { a: 1 })")
    site.quiet_for(0.8)
    assert not site.batches

    page.evaluate("activate()")
    site.wait_for("early")
    assert [event["n"] for event in site.landed] == ["page_view", "early"]


def test_calls_before_the_tracker_has_loaded_are_kept(site: Recorder, visit: Callable[..., Any]) -> None:
    stub = (
        "<script>!function(w,f){f=w.lf=w.lf||function(){(f.q=f.q||[]).push(arguments)};"
        '["identify","consent","load"].forEach(function(n){f[n]=f[n]||function(v){f(n,v)}})}(window)</script>'
    )
    calls = '<script>lf("viewed", {sku: 7}); lf.identify({email: "a@example.com"}); lf("bare")</script>'
    site.tag = stub + calls + site.tag
    visit(site.url())
    site.wait_for("bare")

    assert [(event["n"], event["p"]) for event in site.landed] == [
        ("page_view", {}),
        ("viewed", {"sku": 7}),
        ("identify", {"email": "a@example.com"}),
        ("bare", {}),
    ]


def test_two_sites_on_one_page_each_get_everything_and_the_same_tag_twice_counts_once(
    site: Recorder, visit: Callable[..., Any]
) -> None:
    own = site.script(load="")
    other = site.script(site="holding", host="stats.holding.test", load="")
    site.tag = own + own + other.replace(f"http://stats.holding.test:{site.port}/lf.js", site.url("/lf.js"))
    site.tag = site.tag.replace(
        'data-site="holding"', f'data-site="holding" data-host="http://holding.test:{site.port}/"'
    )
    page = visit(site.url())
    page.evaluate("lf('order', { amount: 100 })")
    site.wait_for("order", 2)

    landed = sorted((b.headers["host"].split(":")[0], b.body["s"], e["n"]) for b in site.batches for e in b.body["e"])
    assert landed == [
        ("holding.test", "holding", "order"),
        ("holding.test", "holding", "page_view"),
        ("stats.shop.test", "shop", "order"),
        ("stats.shop.test", "shop", "page_view"),
    ]
