"""A person taken out of everything, proven byte by byte: the folder, a running server's folder, and an older backup."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from longfunnel.app.backup import backup, restore
from longfunnel.app.business import Business
from longfunnel.app.people.identity import propose_decision, take_decision
from longfunnel.app.privacy import erasure
from longfunnel.core.errors import NothingYetError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SETTINGS = """
[business]
timezone = "Europe/Moscow"
currency = "RUB"
[[site]]
name = "shop"
[[source]]
name = "tilda"
type = "webhook"
fact = "lead"
columns.lead_id = "id"
columns.phone = "phone"
columns.email = "email"
columns.name = "name"
columns.visitor_id = "lf_id"
[[source]]
name = "deals"
type = "file"
path = "deals.csv"
fact = "deal"
columns.deal_id = "Deal"
columns.created_at = "Created"
columns.status = "Status"
columns.amount = "Amount"
columns.phone = "Phone"
columns.name = "Client"
"""
DEALS = "Deal,Created,Status,Amount,Phone,Client\nd1,2026-01-02,won,500,8 (912) 345-67-89,Аннушка\nd2,2026-01-03,won,70,+7 999 111-22-33,Bob\n"
TRACES = (
    b"visitor-of-ann",
    b"ann@secret",
    b"Ann@Secret",
    b"9123456789",
    b"912) 345",
    "Аннушка".encode(),
    b"ann%40secret",
)
AGENT = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
}
UP = "import sys; sys.argv[0] = 'longfunnel'; from longfunnel.cli import main; main()"


class Served:
    """`longfunnel up` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        command = [sys.executable, "-c", UP, "-C", str(folder), "up", "--port", self.url.rpartition(":")[2]]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.hook = ""
        while "Collecting" not in (line := self.process.stdout.readline()):
            assert self.process.poll() is None, self.process.communicate()[1]
            if "/hooks/" in line:
                self.hook = line.split()[-1]

    def visit(self, who: str, *events: dict[str, Any]) -> None:
        made = [{"i": f"{who}-{number}", "n": "page_view", "t": 1, **event} for number, event in enumerate(events)]
        body = {"s": "shop", "v": f"visitor-of-{who}-0001", "t": 1, "c": 2, "e": made}
        assert httpx.post(f"{self.url}/e", content=json.dumps(body), headers=AGENT).status_code == 202

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


def fill(served: Served) -> None:
    served.visit(
        "ann", {"u": "https://shop.example/?email=Ann@Secret.example"}, {"n": "identify", "p": {"phone": "89123456789"}}
    )
    served.visit("bob", {"u": "https://shop.example/"}, {"n": "form_submit", "p": {"email": "bob@open.example"}})
    lead = {
        "id": "L1",
        "phone": "8 912 345 67 89",
        "email": "Ann@Secret.example",
        "name": "Аннушка",
        "lf_id": "visitor-of-ann-0001",
    }
    assert httpx.post(served.hook, json=lead).status_code == 200
    assert httpx.post(served.hook, data={"id": "L2", "comment": "to ann@secret.example"}).status_code == 200
    without_id = {"phone": "89123456789", "name": "Аннушка"}
    assert httpx.post(served.hook, json=without_id).status_code == 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "business"
    folder.mkdir()
    (folder / "longfunnel.toml").write_text(SETTINGS, "utf-8")
    (folder / "deals.csv").write_text(DEALS, "utf-8")
    with zipfile.ZipFile(folder / "old.xlsx", "w") as archive:
        archive.writestr("xl/sharedStrings.xml", "<t>+7 912 345 67 89</t>")
    (folder / "notes.txt.gz").write_bytes(gzip.compress(b"call ANN@secret.example"))
    (folder / "others.csv").write_text("phone\n79991112233\n", "utf-8")
    return folder


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    served = Served(folder)
    fill(served)
    yield served
    if served.process.poll() is None:
        served.process.kill()
        served.process.communicate()


def traces(folder: Path) -> dict[str, list[bytes]]:
    """Every file with a byte of the person in it; the business's own files are left out."""
    own = ("deals.csv", "old.xlsx", "notes.txt.gz")
    found = {}
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in own and (seen := [one for one in TRACES if one in file.read_bytes()]):
            found[str(file.relative_to(folder))] = seen
    return found


def prepared(served: Served, folder: Path, archive: Path) -> Business:
    """The folder after the server has stopped: synced, decided upon, backed up."""
    served.stop()
    business = Business(folder)
    business.sync()
    taken, _ = propose_decision(business, "block", "email:ann@secret.example", why="for the test")
    kept = take_decision(business, taken)
    business.state.identity_decisions.undo(kept.id, by="test", at=taken.decided_at)
    business.build()
    backup(business, archive)
    return business


def test_no_byte_speaks_of_the_person_and_an_older_backup_brings_nobody_back(
    served: Served, folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.zip"
    business = prepared(served, folder, archive)
    assert {Path(name).name.partition("-")[0] for name in traces(folder)} >= {"warehouse.duckdb", "state.db"}
    exported = json.dumps(erasure.export(business, "ann@secret.example"), default=str, ensure_ascii=False)
    assert "visitor-of-ann-0001" in exported
    assert "bob" not in exported.lower()

    found = erasure.find_held(business, "8 912 345-67-89")
    assert {str(file) for file in found.own_files} == {"deals.csv", "old.xlsx", "notes.txt.gz"}
    assert found.rows["event"] == 2
    steps: list[str] = []
    erased, is_whole = erasure.erase(business, found.identifiers, progress=lambda what, _: steps.append(str(what)))
    assert (is_whole, bool(erased.deleted), bool(erased.emptied), bool(erased.log_records)) == (True, True, True, True)
    assert steps == ["taking out the rows", "writing the warehouse anew", "building"]
    business.close()
    assert traces(folder) == {}

    rows = business.warehouse.execute("SELECT deal_id, amount::INT, phone FROM facts.deal ORDER BY 1").fetchall()
    assert rows == [("d1", 500, None), ("d2", 70, "+79991112233")]
    assert business.warehouse.execute("SELECT count(*) FROM facts.event").fetchall() == [(2,)]
    with pytest.raises(NothingYetError):
        erasure.find_held(business, "ann@secret.example")
    assert erasure.find_held(business, "bob@open.example").rows["event"] == 2
    business.close()

    back = tmp_path / "back"
    with pytest.raises(SettingsError, match="There is no file"):
        restore(archive, back, erasures=tmp_path / "none")
    with restore(archive, back, erasures=folder / ".longfunnel" / erasure.TOMBSTONES_FILE) as restored:
        assert restored.warehouse.execute("SELECT count(*) FROM facts.event").fetchall() == [(2,)]
        restored.build()
    assert traces(back) == {}

    again = tmp_path / "again"
    (again / ".longfunnel").mkdir(parents=True)
    (again / ".longfunnel" / erasure.TOMBSTONES_FILE).write_bytes(
        (folder / ".longfunnel" / erasure.TOMBSTONES_FILE).read_bytes()
    )
    restore(archive, again).close()
    assert traces(again) == {}
    with pytest.raises(SettingsError, match="already holds a business"):
        restore(archive, again)


def test_beside_a_server_the_person_is_gone_at_once_and_the_last_bytes_when_it_stops(
    served: Served, folder: Path
) -> None:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", UP, "-C", str(folder), *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=120)

    dry = command("erase", "ann@secret.example", "--dry-run")
    assert "Nothing was changed" in dry.stdout, dry.stderr
    assert "visitor:visitor-of-ann-0001" in dry.stdout
    assert "Nobody is here to answer" in command("erase", "ann@secret.example").stderr
    done = command("erase", "ann@secret.example", "--yes")
    assert "The server is running" in done.stdout, done.stderr
    assert "1" in command("sql", "SELECT count(*) AS n FROM facts.event WHERE name = 'form_submit'").stdout
    assert command("export-person", "ann@secret.example").returncode == 1
    served.visit("bob", {}, {}, {"u": "https://shop.example/after"})
    served.stop()
    assert traces(folder) == {}
    with Business(folder) as business:
        assert ("bob-2",) in business.warehouse.execute("SELECT event_id FROM facts.event").fetchall()


def test_what_a_kill_left_in_the_file_goes_with_the_next_start(folder: Path) -> None:
    with Business(folder) as business:
        business.sync()
        business.warehouse.execute("CHECKPOINT")
        business.warehouse.execute("DELETE FROM facts.deal")
    assert traces(folder)
    (folder / ".longfunnel" / erasure.UNFINISHED_FILE).touch()
    served = Served(folder)
    served.stop()
    assert traces(folder) == {}


def test_what_was_confirmed_is_done_by_the_next_start_unless_it_was_called_off(folder: Path) -> None:
    with Business(folder) as business:
        business.sync()
        business.build()
        known = erasure.find_held(business, "8 912 345-67-89").identifiers
        erasure.confirm_erasure(business, known, "person 1")
        erasure.call_off(business, "person 1")
        erasure.finish_erasures(business)
        assert ("+79123456789",) in business.warehouse.execute("SELECT phone FROM facts.deal").fetchall()
        erasure.confirm_erasure(business, known, "person 1")  # and then the server is killed
    served = Served(folder)
    served.stop()
    assert traces(folder) == {}
    with Business(folder) as business:
        rows = business.warehouse.execute("SELECT deal_id, phone FROM facts.deal ORDER BY 1").fetchall()
        assert rows == [("d1", None), ("d2", "+79991112233")]
