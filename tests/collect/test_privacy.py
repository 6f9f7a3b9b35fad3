from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest

from longfunnel.collect.privacy import ErasureError, apply_retention, erase_person, export_person
from longfunnel.collect.tombstones import Tombstones
from longfunnel.core.errors import SettingsError
from longfunnel.warehouse.identifiers import Identifier
from longfunnel.warehouse.rewrite import rewrite_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.collect.conftest import Collector

ANN = [
    Identifier("visitor", "visitor-of-ann-0001"),
    Identifier("email", "ann@secret.example"),
    Identifier("phone", "+79123456789"),
    Identifier("contact", "ann-in-crm"),
]
TRACES = (
    b"visitor-of-ann",
    b"ann@secret",
    b"Ann@Secret",
    b"9123456789",
    b"912 345",
    b"ann-in-crm",
    "Аннушка".encode(),
    b"ann%40secret",
)


def fill(collector: Collector) -> None:
    ann, bob = {"v": "visitor-of-ann-0001"}, {"v": "visitor-of-bob-0001"}
    collector.track(collector.event("a1", u="https://shop.example/?email=Ann@Secret.example"), batch=ann)
    collector.track(
        collector.event("a2", "form_submit", p={"email": "Ann@Secret.example", "name": "Аннушка"}), batch=ann
    )
    collector.track(
        collector.event("b1"), collector.event("b2", "form_submit", p={"email": "bob@open.example"}), batch=bob
    )
    for body in (
        {"id": "L1", "client": {"phones": ["8 912 345 67 89"], "name": "Аннушка"}},
        {"id": "L2", "client": {"phones": ["+7 999 111-22-33"], "name": "Bob"}},
        {"id": "L3", "date": "never", "client": {"name": "Аннушка, ann@secret.example"}},
    ):
        collector.ask("POST", "/hooks/tilda/t0ken", json.dumps(body, ensure_ascii=False).encode())
    collector.ask(
        "POST",
        "/hooks/tilda/t0ken",
        b"id=L4&comment=write+to+ann%40secret.example",
        content_type="application/x-www-form-urlencoded",
    )
    deal = {"deal_id": "D1", "created_at": "2025-01-01", "amount": 500, "status": "won", "contact_id": "ann-in-crm"}
    deal |= {"name": "Аннушка", "email": "ann@secret.example"}
    collector.ask(
        "POST", "/api/v1/deal", json.dumps(deal, ensure_ascii=False).encode(), authorization="Bearer lf_secret"
    )
    collector.loader.load_all()
    collector.warehouse.execute("CREATE TABLE live.people_copy AS SELECT email, phone FROM facts.lead")
    merged = "INSERT INTO main.merge_log VALUES ('2025-01-01', 1, 1, 2, 'email', 'ann@secret.example', '', 'order', '5', '', 'lead', 'crm')"
    collector.warehouse.execute(merged)


def on_disk(folder: Path) -> dict[str, list[bytes]]:
    found = {}
    for file in folder.rglob("*"):
        if file.is_file() and (traces := [trace for trace in TRACES if trace in file.read_bytes()]):
            found[str(file.relative_to(folder))] = traces
    return found


def erase(collector: Collector) -> None:
    collector.runner.run(collector.log.roll())
    collector.loader.load_all()
    erased = erase_person(
        collector.loader._connection, collector.log, collector.plan, ANN, loaded=collector.loader.position
    )
    assert erased.deleted
    assert erased.emptied
    assert erased.log_records == 6
    collector.loader._connection.close()
    collector.warehouse.close()
    rewrite_warehouse(collector.folder / "own")
    collector.warehouse = duckdb.connect(str(collector.folder / "own" / "warehouse.duckdb"))
    collector.loader._connection = collector.warehouse.cursor()


def test_an_export_has_everything_of_the_person_and_nothing_of_others(collector: Collector) -> None:
    fill(collector)
    exported = export_person(collector.warehouse, ANN)
    text = json.dumps(exported, default=str, ensure_ascii=False)
    assert [row["event_id"] for row in exported["event"]] == ["a1", "a2"]
    assert {row["lead_id"] for row in exported["lead"]} == {"a2", "L1"}
    assert exported["deal"][0]["amount"] == 500
    assert "never" in text
    assert "bob" not in text.lower()


def test_after_an_erasure_no_byte_on_disk_speaks_of_the_person(collector: Collector) -> None:
    fill(collector)
    collector.warehouse.execute("CHECKPOINT")
    assert on_disk(collector.folder)
    erase(collector)
    assert on_disk(collector.folder) == {}
    assert collector.rows("SELECT event_id FROM facts.event ORDER BY 1") == [("b1",), ("b2",)]
    assert collector.rows("SELECT deal_id, amount, status, email, contact_id, name FROM facts.deal") == [
        ("D1", 500, "won", None, None, None)
    ]
    assert collector.rows(
        "SELECT lead_id, phone IS NULL, name FROM facts.lead WHERE name IS NOT NULL OR phone IS NOT NULL"
    ) == [("L2", False, "Bob")]
    assert collector.rows("SELECT count(*) FROM facts.lead") == [(5,)]
    assert collector.track(collector.event("b3")).status == 202
    assert collector.rows("SELECT count(*) FROM facts.event") == [(3,)]
    assert on_disk(collector.folder) == {}


def test_what_is_not_loaded_cannot_be_erased(collector: Collector) -> None:
    collector.track(collector.event())
    with pytest.raises(ErasureError, match="not been loaded"):
        erase_person(collector.warehouse, collector.log, collector.plan, ANN, loaded=collector.loader.position)


@pytest.mark.slow
def test_an_older_backup_does_not_bring_the_person_back(make: Callable[..., Collector], tmp_path: Path) -> None:
    collector = make("live")
    fill(collector)
    collector.warehouse.execute("CHECKPOINT")
    backup = tmp_path / "backup" / "own"
    backup.mkdir(parents=True)
    shutil.copy(collector.folder / "own" / "warehouse.duckdb", backup)
    tombstones = Tombstones(collector.folder / "erased.jsonl")
    tombstones.add(ANN, datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=1))
    tombstones.add([Identifier("phone", "+70000000000")], datetime(2020, 1, 1))
    erase(collector)
    with duckdb.connect(str(backup / "warehouse.duckdb")) as restored:
        assert tombstones.apply(restored).deleted
        assert tombstones.apply(restored).deleted == 0
        restored.execute(
            "INSERT INTO facts.event (event_id, happened_at, email) VALUES ('new', '2999-01-01', 'ann@secret.example')"
        )
        assert tombstones.apply(restored).deleted == 0
    rewrite_warehouse(backup)
    with duckdb.connect(str(backup / "warehouse.duckdb")) as restored:
        assert restored.execute("SELECT event_id FROM facts.event ORDER BY 1").fetchall() == [
            ("b1",),
            ("b2",),
            ("new",),
        ]
        restored.execute("DELETE FROM facts.event WHERE event_id = 'new'")
    rewrite_warehouse(backup)
    assert on_disk(tmp_path) == {}


def test_no_erasures_is_nothing_to_apply(collector: Collector) -> None:
    assert Tombstones(collector.folder / "none").apply(collector.warehouse).deleted == 0


def test_facts_older_than_their_period_go(collector: Collector) -> None:
    collector.warehouse.execute(
        "INSERT INTO facts.event (event_id, happened_at) VALUES ('old', '2024-01-01'), ('new', '2025-12-31')"
    )
    collector.warehouse.execute("INSERT INTO facts.spend (day_on) VALUES ('2024-01-01'), ('2025-12-31')")
    gone = apply_retention(collector.warehouse, {"event": 30, "spend": 3000, "webhook": 7}, now=datetime(2026, 1, 10))
    assert gone == {"event": 1, "spend": 0, "webhook": 0}
    assert collector.warehouse.execute("SELECT event_id FROM facts.event").fetchall() == [("new",)]
    with pytest.raises(SettingsError, match="«event»"):
        apply_retention(collector.warehouse, {"evnt": 3}, now=datetime(2026, 1, 10))
