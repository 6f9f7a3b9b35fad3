"""A real server is killed again and again while it is under load: what it acknowledged is in the warehouse, once."""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
[business]
timezone = "UTC"
[collector]
requests_per_second = 100000
[[site]]
name = "shop"
"""
SERVER = """
import sys
import longfunnel
from longfunnel.app.serving.up import log_as_json, serve
log_as_json()
with longfunnel.open(sys.argv[1]) as business:
    serve(business, port=int(sys.argv[2]), on_ready=lambda _: print("ready", flush=True))
"""


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    with process.stdout:
        assert process.stdout.readline() == "ready\n"
    return process


def send(port: int, identity: str) -> bool:
    """Whether the event was acknowledged."""
    body = json.dumps({"s": "shop", "v": "v1", "t": 1, "c": 2, "e": [{"i": identity, "n": "x", "t": 1}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/e", body)
        return connection.getresponse().status == 202
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Load(threading.Thread):
    """Sends events one after another; what was not acknowledged is sent again, as the tracker does."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__()
        self.port, self.label = port, name
        self.acknowledged: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            identity = f"{self.label}-{number}"
            while not send(self.port, identity):
                if self.stop.wait(0.02):
                    return
            self.acknowledged.append(identity)
            number += 1


@pytest.fixture
def port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_by_kills_under_load(tmp_path: Path, port: int) -> None:
    (tmp_path / "longfunnel.toml").write_text(SETTINGS)
    chance = random.Random(11)
    senders = [Load(port, f"s{number}") for number in range(3)]
    server = start(tmp_path, port)
    for sender in senders:
        sender.start()
    for _ in range(3):
        time.sleep(0.3 + chance.random() * 1.5)
        server.send_signal(signal.SIGKILL)
        server.wait()
        server = start(tmp_path, port)
    time.sleep(0.5)
    for sender in senders:
        sender.stop.set()
    for sender in senders:
        sender.join()
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    acknowledged = {identity for sender in senders for identity in sender.acknowledged}
    assert len(acknowledged) > 20
    with duckdb.connect(str(tmp_path / ".longfunnel" / "warehouse.duckdb"), read_only=True) as warehouse:
        stored = [row[0] for row in warehouse.execute("SELECT event_id FROM facts.event").fetchall()]
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored)
    assert len(set(stored) - acknowledged) <= len(
        senders
    )  # at most the one event that each sender had under way at the end


@pytest.mark.slow
def test_a_stop_loads_everything_and_a_taken_port_is_said(tmp_path: Path, port: int) -> None:
    (tmp_path / "longfunnel.toml").write_text(SETTINGS)
    server = start(tmp_path, port)
    assert all(send(port, str(number)) for number in range(20))
    other = tmp_path / "other"
    other.mkdir()
    (other / "longfunnel.toml").write_text(SETTINGS)
    second = subprocess.run(
        [sys.executable, "-c", SERVER, str(other), str(port)], capture_output=True, text=True, timeout=60
    )
    assert "cannot be used" in second.stderr
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    with duckdb.connect(str(tmp_path / ".longfunnel" / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("SELECT count(*) FROM facts.event").fetchall() == [(20,)]
    assert list((tmp_path / ".longfunnel" / "log").glob("*.log"))
