from __future__ import annotations

import contextlib
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from longfunnel.collect.loading.loader import Loader, loaded_position
from longfunnel.collect.wire import Hit, to_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Collector


class UnpluggedError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("seed", range(4))
def test_every_event_is_loaded_once_whatever_is_repeated_and_wherever_the_load_breaks(
    make: Callable[..., Collector], seed: int
) -> None:
    chance = random.Random(seed)
    collector = make(log_options={"segment_bytes": 2000})
    sent: dict[str, str] = {}
    for step in range(40):
        identity = str(chance.randrange(40))
        sent.setdefault(identity, f"n{step}")
        assert collector.track(collector.event(identity, sent[identity])).status == 202
        if chance.random() < 0.4:
            _load_and_perhaps_break(collector, chance)
    collector.loader.load_all()
    assert dict(collector.rows("SELECT event_id, name FROM facts.event")) == sent
    assert collector.rows("SELECT count(*) FROM facts.event") == [(len(sent),)]
    assert loaded_position(collector.warehouse) <= collector.log.synced


def _load_and_perhaps_break(collector: Collector, chance: random.Random) -> None:
    if chance.random() < 0.5:
        collector.loader.load_all()
        return
    real, calls = collector.loader._connection, chance.randrange(1, 9)

    class Flaky:
        def __getattr__(self, name: str) -> Any:
            nonlocal calls
            calls -= 1
            if calls < 0:
                raise UnpluggedError
            return getattr(real, name)

    collector.loader._connection = Flaky()  # type: ignore[assignment]
    try:
        collector.loader.load_all()
    except UnpluggedError:
        with contextlib.suppress(duckdb.TransactionException):
            real.execute("ROLLBACK")
    # a new process knows only what the warehouse knows
    collector.loader = Loader(real, collector.log, collector.plan)


def test_a_record_that_no_version_wrote_costs_only_itself(collector: Collector) -> None:
    collector.track(collector.event("a"))
    for payload in (b"\x93\xa3hit", b"", to_payload(Hit(1, "shop", b"{", None, None, None, None, None))):
        collector.runner.run(collector.log.append(payload))
    collector.track(collector.event("b"))
    assert collector.rows("SELECT event_id FROM facts.event ORDER BY 1") == [("a",), ("b",)]
    assert collector.rows("SELECT count(*) FROM main.quarantine") == [(3,)]


def test_a_record_that_the_warehouse_refuses_costs_only_itself(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from longfunnel.collect.loading import appending

    real = appending.append_columns

    def refusing(connection: Any, fact: Any, columns: Any, **options: Any) -> Any:
        if "poison" in columns["name"]:
            raise duckdb.ConversionException("no such value")
        return real(connection, fact, columns, **options)

    monkeypatch.setattr(appending, "append_columns", refusing)
    for number in range(9):
        collector.track(collector.event(str(number), "poison" if number == 5 else "x"))
    assert collector.rows("SELECT event_id FROM facts.event ORDER BY 1") == [
        (str(number),) for number in range(9) if number != 5
    ]
    [(reason,)] = collector.rows("SELECT reason FROM main.quarantine")
    assert "no such value" in reason


def test_a_damaged_record_does_not_stop_the_ones_behind_it(collector: Collector) -> None:
    for number in range(3):
        collector.track(collector.event(f"event{number}"))
    segment = next((collector.folder / "log").glob("*.log"))
    segment.write_bytes(segment.read_bytes().replace(b"event1", b"evil-1"))
    assert collector.rows("SELECT event_id FROM facts.event ORDER BY 1") == [("event0",), ("event2",)]


def test_an_event_can_be_asked_for_within_two_seconds(collector: Collector) -> None:
    collector.track(collector.event("warm"))
    collector.loader.load_all()
    stop = threading.Event()
    thread = threading.Thread(target=collector.loader.run, args=(stop,))
    thread.start()
    try:
        assert collector.track(collector.event("seen")).status == 202
        acknowledged = time.monotonic()
        while not collector.warehouse.execute("SELECT 1 FROM facts.event WHERE event_id = 'seen'").fetchall():
            assert time.monotonic() - acknowledged < 30  # the goal is 2 s; a test must not fail by a busy machine
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()


def test_a_failing_warehouse_is_told_of_and_tried_again(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    collector.track(collector.event())
    real = collector.loader._connection
    collector.loader._connection = duckdb.connect()
    stop = threading.Event()
    stop.set()
    collector.loader.run(stop)
    assert collector.loader.trouble
    assert "load_failed" in caplog.messages
    collector.loader._connection.close()
    collector.loader._connection = real
    assert collector.rows("SELECT count(*) FROM facts.event") == [(1,)]
    assert collector.loader.trouble == ""


def test_the_imports_of_a_day_are_one_row_whose_number_grows(collector: Collector) -> None:
    seen = []
    for number in range(3):
        collector.track(collector.event(str(number)))
        seen += collector.rows("SELECT import_id, added FROM main.imports")
    assert [added for _, added in seen] == [1, 2, 3]
    assert len({import_id for import_id, _ in seen}) == 3


def test_a_segment_that_somebody_took_away_stops_nothing(collector: Collector) -> None:
    collector.track(collector.event("a"))
    next((collector.folder / "log").glob("*.log")).unlink()
    assert collector.rows("SELECT count(*) FROM facts.event") == [(0,)]
    collector.runner.run(collector.log.roll())
    collector.track(collector.event("b"))
    assert collector.rows("SELECT event_id FROM facts.event") == [("b",)]
