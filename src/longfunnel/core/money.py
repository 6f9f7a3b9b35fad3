"""Money is exact, and numbers are shown as the reader's language writes them.

Amounts are decimals with four places, as the warehouse keeps them: sums of them are exact, and only a quotient is rounded,
half to even, so that rounding favours nobody.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from babel.numbers import format_compact_decimal, format_decimal, get_currency_precision, get_currency_symbol

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.core.settings import Language

UNIT = Decimal("0.0001")
"""The smallest amount that is kept."""

UNKNOWN = "—"
"""How an unknown value is shown; never 0."""

_NBSP = "\u00a0"
_MINUS = "\N{MINUS SIGN}"
_SHORT_FROM = 100_000
_MILLION = 1_000_000
_SMALLEST_SHARE = 6
_DAYS, _HOURS, _MINUTES = Text("d", "дн"), Text("h", "ч"), Text("min", "мин")


def amount(value: Decimal | int | str) -> Decimal:
    """``value`` as a kept amount: four places, half to even. A float is refused, for it is not exact.

    Raises TypeError for a float and decimal.InvalidOperation for text that is not a number.
    """
    if isinstance(value, float):
        raise TypeError("an amount of money must not come from a float; give a Decimal, an int or text")
    return Decimal(value).quantize(UNIT, rounding=ROUND_HALF_EVEN)


def quotient(money: Decimal | None, cases: Decimal | int | None) -> Decimal | None:
    """``money / cases`` as a kept amount; unknown where either is unknown or ``cases`` is 0."""
    return None if money is None or not cases else amount(money / Decimal(cases))


def show_number(value: Decimal | float | None, language: Language, *, places: int = 0, short: bool = False) -> str:
    """1 234 567,8 in Russian, 1,234,567.8 in English; ``short`` gives 1,23 млн and 1.23M for six digits and more.

    Below zero it begins with a minus sign (U+2212), not with a hyphen.
    """
    if value is None:
        return UNKNOWN
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if short and abs(number) >= _SHORT_FROM:
        return _shortened(number, language)
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    form = "#,##0." + "0" * places if places else "#,##0"
    return str(format_decimal(rounded + 0, locale=language, format=form)).replace("-", _MINUS)


def _shortened(number: Decimal, language: Language) -> str:
    """Six digits and more to three or so: whole thousands, two places of a million. Rounded here and not by the formatter, which
    rounds a half to even and leaves 999,999 as 1000 thousand."""
    power = 3 if abs(number) < _MILLION else number.adjusted() // 3 * 3 - 2
    rounded = number.quantize(Decimal(1).scaleb(power), rounding=ROUND_HALF_UP) + 0
    fraction = 2 if abs(rounded) >= _MILLION else 0
    return str(format_compact_decimal(rounded, locale=language, fraction_digits=fraction)).replace("-", _MINUS)


def show_money(
    value: Decimal | None, currency: str, language: Language, *, short: bool = False, places: int | None = None
) -> str:
    """1 234 567,80 ₽ or $1,234,567.80; a currency without minor units (JPY) has no places. ``short`` for cards; ``places`` in
    the stead of the currency's own."""
    if value is None:
        return UNKNOWN
    symbol = str(get_currency_symbol(currency, locale=language))
    own = get_currency_precision(currency)
    text = show_number(value, language, places=own if places is None else min(places, own), short=short)
    if language == "ru" or len(symbol) > 1:
        return f"{text}{_NBSP}{symbol}"
    return f"{_MINUS}{symbol}{text[1:]}" if text.startswith(_MINUS) else f"{symbol}{text}"


def show_share(value: float | Decimal | None, language: Language, *, places: int = 1) -> str:
    """A share in 0..1 as 12,4 % or 12.4 %; one below a percent with two places (0.82 %), one too small for these with
    its first digit (0.004 %)."""
    if value is None:
        return UNKNOWN
    percent = Decimal(str(value)) * 100
    if percent and places and abs(percent) < 1:
        places = 2
    if percent and abs(percent) < Decimal(1).scaleb(-places) / 2:
        places = min(-percent.adjusted(), _SMALLEST_SHARE)
    return f"{show_number(percent, language, places=places)}{_NBSP}%"


def show_days(value: float | None, language: Language) -> str:
    """A time in days in its two largest units: 3 дн 4 ч, 5 h 20 min, 0 min. Negative where sources disagree."""
    if value is None:
        return UNKNOWN
    minutes = round(abs(value) * 24 * 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [(days, _DAYS), (hours, _HOURS), (rest, _MINUTES)]
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    said = [f"{count}{_NBSP}{unit.to(language)}" for count, unit in parts[first : first + 2] if count] or [
        f"0{_NBSP}{_MINUTES.to(language)}"
    ]
    return (_MINUS if value < 0 and minutes else "") + " ".join(said)


def show_value(value: Any, form: str, language: Language, *, places: int = 2) -> str:
    """One value as the reader's language writes it, by its form (count, money, share …); money without its sign."""
    if value is None:
        return UNKNOWN
    match form:
        case "money":
            return show_number(value, language, places=places)
        case "share":
            return show_share(value, language)
        case "days":
            return show_days(float(value), language)
        case "ratio":
            return show_number(value, language, places=2)
        case "count" | "score":
            return show_number(value, language, places=0 if form == "count" else 1)
        case _:
            return str(value)
