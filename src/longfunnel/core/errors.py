"""The errors that reach a person: what happened, why, and what to do. They are printed as text, never as a traceback."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from longfunnel.core.text import NOTHING, Text, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from longfunnel.core.settings import Language


class LongfunnelError(Exception):
    """Something a person can mend. ``code`` is stable and machine-readable; the message is one or more plain sentences."""

    code = "error"

    def __init__(self, message: str | Text, *, hint: str | Text = "") -> None:
        self.said = spoken(message)
        """What happened and why, in the languages that the program speaks."""
        self.advice = spoken(hint)
        """What to do."""
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What happened and why, in English: for logs, terminals and programs."""
        return self.said.en

    @property
    def hint(self) -> str:
        """What to do, in English."""
        return self.advice.en

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def to(self, language: Language) -> str:
        """The whole of it in ``language``."""
        return f"{self.said.to(language)} {self.advice.to(language)}".rstrip()


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


LONGEST_LINE: Final = 200
"""How many characters fit into what is written in one line: a name, a title, an e-mail address."""
MENDING = Text("longfunnel.toml needs mending:", "longfunnel.toml нужно поправить:")
"""Goes before the mistakes of the settings."""


def words_of(error: BaseException) -> Text:
    """What an error says, and what to do, in the languages that the program speaks; an error of Python's own may have been raised
    with a Text: ``ValueError(Text("…", "…"))``."""
    if isinstance(error, LongfunnelError):
        return error.said + (" " if error.advice else "") + error.advice
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], Text) else spoken(str(error))


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """`` Did you mean «cost»?`` for the nearest known words, or no words when nothing is near."""
    near = [f"«{name}»" for name in difflib.get_close_matches(word.lower(), list(known), n=2, cutoff=0.6)]
    return Text(f" Did you mean {' or '.join(near)}?", f" Может быть, {' или '.join(near)}?") if near else NOTHING


def too_long(what: str | Text, text: str) -> list[Text]:
    """The one mistake of a text that is longer than ``LONGEST_LINE``, or none; ``what`` names it: «The name»."""
    if len(text) <= LONGEST_LINE:
        return []
    return [
        Text(
            "{what}: {count:,} characters, and at most {most} fit.",
            "{what}: знаков {count:,}, а можно не больше {most}.",
        ).format(what=spoken(what), count=len(text), most=LONGEST_LINE)
    ]


def must_be(option: str, word: object, of: Iterable[str]) -> Text:
    """``order is «x», and must be one of any, ordered, strict.``, with the nearest of the known words."""
    known = list(of)
    english = " or ".join(known) if len(known) < 3 else f"one of {', '.join(known)}"
    return Text(
        "{option} is «{word}», and must be {known}.", "{option}: значения «{word}» нет, возможные — {known}."
    ).format(option=option, word=word, known=Text(english, ", ".join(known))) + did_you_mean(str(word), known)


def together(mistakes: Sequence[str | Text], intro: str | Text) -> Text:
    """One message out of many mistakes, so that a person mends them in one go."""
    message = spoken(intro)
    if len(mistakes) == 1:
        return (message + " " if message else message) + mistakes[0]
    for number, mistake in enumerate(mistakes, 1):
        message = (message + "\n" if message else message) + f"  {number}. " + mistake
    return message
