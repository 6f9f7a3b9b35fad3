"""Commands beside a running server: carried out there, shown here as if they had run here."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.cli.conftest import run

if TYPE_CHECKING:
    from tests.cli.conftest import Said

pytestmark = pytest.mark.slow

Cli = Callable[..., "Said"]
ENDLESS = "SELECT count(*) FROM range(1000000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 1"
SITE = '\n[[site]]\nname = "shop"\n[schedule]\nbuild_seconds = 0.2\n'


@pytest.fixture(scope="module")
def collecting(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The little business with a site, built. Copy it before you open it."""
    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("collecting") / "business"))
    with (folder / "longfunnel.toml").open("a", encoding="utf-8") as settings:
        settings.write(SITE)
    assert run("-C", folder, "build").code == 0
    return folder


@pytest.fixture
def server(collecting: Path, tmp_path: Path, running: Callable[..., subprocess.Popen[str]]) -> Iterator[dict[str, Any]]:
    """A server of the little business, in a process of its own: what it announces, its folder and its process."""
    another = Path(shutil.copytree(collecting, tmp_path / "business"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = running("-C", another, "up", "--port", port)
    assert process.stdout is not None
    while "Collecting" not in process.stdout.readline():
        assert process.poll() is None
    yield {**json.loads((another / ".longfunnel/server.json").read_text()), "folder": another, "process": process}
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def asked(running: Callable[..., subprocess.Popen[str]], *words: object, **options: Any) -> tuple[int, str, str]:
    process = running(*words, **options)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_the_announcement_is_private_and_goes_with_the_server(server: dict[str, Any]) -> None:
    file = server["folder"] / ".longfunnel/server.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    server["process"].send_signal(signal.SIGTERM)
    assert server["process"].wait(60) == 0
    assert not file.exists()


def test_commands_say_the_same_as_without_a_server(
    server: dict[str, Any], running: Callable[..., subprocess.Popen[str]], longfunnel: Cli, built: Path
) -> None:
    folder = server["folder"]
    wide = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    for words in (
        ("report", "long_funnel"), ("report", "channels", "--format", "csv"), ("ledger",), ("quarantine",),
        ("sql", "SELECT count(*) AS n FROM facts.lead", "--format", "json"), ("sync",), ("report", "no_such"), ("sql", "DELETE FROM facts.lead"),
    ):  # fmt: skip
        alone = longfunnel("-C", built, *words)
        code, out, err = asked(running, "-C", folder, *words, env=wide)
        assert (code, out, err) == (alone.code, alone.out.replace("\r\n", "\n"), alone.err), words
    code, out, _ = asked(running, "-C", folder, "build", "--full")
    assert (code, "from all facts" in out) == (0, True)
    code, out, _ = asked(running, "-C", folder, "sql", "SELECT 1", env=wide | {"FORCE_COLOR": "1", "COLUMNS": "60"})
    assert "\x1b[" in out


def test_paths_begin_where_the_person_stands_and_questions_are_answered_there(
    server: dict[str, Any], running: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.csv").write_text("Lead ID,Created,Phone\n77,2025-04-02 10:00:00,+7 900 100-00-77\n", "utf-8")
    process = running("-C", server["folder"], "import", "more.csv", cwd=elsewhere, stdin=subprocess.PIPE)
    out, err = process.communicate("y\n", timeout=120)
    assert process.returncode == 0, err
    assert "Import more.csv so?" in out
    _, out, _ = asked(
        running, "-C", server["folder"], "report", "long_funnel", "--format", "csv", "--output", "a.csv", cwd=elsewhere
    )
    assert (elsewhere / "a.csv").exists()
    process = running("-C", server["folder"], "block", "phone:+79001000077", stdin=subprocess.DEVNULL)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, "Nobody is here to answer" in err) == (1, True)


def test_an_event_is_in_a_query_soon_after_it_was_acknowledged_and_a_build_follows(
    server: dict[str, Any], running: Callable[..., subprocess.Popen[str]]
) -> None:
    url = f"http://127.0.0.1:{server['port']}"
    event = {"i": "live-1", "n": "page_view", "t": 1, "u": "https://shop.example/?utm_source=yandex"}
    agent = {
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    }
    body = {"s": "shop", "v": "visitor-1", "t": 1, "c": 2, "e": [event]}
    assert httpx.post(f"{url}/e", content=json.dumps(body), headers=agent).status_code == 202
    query = "SELECT count(*) AS n FROM facts.event WHERE event_id = 'live-1'"
    until = time.monotonic() + 60
    while '"n": 1' not in asked(running, "-C", server["folder"], "sql", query, "--format", "json")[1]:
        assert time.monotonic() < until
    while 'longfunnel_schedule_done_total{work="build"} 0.0' in httpx.get(f"{url}/metrics").text:
        assert time.monotonic() < until
        time.sleep(0.1)
    code, out, _ = asked(running, "-C", server["folder"], "tail", "--no-follow", "--format", "json")
    assert (code, json.loads(out)["page"]) == (0, "/")


def test_a_change_of_the_settings_is_followed_and_a_mistake_is_not(server: dict[str, Any]) -> None:
    url, file = f"http://127.0.0.1:{server['port']}/e", server["folder"] / "longfunnel.toml"
    body = json.dumps({"s": "second", "v": "v", "t": 1, "c": 2, "e": [{"i": "1", "n": "page_view", "t": 1}]})
    assert httpx.post(url, content=body).status_code == 403
    right = file.read_text("utf-8")
    file.write_text(right + '[[site]]\nname = "third"\nnumbers.pool = ["1"]\nnumbers.selector = "b"\n', "utf-8")
    time.sleep(0.6)
    assert httpx.get(url.replace("/e", "/health")).status_code == 200
    file.write_text(right + '[[site]]\nname = "second"\n', "utf-8")
    until = time.monotonic() + 60
    while httpx.post(url, content=body).status_code != 202:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_only_who_knows_the_secret_on_this_machine_is_obeyed(server: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{server['port']}/control/run"
    order = {"words": ["sql", "SELECT 1"], "folder": "/"}
    right = {"authorization": f"Bearer {server['secret']}"}
    for headers in ({}, {"authorization": "Bearer wrong"}, right | {"x-forwarded-for": "203.0.113.7"}):
        assert httpx.post(url, json=order, headers=headers).status_code == 404
    assert httpx.get(url, headers=right).status_code == 404
    assert httpx.post(url, content=b"{", headers=right).status_code == 400
    assert '["exit",' in httpx.post(url, json=order, headers=right, timeout=30).text


def test_a_second_server_is_refused_and_a_killed_one_is_no_hindrance(
    server: dict[str, Any], running: Callable[..., subprocess.Popen[str]]
) -> None:
    code, _, err = asked(running, "-C", server["folder"], "up", "--port", server["port"] + 1)
    assert (code, "runs for" in err) == (1, True)
    server["process"].kill()
    server["process"].wait()
    code, out, err = asked(running, "-C", server["folder"], "sql", "SELECT 41 + 1 AS n", "--format", "csv")
    assert (code, out.split()) == (0, ["n", "42"]), err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_query_ends_with_the_command_that_asked_it_and_the_next_command_is_taken(
    server: dict[str, Any], running: Callable[..., subprocess.Popen[str]], how: signal.Signals
) -> None:
    asking = running("-C", server["folder"], "sql", ENDLESS)
    began = busy(server["process"].pid)
    while busy(server["process"].pid) < began + 2:
        assert asking.poll() is None
        time.sleep(0.1)
    asking.send_signal(how)
    asking.communicate(timeout=30)
    assert asking.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    code, out, err = asked(running, "-C", server["folder"], "sql", "SELECT 41 + 1 AS n", "--format", "csv")
    assert (code, out.split()) == (0, ["n", "42"]), err


def test_a_server_that_is_stopped_interrupts_the_command_it_carries_out_and_begins_none_that_waits(
    server: dict[str, Any], running: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    asking = running("-C", server["folder"], "sql", ENDLESS)
    began = busy(server["process"].pid)
    while busy(server["process"].pid) < began + 2:
        assert asking.poll() is None
        time.sleep(0.1)
    words = ["-C", str(server["folder"]), "report", "channels", "--format", "csv", "--output", "a.csv"]
    waiting = http.client.HTTPConnection("127.0.0.1", server["port"])
    body = json.dumps({"words": words, "folder": str(tmp_path)})
    waiting.request("POST", "/control/run", body, {"Authorization": f"Bearer {server['secret']}"})
    time.sleep(0.5)
    server["process"].send_signal(signal.SIGTERM)
    for process in (asking, server["process"]):
        process.communicate(timeout=30)
    waiting.close()
    assert server["process"].returncode == 0
    assert not (tmp_path / "a.csv").exists()


def busy(pid: int) -> float:
    """Seconds of processor time that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
