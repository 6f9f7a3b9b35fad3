"""Tracking numbers in a real browser: the page shows the number of its visit, and a call to it leads back to the visit."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import longfunnel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.collect.browser.recording import Recorder

pytestmark = pytest.mark.slow

SETTINGS = """
[business]
currency = "RUB"
timezone = "Europe/Moscow"

[[site]]
name = "shop"
origins = ["http://*.shop.test:{page_port}"]
numbers.pool = ["+7 (495) 111-11-01"]
numbers.replaces = ["8 495 123-45-67"]
numbers.selector = ".phone"
numbers.minutes = {minutes}

[[source]]
name = "pbx"
type = "webhook"
fact = "call"
columns.call_id = "id"
columns.phone = "from"
columns.tracking_number = "to"
"""
SERVE = """
import json, sys, longfunnel
from longfunnel.app.serving.up import serve
def tell(addresses):
    print(json.dumps([addresses.tracker["shop"], addresses.hooks["pbx"]]), flush=True)
with longfunnel.open(sys.argv[1]) as business:
    serve(business, port=int(sys.argv[2]), public_url=f"http://stats.shop.test:{sys.argv[2]}", on_ready=tell)
"""
SHOWN = "+7 (495) 111-11-01"


@pytest.fixture
def up(site: Recorder, tmp_path: Path) -> Iterator[Callable[..., tuple[str, Callable[[], None]]]]:
    """Start a server whose site has one tracking number: `up(minutes=…)` gives the webhook's address and a stop."""
    started: list[subprocess.Popen[str]] = []

    def start(minutes: float = 30) -> tuple[str, Callable[[], None]]:
        (tmp_path / "longfunnel.toml").write_text(SETTINGS.format(page_port=site.port, minutes=minutes), "utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-c", SERVE, str(tmp_path), str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        site.tag, hook = json.loads(process.stdout.readline())

        def stop() -> None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0

        return hook.replace("stats.shop.test", "127.0.0.1"), stop

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def shown(page: Any) -> dict[str, Any]:
    """What the page of phones shows, by element."""
    return page.evaluate(
        """() => ({
        text: document.getElementById("text").textContent,
        link: [document.getElementById("link").textContent, document.getElementById("link").href],
        other: [document.getElementById("other").textContent, document.getElementById("other").href],
        pieces: document.querySelector("b.phone").textContent,
        chosen: [document.getElementById("chosen").textContent, document.getElementById("chosen").href],
        area: document.getElementById("area").value,
        })"""
    )


def numbered(page: Any) -> None:
    """Wait until the visit's number is on the page."""
    page.wait_for_function(f"document.getElementById('text').textContent.includes('{SHOWN}')")


def test_the_page_shows_the_number_of_its_visit_and_a_call_leads_back_to_it(
    site: Recorder, visit: Callable[..., Any], up: Callable[..., Any], tmp_path: Path
) -> None:
    hook, stop = up()
    page = visit(site.url("/phones.html?utm_source=yandex&utm_medium=cpc"))
    numbered(page)
    assert shown(page) == {
        "text": f"Call us: {SHOWN}, from 9 to 18. Order 84951234567890 is not a phone.",
        "link": [SHOWN, "tel:+74951111101"],
        "other": ["8 800 555-35-35", "tel:+78005553535"],
        "pieces": SHOWN,
        "chosen": [SHOWN, "tel:+74951111101"],
        "area": "8 495 123-45-67",
    }
    page.evaluate("draw()")
    page.wait_for_function(f"document.querySelector('#later a').textContent == '{SHOWN}'")
    assert page.evaluate("document.querySelector('#later a').href") == "tel:+74951111101"
    (visitor,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "lf_id"]

    second = visit("about:blank")
    with second.expect_response("**/number") as answer:
        second.goto(site.url("/phones.html"))
    assert answer.value.status == 204
    assert shown(second)["link"] == ["+7 495 123 45 67", "tel:+74951234567"]

    time.sleep(0.1)
    call = {"id": "c1", "from": "8 900 100-00-01", "to": "8 (495) 111 11 01"}
    assert httpx.post(hook, json=call).status_code == 200
    page.context.close()
    stop()
    with longfunnel.open(tmp_path) as business:
        links = business.warehouse.execute("SELECT value_a, value_b FROM facts.identity_link").fetchall()
        business.build()
        persons = business.warehouse.execute(
            "SELECT count(DISTINCT person_id) FROM live.identifiers WHERE value IN (?, '+79001000001')", [visitor]
        ).fetchall()
    assert links == [(visitor, "+79001000001")]
    assert persons == [(1,)]


def test_who_went_away_sees_the_ordinary_number_again_and_who_returns_asks_anew(
    site: Recorder, visit: Callable[..., Any], up: Callable[..., Any]
) -> None:
    up(minutes=0.05)
    page = visit(site.url("/phones.html"))
    before = shown(visit(site.url("/phones.html"), "Object.defineProperty(navigator, 'doNotTrack', { value: '1' })"))
    numbered(page)
    page.wait_for_function("!document.getElementById('text').textContent.includes('111-11')")
    assert shown(page) == before
    page.mouse.move(5, 5)
    numbered(page)


def test_a_refusal_takes_the_number_back(site: Recorder, visit: Callable[..., Any], up: Callable[..., Any]) -> None:
    up(minutes=0.05)
    page = visit(site.url("/phones.html"))
    numbered(page)
    page.evaluate("lf.consent('none')")
    page.wait_for_function("!document.getElementById('text').textContent.includes('111-11')")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    assert not [url for url in asked if url.endswith("/number")]
