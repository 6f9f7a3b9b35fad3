"""Progress of a running statement, told from beside it."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

_EVERY = 0.2
"""Seconds between two looks."""


@contextmanager
def watched(connection: duckdb.DuckDBPyConnection, tell: Callable[[float], None]) -> Iterator[None]:
    """Tell, several times a second, how far the engine is with the statement inside."""
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    done = Event()

    def watch() -> None:
        while not done.wait(_EVERY):
            share = connection.query_progress()
            if share > 0:
                tell(min(share / 100, 1.0))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
