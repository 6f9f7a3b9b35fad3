"""From a real browser to the warehouse: what was done on a page is what the facts say."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import longfunnel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.collect.browser.recording import Recorder

pytestmark = pytest.mark.slow

SETTINGS = """
[business]
name = "Shop"
currency = "RUB"
timezone = "Europe/Moscow"
country = "RU"

[[site]]
name = "shop"
origins = ["http://*.shop.test:{page_port}"]

[[site.goals]]
name = "home"
url = "/index.html"

[[site.goals]]
name = "form"
url = "/form.html"

[[site.goals]]
name = "callback"
selector = "#callback"
"""
SERVE = """
import sys, longfunnel
from longfunnel.app.serving.up import serve
with longfunnel.open(sys.argv[1]) as business:
    serve(business, port=int(sys.argv[2]), on_ready=lambda addresses: print("ready", flush=True))
"""
METRIKA = "if (location.host) document.cookie = '_ym_uid=1600000000123456789';"


@pytest.fixture
def collector(site: Recorder, tmp_path: Path) -> Iterator[tuple[int, Callable[[], None]]]:
    """A running server of a fresh business: its port, and how to stop it."""
    (tmp_path / "longfunnel.toml").write_text(SETTINGS.format(page_port=site.port), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVE, str(tmp_path), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        def stop() -> None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0

        yield port, stop
        if process.poll() is None:
            process.kill()


def test_what_was_done_in_the_browser_is_in_the_warehouse(
    site: Recorder, visit: Callable[..., Any], collector: tuple[int, Callable[[], None]], tmp_path: Path
) -> None:
    port, stop = collector
    site.tag = f'<script defer src="http://stats.shop.test:{port}/lf.js" data-site="shop"></script>'

    def taken(text: str) -> Any:
        """Wait for the server's 202 to a batch that holds `text`."""
        return page.expect_response(
            lambda response: response.status == 202 and text in (response.request.post_data or "")
        )

    page = visit("about:blank", METRIKA)
    with taken('"home"'):  # the goal of the page itself: the module has its goals
        page.goto(site.url("/index.html?utm_source=yandex&utm_medium=cpc&yclid=77"))
    with taken('"identify"'):
        page.click("#callback")
        page.evaluate("lf('purchase', { order_id: 'A-1', amount: 990.5, currency: 'RUB' })")
        page.evaluate("lf.identify({ email: 'Ivan@Example.com', phone: '8 800 555-35-35', user_id: '7' })")
    with taken('"form"'):
        page.goto(site.url("/form.html"))
    page.fill("[name=person]", "Ivan")
    with taken("/thanks.html"):
        page.click("[name=send]")
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "lf_id"]
    page.context.close()
    stop()

    with longfunnel.open(tmp_path) as business:
        events = business.warehouse.execute(
            "SELECT name, page, visitor_id, ym_client_id, excluded FROM facts.event ORDER BY happened_at"
        ).fetchall()
        landing = business.warehouse.execute(
            "SELECT source, medium, yclid, title FROM facts.event WHERE yclid IS NOT NULL AND name = 'page_view'"
        ).fetchall()
        (purchase,) = business.warehouse.execute(
            "SELECT order_id, amount::VARCHAR, currency FROM facts.event WHERE name = 'purchase'"
        ).fetchall()
        goals = business.warehouse.execute(
            "SELECT props->>'goal' FROM facts.event WHERE name = 'goal' ORDER BY happened_at"
        ).fetchall()
        (identify,) = business.warehouse.execute(
            "SELECT email, phone, user_id FROM facts.event WHERE name = 'identify'"
        ).fetchall()

    names = [name for name, *_ in events if name not in ("engagement", "goal")]
    assert names == ["page_view", "purchase", "identify", "page_view", "form_submit", "page_view"]
    assert goals == [("home",), ("callback",), ("form",)]
    assert {visitor for _, _, visitor, _, _ in events} == {cookie["value"]}
    assert {(metrika, excluded) for *_, metrika, excluded in events} == {("1600000000123456789", None)}
    assert landing == [("yandex", "cpc", "77", "Home")]
    assert purchase == ("A-1", "990.5000", "RUB")
    assert identify == ("ivan@example.com", "+78005553535", "7")
