"""Pages made ahead of their visitors by a real server: after its start and after a build; a visitor never waits for them."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from longfunnel.app.single_flight import GivenUpError
from longfunnel.web import make_app, warming
from longfunnel.web.warming import Warming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longfunnel.app.business import Business

PATIENCE = 120.0
UP = "import sys; from longfunnel.app.serving.up import log_as_json; log_as_json(); from longfunnel.cli import main; sys.argv[0] = 'longfunnel'; main()"


@pytest.fixture
def ahead(served: Business, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warming]:
    """Makes pages ahead of nobody: begun by the test."""
    monkeypatch.setattr(warming, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(warming, "_QUIET_SECONDS", 0.05)
    found = Warming(make_app(served))
    yield found
    found.end()


def test_what_is_made_ahead_ends_at_once_when_the_server_does(ahead: Warming, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, left = threading.Event(), threading.Event()

    def slow(visit: Any) -> None:
        begun.set()
        while not visit.pace.stop.is_set:
            time.sleep(0.01)
        left.set()
        raise GivenUpError("Stopped.")

    route = SimpleNamespace(path="/", answer=slow)
    monkeypatch.setattr(warming, "_wanted", lambda _: [(None, None, route)])
    ahead.start()
    assert begun.wait(PATIENCE)
    ahead.end()
    assert left.is_set()


def test_a_visitor_is_not_kept_waiting_and_the_page_is_made_after_them(
    ahead: Warming, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    began, may_end = threading.Event(), threading.Event()

    def slow(visit: Any) -> None:
        tries.append("begun")
        began.set()
        while len(tries) == 1:
            visit.pace.stop.check()
            time.sleep(0.01)
        may_end.set()

    route = SimpleNamespace(path="/", answer=slow)
    monkeypatch.setattr(warming, "_wanted", lambda _: [(None, None, route)])
    ahead.start()
    assert began.wait(PATIENCE)

    async def visit() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ahead), base_url="http://warm.local") as client:
            return (await client.get("/sign-in")).status_code

    assert asyncio.run(visit()) == 200
    assert may_end.wait(PATIENCE)
    assert tries == ["begun", "begun"]


@pytest.mark.slow
def test_a_server_makes_the_pages_of_a_business_once_it_has_started(made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "business")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", UP, "-C", str(folder), "up", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = next(line for line in process.stderr if '"warmed"' in line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert '"pages": ' in said
    assert process.returncode == 0
