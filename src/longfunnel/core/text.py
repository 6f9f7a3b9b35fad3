"""Words that people read, in the languages that the program speaks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longfunnel.core.settings import Language


@dataclass(frozen=True, slots=True)
class Text:
    """One text, written in English and in Russian. ``str()`` gives the English one."""

    en: str
    ru: str

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en)

    def __add__(self, other: str | Text) -> Text:
        """Both texts, each language with its own words."""
        more = spoken(other)
        return Text(self.en + more.en, self.ru + more.ru)

    def to(self, language: Language) -> str:
        """The text in ``language``."""
        return self.ru if language == "ru" else self.en

    def format(self, **values: Any) -> Text:
        """Both texts with ``{name}`` filled in; a value that is a Text gives each language its own words. ``{number:,}`` parts
        thousands as each language does: 1,234 and 1 234."""

        def own(language: Language) -> dict[str, Any]:
            return {name: value.to(language) if isinstance(value, Text) else value for name, value in values.items()}

        return Text(self.en.format(**own("en")), _RUSSIAN.vformat(self.ru, (), own("ru")))


class _Russian(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        told: str = super().format_field(value, format_spec)
        return told.replace(",", "\u00a0") if format_spec == "," else told


_RUSSIAN = _Russian()
NOTHING = Text("", "")
"""No words."""


def spoken(words: str | Text) -> Text:
    """A text; words that are the same in every language (names, numbers, quotations) stand for both."""
    return words if isinstance(words, Text) else Text(words, words)


def stored(text: str | Text) -> str:
    """The text for a text column of a database: ``{"en": …, "ru": …}``, or the words alone where both languages have the same."""
    said = spoken(text)
    return said.en if said.en == said.ru else json.dumps({"en": said.en, "ru": said.ru}, ensure_ascii=False)


def read_stored(text: str) -> Text:
    """What ``stored`` wrote; any other text stands for both languages."""
    if text.startswith('{"en":'):
        try:
            match json.loads(text):
                case {"en": str(en), "ru": str(ru)}:
                    return Text(en, ru)
        except ValueError:
            pass
    return spoken(text)


def plural_ru(number: int, one: str, few: str, many: str) -> str:
    """The Russian form that goes with ``number``: 1 лид, 2 лида, 5 лидов (CLDR plural rules for whole numbers)."""
    last_two, last = abs(number) % 100, abs(number) % 10
    if last == 1 and last_two != 11:
        return one
    if 2 <= last <= 4 and not 12 <= last_two <= 14:
        return few
    return many
