"""A real Chromium and a real server for the tracker's tests."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.browser.recording import Recorder, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # for every request, beacons of a closing page too; a headless browser's own name is that of a robot
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    "--host-resolver-rules=MAP *.test 127.0.0.1",  # sub-domains of one site, and other sites, all on loopback
]


@pytest.fixture(scope="module")  # its driver keeps an event loop running: tests elsewhere want one of their own
def browser() -> Iterator[Any]:
    """Chromium, started once a file."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
    )
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=path, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The HTTP server, started once."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def site(server: Server) -> Recorder:
    """A fresh site with the tracker's core on every page; behaviour is off unless a test asks for it."""
    server.recorder = Recorder(port=server.server_port)
    server.recorder.tag = server.recorder.script(load="")
    return server.recorder


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page as a new visitor: `visit(url, **context options)`; an error on any page fails the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(url: str, script: str = "", **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
