"""What every command shares: the folder that it works on, the consoles, the progress bar."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from longfunnel.core.errors import LongfunnelError, QuestionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.app.serving.running import Running

STOPPED = 130
"""What a command ends with after Ctrl-C."""
_UNBOUNDED = 10_000

console = Console()
error_console = Console(stderr=True)
for each in (console, error_console):
    if not each.is_terminal:
        each.width = _UNBOUNDED  # a pipe has no edge: nothing is wrapped for the program that reads it


opened: list[Business] = []
"""What the commands of this process have open."""


class ElsewhereError(Exception):
    """A server runs for the folder: the command is to be carried out there."""

    def __init__(self, server: Running) -> None:
        super().__init__(server)
        self.server = server


def agreed(question: str, *, default: bool) -> bool:
    """Whether the person agrees. Raises QuestionError when nobody is there to answer."""
    while True:
        try:
            said = console.input(f"{question} [dim]{'(Y/n)' if default else '(y/N)'}[/] ").strip().lower()
        except EOFError:
            console.print()
            raise QuestionError("Nobody is here to answer.", hint="Add --yes to agree beforehand.") from None
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
            server = find(business.folder)
            if server and not elsewhere:
                raise LongfunnelError(
                    f"A server runs for {business.folder} already (process {server.pid}).", hint="Stop it first."
                )
            if server:
                raise ElsewhereError(server)
            opened.append(business)
            try:
                yield business
            finally:
                opened.remove(business)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, float], None] | None]:
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
        with Progress(*columns, console=error_console, transient=True) as bar:
            task = bar.add_task("", total=1.0)
            yield lambda what, share: bar.update(task, description=what, completed=share)
