"""From the log into the warehouse, in micro-batches, each exactly once: rows and the place reached commit together."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import duckdb

from longfunnel.collect.calls.matching import record_matches
from longfunnel.collect.calls.pieces import whole_calls
from longfunnel.collect.loading.appending import append_collected, put_aside
from longfunnel.collect.loading.events import OLDEST, instant, now_microseconds
from longfunnel.collect.loading.gathering import Gathered
from longfunnel.collect.log.segment import Position, Record
from longfunnel.collect.wire import Hook
from longfunnel.core.errors import WarehouseError
from longfunnel.warehouse.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.collect.log.log import Log
    from longfunnel.collect.plan import Plan

logger = logging.getLogger(__name__)

_KNOWN_WITHIN = OLDEST + timedelta(days=1)


def loaded_position(connection: duckdb.DuckDBPyConnection) -> Position:
    """How far the log has been loaded."""
    return Position(*connection.execute("SELECT segment, byte_offset FROM main.collected").fetchall()[0])


class Loader:
    """Loads what the log has. One at a time per warehouse; ``connection`` is its own from now on."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, log: Log, plan: Plan) -> None:
        self._connection, self._log, self.plan = connection, log, plan
        self.position = loaded_position(connection)
        self.loaded_at: float | None = None
        """Unix time of the last load that succeeded."""
        self.rows = 0
        self.quarantined = 0
        self.trouble = ""
        """Why the last load failed; empty when it succeeded."""
        self.lock = threading.Lock()
        """Held while rows are loaded: whoever needs the warehouse at rest takes it."""

    def run(self, stop: threading.Event, *, pause: float = 1.0, on_loaded: Callable[[int], None] | None = None) -> None:
        """Load until ``stop`` is set, and once more after it. ``pause`` (seconds, from one beginning to the next) gathers records
        into one transaction.

        A failure is logged and tried again: the records wait in the log.
        """
        wait, next_tidy = pause, 0.0
        while True:
            is_last = stop.wait(wait)
            began = time.monotonic()
            count = self.attempt()
            if count is None:
                wait = min(max(wait * 2, 1.0), 30.0)
            else:
                # under load the next one follows sooner: what comes during a long load has waited already
                wait = max(pause - (time.monotonic() - began), pause / 10)
                if on_loaded and count:
                    on_loaded(count)
                if began >= next_tidy:
                    self._log.discard(self.position, keep_seconds=self.plan.keep_seconds)
                    next_tidy = began + 600
            if is_last:
                return

    def attempt(self) -> int | None:
        """Load everything that is on disk now; how many records that was, or None after a failure, which is logged."""
        try:
            return self.load_all()
        except (duckdb.Error, WarehouseError, OSError) as error:
            self.trouble = str(error).splitlines()[0]
            logger.error("load_failed", extra={"reason": self.trouble, "position": str(self.position)})  # noqa: TRY400 - no personal data of a traceback
            return None

    def load_all(self) -> int:
        """Load everything that is on disk now; how many records that was."""
        total = 0
        with self.lock:
            # what comes meanwhile is left to the next time: many together cost little more than one
            goal = self._log.synced
            while self.position < goal:
                chunk = self._log.read(self.position)
                if chunk.records:
                    self._load(chunk.records, chunk.segment, chunk.next)
                    total += len(chunk.records)
                    self.loaded_at = time.time()
                if chunk.next == self.position:  # the file has gone: somebody took it away
                    break
                self.position = chunk.next
        self.trouble = ""
        return total

    def _load(self, records: list[Record], segment: int, after: Position) -> None:
        """Load the records in one transaction; where one of them is poison, it alone goes to the quarantine."""
        try:
            self._load_together(records, segment, after, poison=None)
        except (
            duckdb.ConversionException,
            duckdb.ConstraintException,
            duckdb.InvalidInputException,
            duckdb.OutOfRangeException,
        ) as error:
            if len(records) == 1:
                self._load_together(records, segment, after, poison=str(error).splitlines()[0])
                return
            half = len(records) // 2
            self._load(records[:half], segment, Position(segment, records[half].offset))
            self._load(records[half:], segment, after)

    def _load_together(self, records: list[Record], segment: int, after: Position, *, poison: str | None) -> None:
        connection = self._connection
        recorded_at = instant(now_microseconds())
        gathered = Gathered(self.plan, segment, poison=poison)
        for record in records:
            gathered.add(record)
        with transaction(connection):
            count = 0
            for source, events in gathered.events.items():
                if events:
                    # what a visitor's device sends is at most OLDEST old: an earlier copy cannot have been recorded before that
                    known_since = recorded_at - _KNOWN_WITHIN
                    count += append_collected(
                        connection, "event", events.columns(), source=source, system="", recorded_at=recorded_at,
                        known_since=known_since,
                    )  # fmt: skip
            for (source, system, fact, kind), values in gathered.rows.items():
                if fact == "call" and kind is Hook:
                    values = whole_calls(connection, values, source=source, system=system)  # noqa: PLW2901
                count += append_collected(
                    connection, fact, values, source=source, system=system, recorded_at=recorded_at
                )
            put_aside(connection, gathered.rejected)
            if gathered.hooks:
                connection.executemany("INSERT INTO main.webhooks VALUES (?, ?, ?, ?, ?)", gathered.hooks)
            if gathered.leases:
                connection.executemany("INSERT INTO main.number_leases VALUES (?, ?, ?, ?, ?)", gathered.leases)
            if any(fact == "call" for _, _, fact, _ in gathered.rows):
                count += record_matches(connection, self.plan, recorded_at)
            connection.execute(
                "UPDATE main.collected SET segment = ?, byte_offset = ?, recorded_at = ?", [*after, recorded_at]
            )
        self.rows += count
        self.quarantined += len(gathered.rejected)
