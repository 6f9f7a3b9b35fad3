"""A real server, a real browser; any error or warning on the console fails the test."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

import longfunnel
from longfunnel.app.business import OWN_FOLDER, STATE_FILE
from longfunnel.web import make_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60_000
"""How long a busy machine may take to show something, in ms: the first to ask may wait for kernels to be compiled."""


@pytest.fixture(scope="module")
def server(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Business, str]]:
    """The invented business, without accounts, behind a real server, and its address."""
    folder: Path = shutil.copytree(made, tmp_path_factory.mktemp("pages") / "business")
    (folder / OWN_FOLDER / STATE_FILE).unlink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    loop = asyncio.new_event_loop()
    with longfunnel.open(folder) as business:
        application = make_app(business, url)
        server = Server(
            application, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False
        )
        thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()))
        thread.start()
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield business, url
        loop.call_soon_threadsafe(server.stop)
        thread.join(20)
        loop.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page in a fresh browser; an error or a refused resource on any of them fails the test."""
    contexts: list[Any] = []
    said: list[str] = []

    def open_page(url: str, **options: Any) -> Any:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said, said
