"""Opens the analytic database: the only place that does. One process owns the file while it is open."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from longfunnel.core.errors import WarehouseError
from longfunnel.core.text import Text
from longfunnel.warehouse.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "warehouse.duckdb"


_RESTORE = Text(
    "Restore it from a backup: longfunnel restore FILE.", "Восстановите из резервной копии: longfunnel restore ФАЙЛ."
)


def open_warehouse(folder: Path, *, memory: str = "", threads: int = 0) -> duckdb.DuckDBPyConnection:
    """A connection to the warehouse in ``folder``, made and migrated if need be.

    ``memory`` bounds DuckDB's own memory ("600MB"); what does not fit is spilled beside the file. ``threads`` bounds its
    threads. Raises WarehouseError when another process holds the file, when it is damaged, or when it was made by a newer version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    config: dict[str, str | int | bool | float | list[str]] = {
        "temp_directory": str(folder / "spill"),
        "autoload_known_extensions": False,
        # the way of keeping texts that this version brought packs them in half the processor's time
        "storage_compatibility_version": "v1.3.0",
        # groups by small numbers, as channel and day, are counted in an array of up to 2^16 places instead of a hash table
        "perfect_ht_threshold": 16,
    }
    if memory:
        config["memory_limit"] = memory
    if threads:
        config["threads"] = threads
    try:
        connection = duckdb.connect(str(file), config=config)
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection)
    except duckdb.IOException as error:
        raise WarehouseError(_why_not(file, str(error))) from error
    except duckdb.Error as error:
        raise WarehouseError(
            Text("{file} cannot be opened: {reason}", "{file} не открывается: {reason}").format(
                file=file, reason=error
            ),
            hint=_RESTORE,
        ) from error
    return connection


def _why_not(file: Path, reason: str) -> Text:
    if "lock" in reason.lower():
        return Text(
            "{file} is in use by another Longfunnel process. Wait until it ends, or stop it, and run the command again.",
            "{file} занят другим процессом Longfunnel. Дождитесь его конца или остановите его и запустите команду ещё раз.",
        ).format(file=file)
    if "not a valid duckdb" in reason.lower():
        damaged = Text(
            "{file} is not a Longfunnel warehouse, or it is damaged. ",
            "{file} — не хранилище Longfunnel, или он повреждён. ",
        )
        return damaged.format(file=file) + _RESTORE
    return Text("{file} cannot be opened: {reason}", "{file} не открывается: {reason}").format(file=file, reason=reason)


def is_stopped(error: BaseException) -> bool:
    """Whether the error is Ctrl-C: during a query the engine wraps it into an error of its own."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


_writing = threading.RLock()
"""Threads of one process take turns to write, so that the numbers of imports rise as their transactions commit: a build that has
seen a number has seen every one before it."""


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, *, beside: bool = False) -> Iterator[None]:
    """All or nothing: an error or Ctrl-C inside leaves the warehouse as it was before. A full disk becomes a plain error.

    ``beside``: others may write other tables meanwhile; what was committed when it began is what it sees.
    """
    if beside:
        with _writing:
            connection.execute("BEGIN")
            connection.execute("SELECT max(import_id) FROM main.imports")  # the first look makes the snapshot
        yield from _whole(connection)
        return
    with _writing:
        connection.execute("BEGIN")
        yield from _whole(connection)


def _whole(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    try:
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        if is_stopped(error):
            connection.interrupt()  # the query still runs, and a rollback would wait for its end
        # the engine may have ended the transaction itself (a failed commit, a fatal error): then there is nothing to undo
        try:
            connection.execute("ROLLBACK")
        except duckdb.Error:
            if not isinstance(error, duckdb.Error):
                raise
        if isinstance(error, (duckdb.OutOfMemoryException, duckdb.IOException)) and "space" in str(error).lower():
            raise WarehouseError(
                Text(
                    "The disk is full: nothing of this step was written.",
                    "На диске нет места: из этого шага ничего не записано.",
                ),
                hint=Text(
                    "Free some space and run the command again; it goes on from there.",
                    "Освободите место и запустите команду ещё раз: она продолжит с того же места.",
                ),
            ) from error
        raise
