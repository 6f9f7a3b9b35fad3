"""What a cell's text means: numbers, instants, yes and no. The rules, in plain Python.

``_typed`` has the same rules in SQL for the spellings that nearly all cells have; only the rest comes here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from longfunnel.connect._words import MONEY_CODES, MONEY_SIGNS, MONTHS

_BLANK = re.compile(r"[\s\u00a0\u2007\u2009\u202f\u200b''’`_]+")
_MARKS = re.compile(
    "|".join(
        [sign for signs in MONEY_SIGNS.values() for sign in signs]
        + [r"(us)?\$", "%", rf"(?<![a-z])({'|'.join(MONEY_CODES)})(?![a-z])"]
    ),
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?(?:\d[\d.,]*|[.,]\d+)")
AMBIGUOUS_NUMBER = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
"""1,234 may be a thousand or one and a bit: only other values of its column, or the setting ``decimal``, can tell."""
_DURATION = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2})")

DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?")
_COMPACT_TIME = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_OFFSET = re.compile(r"(z|utc|gmt)?([+-]\d{2}(?::?\d{2})?)?(?:\s+(?:utc|gmt|[a-z]{3,4}))?", re.IGNORECASE)
_WORD = re.compile(r"[a-zа-яё]{3,}", re.IGNORECASE)
_MONTH = {word: number for number, words in MONTHS.items() for word in words}
_EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock


def bare_number(text: str) -> str:
    """The number without money signs, spaces and accountants' brackets; digits, separators and a sign are left."""
    bare = _BLANK.sub("", _MARKS.sub("", text)).replace("−", "-").replace("–", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = "-" + bare[1:-1]
    return "-" + bare[:-1] if bare.endswith("-") else bare


def read_number(text: str, decimal: str) -> Decimal | None:
    """The exact number in ``text``, or None. ``decimal`` is "." or ","; "" means that the column has not settled it, and then
    a value that could be read in two ways is None."""
    bare = bare_number(text)
    if not _NUMBER.fullmatch(bare):
        return None
    dots, commas = bare.count("."), bare.count(",")
    if dots and commas:
        point = max(".,", key=bare.rfind)
        whole, _, part = bare.rpartition(point)
        plain = f"{_thousands(whole)}.{part}" if bare.count(point) == 1 and _thousands(whole) else ""
    elif dots > 1 or commas > 1:
        plain = _thousands(bare)
    elif AMBIGUOUS_NUMBER.fullmatch(bare):
        plain = "" if not decimal else bare.replace(decimal, ".") if decimal in bare else _thousands(bare)
    else:
        plain = bare.replace(",", ".")
    try:
        return Decimal(plain) if plain else None
    except InvalidOperation:
        return None


def _thousands(text: str) -> str:
    """The digits of a number that is parted into thousands, or nothing when it is parted otherwise."""
    return re.sub("[.,]", "", text) if re.fullmatch(r"[-+]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*|[-+]?\d+", text) else ""


def read_duration(text: str) -> int | None:
    """Seconds in «1:02:03» or «02:03»."""
    found = _DURATION.fullmatch(text.strip())
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]) if found else None


def read_instant(text: str, order: str) -> datetime | None:
    """The instant in ``text``: aware where the text gives an offset (or is an epoch), a wall clock otherwise. None when it is none.

    ``order`` says how 03/04/2025 is read: "day_first" or "month_first"; "" means that the column has not settled it, and then
    only a value that reads one way is taken. Dotted dates are day-first unless the column says otherwise.
    """
    text = text.strip()
    try:
        if _DIGITS.fullmatch(text):
            return _from_digits(text)
        day = _day(text, order)
        return _at(day[0], day[1].lstrip(", T\t")) if day else None
    except (ValueError, OverflowError):
        return None


def _from_digits(text: str) -> datetime | None:
    if compact := _COMPACT.fullmatch(text):
        return datetime(*(int(part or 0) for part in compact.groups()))  # type: ignore[arg-type]  # noqa: DTZ001 - a wall clock
    number = Decimal(text.replace(",", "."))
    if number == 0 or 10**8 <= number < 10**10:
        seconds = number
    elif 30_000 <= number < 80_000:  # days since 1899-12-30, as spreadsheets count: 1982 to 2119
        return _EXCEL_DAY_ZERO + timedelta(milliseconds=round(float(number) * 86_400_000))
    elif 10**11 <= number < 10**13:
        seconds = number / 1000
    elif 10**14 <= number < 10**16:
        seconds = number / 1_000_000
    else:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(seconds * 1_000_000))


def _day(text: str, order: str) -> tuple[datetime, str] | None:
    """The date that the text holds, and what is left of the text: the time."""
    if found := _YEAR_FIRST.match(text):
        return datetime(int(found[1]), int(found[3]), int(found[4])), text[found.end() :]  # noqa: DTZ001
    if found := DATE.match(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        year += 0 if year > 99 else 2000 if year < 70 else 1900
        if not order:
            order = (
                "day_first"
                if found[2] == "." or first > 12 or first == second
                else "month_first"
                if second > 12
                else ""
            )
        if not order:
            return None
        first, second = (first, second) if order == "day_first" else (second, first)
        return datetime(year, second, first), text[found.end() :]  # noqa: DTZ001
    if found := _COMPACT_TIME.match(text):
        written = datetime(int(found[1]), int(found[2]), int(found[3]))  # noqa: DTZ001
        return written, f"{found[4]}:{found[5]}:{found[6] or '00'}{text[found.end() :]}"
    for word in _WORD.finditer(text):
        if month_number := _MONTH.get(word[0].lower()[:3]):
            before, after = text[: word.start()], text[word.end() :]
            year_found = re.search(r"(?<!\d)((?:19|20)\d{2})(?!\d)", after)
            if not year_found:
                return None
            between = after[: year_found.start()]
            day_found = re.search(r"(\d{1,2})\D*$", before) or re.match(r"\D*(\d{1,2})(?!\d)", between)
            rest = re.sub(r"^[\s,]*(?:г(?:ода)?\.?)?[\s,]*(?:в\s|at\s)?", "", after[year_found.end() :])
            return (datetime(int(year_found[1]), month_number, int(day_found[1])), rest) if day_found else None  # noqa: DTZ001
    return None


def _at(day: datetime, time: str) -> datetime | None:
    if not time:
        return day
    found = _TIME.match(time)
    if not found:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if half := (found[5] or "").lower().replace(".", ""):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    micros = int((found[4] or "").ljust(6, "0")[:6] or 0)
    naive = (
        day + timedelta(days=1)
        if (hour, minute, second) == (24, 0, 0)
        else day.replace(hour=hour, minute=minute, second=second)
    )
    naive = naive.replace(microsecond=micros)
    rest = time[found.end() :].strip()
    if not rest:
        return naive
    zone = _OFFSET.fullmatch(rest)
    if not zone or not (zone[1] or zone[2]):
        return None
    digits = re.sub(r"\D", "", zone[2] or "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return naive.replace(tzinfo=timezone(-shift if (zone[2] or "").startswith("-") else shift))
