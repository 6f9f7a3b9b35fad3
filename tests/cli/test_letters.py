"""The commands of reports by e-mail and of alerts."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import run

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


@pytest.fixture
def folder(another: Path) -> Path:
    assert run("-C", another, "user", "add", "anna@cedar.test", "--name", "Anna", "--role", "owner").code == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (another / "longfunnel.toml").open("a") as file:
        file.write(f'\n[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n')
    return another


def test_a_subscription_is_added_listed_sent_and_removed(folder: Path) -> None:
    address = "http://127.0.0.1:8700/channels?by=campaign&since=2025-03-01&until=2025-03-31"
    added = run(
        "-C", folder, "subscriptions", "add", address, "--to", "a@x.test, b@x.test", "--every", "month", "--on", "31"
    )
    assert added.code == 0, added.err
    (kept,) = json.loads(run("-C", folder, "subscriptions", "list", "--format", "json").out)
    assert (kept["page"], kept["recipients"], kept["owner"]) == ("/channels", "a@x.test, b@x.test", "anna@cedar.test")
    assert kept["query"] == "report=channels&by=campaign&since=2025-03-01&until=2025-03-31"
    assert (kept["every"], kept["on_day"], kept["minute"]) == ("month", 31, 540)
    sent = run("-C", folder, "subscriptions", "send", "1", "--to", "a@x.test", "--format", "json")
    assert sent.code == 1, "nobody listens there"
    assert "did not take the letter" in json.loads(sent.out)[0]["trouble"]
    assert run("-C", folder, "subscriptions", "pause", "1").code == 0
    assert run("-C", folder, "subscriptions", "remove", "1").code == 0
    assert json.loads(run("-C", folder, "subscriptions", "list", "--format", "json").out) == []


def test_a_wrong_address_names_the_pages_and_mistakes_come_together(folder: Path) -> None:
    wrong = run("-C", folder, "subscriptions", "add", "/chanels", "--to", "a@x.test")
    assert wrong.code == 1
    assert "/channels" in wrong.err
    wrong = run("-C", folder, "subscriptions", "add", "/channels", "--to", "nobody", "--at", "25:00")
    assert "«nobody»" in wrong.err
    assert "09:00" in wrong.err


def test_an_alert_is_added_checked_and_removed(folder: Path) -> None:
    added = run(
        "-C",
        folder,
        "alerts",
        "add",
        "/channels?since=2025-03-01&until=2025-03-31",
        "leads",
        "--above",
        "2",
        "--to",
        "a@x.test",
    )
    assert added.code == 0, added.err
    (kept,) = json.loads(run("-C", folder, "alerts", "check", "--format", "json").out)
    assert (kept["metric"], kept["rule"], kept["threshold"], kept["state"], kept["episode"]) == (
        "leads",
        "above",
        "2",
        "alarm",
        1,
    )
    assert run("-C", folder, "alerts", "remove", "1").code == 0
    assert json.loads(run("-C", folder, "alerts", "list", "-f", "json").out) == []
