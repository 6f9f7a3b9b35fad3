"""The errors that reach a person: what happened, why, and what to do. They are printed as text, never as a traceback."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LongfunnelError(Exception):
    """Something a person can mend. ``code`` is stable and machine-readable; the message is one or more plain sentences."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class SettingsError(LongfunnelError):
    """longfunnel.toml says something that cannot be followed. All its mistakes are reported together."""

    code = "settings"


class SourceError(LongfunnelError):
    """A source cannot be read at all: no such file, not a table, locked. (A bad row is not an error: it goes to the quarantine.)"""

    code = "source"


class QuestionError(LongfunnelError):
    """A question names something that does not exist or cannot be combined."""

    code = "question"


class WarehouseError(LongfunnelError):
    """The analytic database cannot be opened or written: locked by another process, disk full, made by a newer version."""

    code = "warehouse"


class NothingYetError(LongfunnelError):
    """There is no data to answer from yet; the message says which command brings it."""

    code = "nothing_yet"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean "cost"?`` for the nearest known words, or an empty string when nothing is near."""
    near = difflib.get_close_matches(word.lower(), list(known), n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(f'«{name}»' for name in near)}?" if near else ""


def together(mistakes: list[str], intro: str) -> str:
    """One message out of many mistakes, so that a person mends them in one go."""
    if len(mistakes) == 1:
        return f"{intro} {mistakes[0]}"
    return intro + "".join(f"\n  {number}. {mistake}" for number, mistake in enumerate(mistakes, 1))
