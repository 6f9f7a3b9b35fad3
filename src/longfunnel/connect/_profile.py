"""What the values of a column look like: how many are dates, numbers, addresses, phones, and how many differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.connect._values import bare_number, read_duration, read_instant, read_number
from longfunnel.connect._words import LOST, NO, OPEN, WON, YES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.warehouse.facts import Column

from longfunnel.warehouse.facts import Type

_EMAIL = re.compile(r"\S+@\S+\.\w{2,}")
_PHONE = re.compile(r"\+?[\d\s\u00a0().-]{10,20}")
_URL = re.compile(r"(https?://|www\.)\S+|/\S*\?\S+")
_TIME_LIKE = re.compile(r"[-./:TZ]|[a-zа-я]{3}", re.IGNORECASE)
_WORDY = re.compile(r"[^\W\d_]{2,}")
_ENOUGH = 0.8


@dataclass(frozen=True)
class Profile:
    """A column, by a sample of its values. Shares are of the filled cells."""

    header: str
    place: int
    values: tuple[str, ...]
    rows: int

    @property
    def filled(self) -> float:
        """Share of rows that have a value."""
        return len(self.values) / self.rows if self.rows else 0.0

    @property
    def is_distinct(self) -> bool:
        """Whether no two rows share a value (and all have one)."""
        return len(self.values) == self.rows > 0 and len(set(self.values)) == self.rows

    def share(self, test: str) -> float:
        """Share of the values that pass a test: date, number, email, phone, url, flag, outcome, duration or word."""
        if not self.values:
            return 0.0
        return sum(_passes(value, test) for value in self.values) / len(self.values)

    def fits(self, column: Column) -> bool:
        """Whether the values can be what the column holds. An empty column fits."""
        if not self.values:
            return True
        match column.type:
            case Type.INSTANT | Type.DAY:
                return self.share("date") >= _ENOUGH
            case Type.MONEY | Type.NUMBER | Type.COUNT:
                return self.share("number") >= _ENOUGH or (
                    column.unit == "seconds" and self.share("duration") >= _ENOUGH
                )
            case Type.FLAG:
                return self.share("flag") >= _ENOUGH
        if column.identifier == "email":
            return self.share("email") >= 0.5
        if column.identifier == "phone":
            return self.share("phone") >= 0.5
        if column.name == "currency":
            return len({*self.values}) <= 20 and all(len(value) <= 8 for value in self.values)
        return True


def _passes(value: str, test: str) -> bool:
    match test:
        case "date":
            moment = read_instant(value, "day_first") or read_instant(value, "month_first")
            return moment is not None and (1990 <= moment.year <= 2100 or value == "0")
        case "clear date":
            return bool(_TIME_LIKE.search(value)) and _passes(value, "date")
        case "number":
            return read_number(value, ".") is not None and len(bare_number(value)) <= 18
        case "duration":
            return read_duration(value) is not None
        case "email":
            return bool(_EMAIL.fullmatch(value))
        case "phone":
            return bool(_PHONE.fullmatch(value)) and 10 <= sum(letter.isdigit() for letter in value) <= 15
        case "url":
            return bool(_URL.match(value))
        case "flag":
            return value.lower() in YES or value.lower() in NO
        case "outcome":
            return value.lower().replace("ё", "е") in {*WON, *LOST, *OPEN}
        case _:
            return bool(_WORDY.search(value))


def profiles(headers: Sequence[str], rows: Sequence[Sequence[str | None]]) -> list[Profile]:
    """The profile of each column of a sample of ``rows``."""
    return [
        Profile(header, place, tuple(row[place] for row in rows if row[place]), len(rows))  # type: ignore[misc]
        for place, header in enumerate(headers)
    ]
