"""What every command shares: the folder that it works on, the consoles, the progress bar."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from longfunnel.app.business import Business, open_business

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_UNBOUNDED = 10_000

console = Console()
if not console.is_terminal:
    console.width = _UNBOUNDED  # a pipe has no edge: nothing is wrapped for the program that reads it
error_console = Console(stderr=True)


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
    def business(self) -> Iterator[Business]:
        """The business in the folder, closed again afterwards."""
        with open_business(self.directory) as business:
            yield business

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
