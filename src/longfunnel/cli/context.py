"""What every command shares: the folder that it works on, the consoles, the progress bar."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from longfunnel.core.errors import LongfunnelError, QuestionError
from longfunnel.core.text import Text, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.app.serving.running import Running
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Language

STOPPED = 130
"""What a command ends with after Ctrl-C."""
_UNBOUNDED = 10_000

console = Console()
error_console = Console(stderr=True)
for each in (console, error_console):
    if not each.is_terminal:
        each.width = _UNBOUNDED  # a pipe has no edge: nothing is wrapped for the program that reads it


speaks: ContextVar[Language] = ContextVar("speaks", default="en")
"""The language of sentences: the business's, once it is open."""
opened: list[Business] = []
"""What the commands of this process have open."""


class ElsewhereError(Exception):
    """A server runs for the folder: the command is to be carried out there."""

    def __init__(self, server: Running) -> None:
        super().__init__(server)
        self.server = server


def already_running(folder: Path, server: Running) -> LongfunnelError:
    """Why a command that needs the folder to itself cannot be carried out."""
    return LongfunnelError(
        Text(
            "A server runs for {folder} already (process {process}).",
            "Для {folder} уже работает сервер (процесс {process}).",
        ).format(folder=folder, process=server.pid),
        hint=Text("Stop it first.", "Сначала остановите его."),
    )


def agreed(question: str, *, default: bool) -> bool:
    """Whether the person agrees. Raises QuestionError when nobody is there to answer."""
    while True:
        try:
            said = console.input(f"{question} [dim]{'(Y/n)' if default else '(y/N)'}[/] ").strip().lower()
        except EOFError:
            console.print()
            raise QuestionError(
                Text("Nobody is here to answer.", "Отвечать некому."),
                hint=Text("Add --yes to agree beforehand.", "Добавьте --yes, чтобы согласиться заранее."),
            ) from None
        if said in _ANSWERS or not said:
            return _ANSWERS.get(said, default)


_ANSWERS = {"y": True, "yes": True, "д": True, "да": True, "n": False, "no": False, "н": False, "нет": False}


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Context:
    """The folder named by ``-C`` and whether to keep quiet."""

    directory: Path
    quiet: bool = False

    @contextmanager
    def business(self, *, elsewhere: bool = True) -> Iterator[Business]:
        """The business in the folder, closed again afterwards.

        Raises ElsewhereError when a server has it, so ask for it before anything else; LongfunnelError for a command that
        cannot be carried out ``elsewhere``.
        """
        from longfunnel.app.business import open_business  # help and version do without the database's engine
        from longfunnel.app.serving.running import find

        with open_business(self.directory) as business:
            with suppress(LongfunnelError):  # settings that cannot be followed are told by whoever needs them
                speaks.set(business.settings.business.language)
            server = find(business.folder)
            if server and not elsewhere:
                raise already_running(business.folder, server)
            if server:
                raise ElsewhereError(server)
            opened.append(business)
            try:
                yield business
            finally:
                opened.remove(business)

    @contextmanager
    def progress(self) -> Iterator[Progress | None]:
        """A progress bar on a terminal's error output; nothing when quiet or piped."""
        if self.quiet or not error_console.is_terminal:
            yield None
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Bar(*columns, console=error_console, transient=True) as bar:
            task = bar.add_task("", total=1.0)
            yield lambda what, share: bar.update(task, description=spoken(what).to(speaks.get()), completed=share)
