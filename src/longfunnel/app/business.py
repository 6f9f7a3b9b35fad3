"""One business: its folder, its settings, its databases. Everything else is asked of this value."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from longfunnel.core.errors import NothingYetError, SettingsError
from longfunnel.core.settings import Settings, parse_settings
from longfunnel.core.text import Text
from longfunnel.warehouse.database import is_stopped, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from longfunnel.app.build import BuildReport
    from longfunnel.connect import ImportReport
    from longfunnel.core.progress import Progress
    from longfunnel.reports import Answer, Question
    from longfunnel.state import Decision, State

SETTINGS_FILE = "longfunnel.toml"
STATE_FILE = "state.db"
OWN_FOLDER = ".longfunnel"
"""Holds the warehouse and the state; everything else in the folder is the user's."""
_one_import_at_a_time = threading.RLock()
_MAKE_ONE = Text("Make one with: longfunnel -C {folder} init", "Создайте: longfunnel -C {folder} init")


class Business:
    """A folder with longfunnel.toml, opened. Close it (or use it in ``with``) to let other processes have the warehouse."""

    def __init__(self, folder: Path, *, memory: str = "") -> None:
        self.folder = folder
        self._memory = memory
        self._open = ExitStack()
        self._cursors: list[duckdb.DuckDBPyConnection] = []

    def __repr__(self) -> str:
        return f"Business({str(self.folder)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of both databases. They open again at the next use."""
        self._open.close()
        self._open = ExitStack()
        for name in ("warehouse", "state"):
            self.__dict__.pop(name, None)

    @property
    def settings_file(self) -> Path:
        """longfunnel.toml of the business."""
        return self.folder / SETTINGS_FILE

    @property
    def settings(self) -> Settings:
        """The settings as the file says now. Raises SettingsError that lists every mistake."""
        try:
            text = self.settings_file.read_text("utf-8")
        except FileNotFoundError:
            raise NothingYetError(
                Text("There is no {file} in {folder}.", "В {folder} нет {file}.").format(
                    file=SETTINGS_FILE, folder=self.folder
                ),
                hint=_MAKE_ONE.format(folder=self.folder),
            ) from None
        except UnicodeDecodeError as error:
            raise SettingsError(
                Text(
                    "{file} must be saved as UTF-8 text: byte {place} is not.",
                    "{file} нужно сохранить как текст в UTF-8: байт {place} — не из неё.",
                ).format(file=self.settings_file, place=error.start)
            ) from error
        return parse_settings(text, file=str(self.settings_file))

    @cached_property
    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """The analytic database; this process owns its file until ``close``."""
        connection = open_warehouse(self.folder / OWN_FOLDER, memory=self._memory)
        self._open.callback(connection.close)
        return connection

    @cached_property
    def state(self) -> State:
        """The program's own database: what people decided. Made at its first use."""
        from longfunnel.state import open_state  # its engine takes as long to load as an answer takes to make

        state = open_state(self.folder / OWN_FOLDER)
        self._open.callback(state.close)
        return state

    def decisions(self) -> list[Decision]:
        """What people decided about identity, undone decisions too."""
        is_there = (self.folder / OWN_FOLDER / STATE_FILE).exists()
        return self.state.identity_decisions.all() if is_there else []

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C inside stops the running query at once, as KeyboardInterrupt, and leaves the warehouse as it was."""
        try:
            yield
        except BaseException as error:
            if not is_stopped(error):
                raise
            self.warehouse.interrupt()
            raise KeyboardInterrupt from error

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Another connection to the warehouse, that ``interrupt`` reaches; closed at the end."""
        cursor = self.warehouse.cursor()
        self._cursors.append(cursor)
        try:
            yield cursor
        finally:
            self._cursors.remove(cursor)
            cursor.close()

    def interrupt(self) -> None:
        """Stop what the warehouse is doing for this business, from another thread: the query fails there."""
        for connection in (self.warehouse, *self._cursors):
            connection.interrupt()

    def sync(self, names: list[str] | None = None, *, progress: Progress | None = None) -> list[ImportReport]:
        """Import what is new in the sources (all, or those named). See ``app.sync``."""
        from longfunnel.app.sources.sync import sync

        with _one_import_at_a_time:  # two that read the same file at once would each find its rows new
            return sync(self, names, progress=progress)

    def build(
        self, *, full: bool = False, as_of: datetime | None = None, progress: Progress | None = None
    ) -> BuildReport:
        """Derive people and journeys from the facts; only what changed, unless ``full``. See ``app.build``."""
        from longfunnel.app.build import build

        return build(self, full=full, as_of=as_of, progress=progress)

    def ask(self, report: str | Question, **question: Any) -> Answer:
        """The answer to a question: ``ask("long_funnel", by=["channel"], since="2025-01-01", until="2025-12-31")``. See ``app.ask``."""
        from longfunnel.app.ask import ask

        return ask(self, report, **question)


def open_business(folder: str | Path = ".", *, memory: str = "") -> Business:
    """The business in ``folder``. Raises NothingYetError when there is no such folder; ``memory`` bounds the warehouse ("2GB")."""
    path = Path(folder).expanduser().resolve()
    if not path.is_dir():
        raise NothingYetError(
            Text("There is no folder {folder}.", "Папки {folder} нет.").format(folder=path),
            hint=_MAKE_ONE.format(folder=folder),
        )
    return Business(path, memory=memory)


def now() -> datetime:
    """This moment as the warehouse keeps it: UTC without a zone, microseconds."""
    return datetime.now(UTC).replace(tzinfo=None)
