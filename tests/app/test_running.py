"""Which server runs for a folder, and what it does by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from longfunnel.app.business import Business
from longfunnel.app.privacy.own_files import files_that_mention
from longfunnel.app.privacy.retention import retain
from longfunnel.app.serving import running
from longfunnel.app.serving.schedule import Schedule
from longfunnel.warehouse.identifiers import Identifier

SETTINGS = """
[business]
timezone = "UTC"
[schedule]
build_seconds = 0.1
sync_minutes = 0.005
[[source]]
name = "deals"
path = "deals*.csv"
fact = "deal"
columns.deal_id = "Deal"
columns.created_at = "Created"
columns.status = "Status"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "longfunnel.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "deals.csv").write_text("Deal,Created,Status\nd1,2020-01-02,won\n", "utf-8")
    (tmp_path / ".longfunnel").mkdir()
    return tmp_path


def test_a_server_is_found_by_others_while_it_lives(folder: Path) -> None:
    assert running.find(folder) is None
    own = running.announce(folder, "0.0.0.0", 8700)  # noqa: S104 - nothing is bound
    assert (own.host, own.pid) == ("127.0.0.1", os.getpid())
    assert running.find(folder) is None  # it need not ask itself
    file = folder / ".longfunnel" / running.FILE
    assert file.stat().st_mode & 0o077 == 0
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    told = json.loads(file.read_text()) | {"pid": other.pid}
    file.write_text(json.dumps(told))
    found = running.find(folder)
    assert found is not None
    assert found.pid == other.pid
    running.withdraw(folder, own)  # not its own any more
    assert file.exists()
    other.communicate(b"\n")
    assert running.find(folder) is None
    file.write_text("{")
    assert running.find(folder) is None


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_sources_are_looked_at_builds_follow_and_failures_are_tried_again(folder: Path) -> None:
    schedule = Schedule(folder)
    followed: list[float] = []
    schedule.follow = lambda settings: followed.append(settings.schedule.sync_minutes)
    schedule.start()
    try:
        until(lambda: schedule.build.done > 0)
        (folder / "deals2.csv").write_text("Deal,Created,Status\nd2,2020-01-03,lost\n", "utf-8")
        done = schedule.build.done
        until(lambda: schedule.build.done > done)
        (folder / "longfunnel.toml").write_text(SETTINGS.replace("deals*.csv", "gone.csv"), "utf-8")
        until(lambda: schedule.sync.failed > 0)
        assert schedule.sync.trouble
        (folder / "longfunnel.toml").write_text(SETTINGS.replace("0.005", "0.006"), "utf-8")
        until(lambda: 0.006 in followed)
        until(lambda: not schedule.sync.trouble)
    finally:
        schedule.stop()
    with Business(folder) as business:
        assert business.warehouse.execute("SELECT count(*) FROM live.deals").fetchall() == [(2,)]


def test_retention_deletes_what_is_old_and_nothing_without_a_word(folder: Path) -> None:
    with Business(folder) as business:
        business.sync()
        assert retain(business) == {}
        (folder / "longfunnel.toml").write_text(SETTINGS + "[retention]\ndeal = 30\nwebhook = 1\n", "utf-8")
        assert retain(business) == {"deal": 1, "webhook": 0}
        assert business.warehouse.execute("SELECT count(*) FROM facts.deal").fetchall() == [(0,)]


def test_own_files_of_any_kind_are_searched(folder: Path) -> None:
    person = [Identifier("email", "ann@x.example"), Identifier("phone", "+79123456789"), Identifier("visitor", "short")]
    (folder / "wide.csv").write_text("Телефон\n8 (912) 345-67-89\n", "utf-16")
    (folder / "cp.csv").write_bytes("Почта;ANN@X.example".encode("cp1251"))
    (folder / "long.txt").write_bytes(b"x" * ((1 << 20) - 8) + b"+7 912 345 67 89")
    (folder / "other.txt").write_text("79123456780, 791234567890, short", "utf-8")
    (folder / "broken.xlsx").write_bytes(b"PK nothing")
    with Business(folder) as business:
        business.warehouse.execute("COPY (SELECT 'ann@x.example' AS e) TO '{}'".format(folder / "facts.parquet"))
        found = {str(file) for file in files_that_mention(business, person)}
        assert list(files_that_mention(business, [Identifier("visitor", "short")])) == []
    assert found == {"wide.csv", "cp.csv", "long.txt", "facts.parquet"}
