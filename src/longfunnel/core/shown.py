"""How values are written for one reader: numbers, money, days, instants, in their language and the business's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import get_currency_symbol

from longfunnel.core.money import UNKNOWN, show_days, show_money, show_number, show_share, show_value
from longfunnel.core.text import Text, plural_ru

if TYPE_CHECKING:
    from decimal import Decimal

    from longfunnel.core.settings import Language

_YEAR = re.compile(r"\s*г\.$")
"""The word after a Russian year: a table of dates reads better without."""


@dataclass(frozen=True)
class Shown:
    """The ways to write values for one reader."""

    language: Language
    currency: str
    zone: ZoneInfo

    def text(self, text: Text | str) -> str:
        """A text in the reader's language."""
        return text.to(self.language) if isinstance(text, Text) else text

    def value(self, value: Any, form: str, *, places: int = 2) -> str:
        """A value of an answer's column, by the column's format; money without its sign."""
        if isinstance(value, bool):
            return ("да" if value else "нет") if self.language == "ru" else ("yes" if value else "no")
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        return show_value(value, form, self.language, places=places)

    def card(self, value: Any, form: str) -> str:
        """A value as a card shows it: shortened, money with its sign."""
        if form == "money":
            places = 0 if value is not None and abs(value) >= 1000 else None
            return show_money(value, self.currency, self.language, short=True, places=places)
        if form == "count":
            return show_number(value, self.language, short=True)
        return show_value(value, form, self.language)

    def whole(self, value: Any, form: str) -> str:
        """The same in full, for what is shown on hover."""
        return show_money(value, self.currency, self.language) if form == "money" else self.value(value, form)

    def count(self, value: Decimal | float | None) -> str:
        """A whole number: 1 234 567."""
        return show_number(value, self.language)

    def money(self, value: Decimal | None, *, short: bool = False) -> str:
        """An amount in the business's currency with its sign."""
        return self.card(value, "money") if short else show_money(value, self.currency, self.language)

    def share(self, value: float | Decimal | None, *, places: int = 1) -> str:
        """12,4 %."""
        return show_share(value, self.language, places=places)

    def days(self, value: float | None) -> str:
        """3 дн 4 ч."""
        return show_days(value, self.language)

    def change(self, value: float | None) -> str:
        """A relative change with its sign: +12.4 %, −3 %."""
        if value is None:
            return UNKNOWN
        if value >= 9.995:  # a tenfold rise reads better as times
            return f"×{show_number(value + 1, self.language, places=1 if value < 99 else 0)}"
        sign = "+" if value > 0 else "−" if value < 0 else ""
        return sign + show_share(abs(value), self.language, places=1 if abs(value) < 1 else 0)

    def points(self, value: float | Decimal) -> str:
        """A difference of two shares in percentage points: 4.3 pp, 4,3 п. п."""
        return show_share(value, self.language).replace("%", Text("pp", "п.\u00a0п.").to(self.language))

    def day(self, value: date | None) -> str:
        """A date: 5 окт. 2026 г. or Oct 5, 2026."""
        return UNKNOWN if value is None else _YEAR.sub("", str(format_date(value, "medium", locale=self.language)))

    def days_between(self, since: date | None, until: date | None) -> str:
        """A period, saying the year once: Aug 1 – Oct 31, 2026."""
        if since is None or until is None:
            return f"{self.day(since) if since else '…'} – {self.day(until) if until else '…'}"
        if since.year != until.year:
            return f"{self.day(since)} – {self.day(until)}"
        return f"{format_skeleton('MMMd', since, locale=self.language)} – {self.day(until)}"

    def moment(self, value: datetime | None) -> str:
        """A UTC instant on the business's clock."""
        if value is None:
            return UNKNOWN
        local = value.replace(tzinfo=UTC).astimezone(self.zone)
        return str(format_datetime(local, "d MMM yyyy, HH:mm", locale=self.language))

    def day_of(self, value: datetime | None) -> str:
        """The day of a UTC instant on the business's clock."""
        return UNKNOWN if value is None else self.day(value.replace(tzinfo=UTC).astimezone(self.zone).date())

    def clock(self, value: datetime) -> str:
        """The time of day of a UTC instant on the business's clock: 14:05."""
        return f"{value.replace(tzinfo=UTC).astimezone(self.zone):%H:%M}"

    def ago(self, value: datetime | None) -> str:
        """How long ago a UTC instant was: 5 min, 3 h, 2 d."""
        if value is None:
            return UNKNOWN
        days = (datetime.now(UTC).replace(tzinfo=None) - value).total_seconds() / 86400
        if days < 1 / 1440:
            return Text("just now", "только что").to(self.language)
        largest = show_days(days, self.language).split(" ")[0]
        return Text("{time} ago", "{time} назад").format(time=largest).to(self.language)

    @property
    def sign(self) -> str:
        """The currency's sign."""
        return str(get_currency_symbol(self.currency, locale=self.language))

    def plural(self, number: int, english: tuple[str, str], russian: tuple[str, str, str]) -> str:
        """The number with its noun: 1 row, 2 rows; 1 строка, 2 строки, 5 строк."""
        noun = plural_ru(number, *russian) if self.language == "ru" else english[number != 1]
        return f"{self.count(number)}\u00a0{noun}"


def said_day(value: date) -> Text:
    """A date in a sentence of an answer, in each language."""
    return Text(*(_said(language).day(value) for language in _LANGUAGES))


def said_moment(value: datetime, zone: ZoneInfo) -> Text:
    """A UTC instant on the business's clock in a sentence of an answer, in each language."""
    return Text(*(_said(language, zone).moment(value) for language in _LANGUAGES))


_LANGUAGES: tuple[Language, ...] = ("en", "ru")


def _said(language: Language, zone: ZoneInfo | None = None) -> Shown:
    return Shown(language, "", zone or ZoneInfo("UTC"))
