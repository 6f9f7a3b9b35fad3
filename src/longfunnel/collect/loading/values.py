"""One value of a request becomes one value of a fact's column, or a sentence that says why it cannot."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.warehouse.facts import Column, Type
from longfunnel.warehouse.identifiers import KINDS, normalise

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

MISSING = Text("It is missing.", "Не указано.")
_NO_NUMBER = Text("«{value}» is no number.", "«{value}» — не число.")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_TRUE = {"1", "true", "yes", "y", "да", "t", "on"}
_FALSE = {"0", "false", "no", "n", "нет", "f", "off"}
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009_'")


class Reader:
    """Reads values as one business writes them: times without a zone are in ``zone``, phones without a code in ``country``.

    Three numbers between dots or slashes are day, month, year, unless ``month_first``.
    """

    def __init__(self, zone: ZoneInfo, country: str, *, month_first: bool = False) -> None:
        self._zone, self._country, self._month_first = zone, country, month_first

    def read(self, column: Column, value: Any) -> Any:
        """The value as the column holds it; None for null and empty text. Raises ValueError with a sentence."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if column.identifier in KINDS:
            assert column.identifier is not None  # noqa: S101 - it is in KINDS
            found = normalise(column.identifier, self._text(value), self._country)
            if found is None:
                kind = KINDS[column.identifier]
                said = Text("«{value}» names nobody: it is no {kind}.", "«{value}» никого не называет: это не {kind}.")
                raise ValueError(said.format(value=str(value)[:100], kind=Text(kind.title, kind.title_ru)))
            return found
        reader: dict[Type, Callable[[Any], Any]] = {
            Type.TEXT: self._text,
            Type.INSTANT: self._instant,
            Type.DAY: self._day,
            Type.COUNT: self._count,
            Type.NUMBER: self._number,
            Type.MONEY: self._money,
            Type.FLAG: self._flag,
            Type.PROPS: self._props,
        }
        return reader[column.type](value)

    @staticmethod
    def _text(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float | Decimal):
            return str(value).replace("\0", "").strip()
        if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
            return ", ".join(str(part).replace("\0", "") for part in value)
        raise ValueError(Text("Text is needed, not {kind}.", "Нужен текст, а не {kind}.").format(kind=_kind(value)))

    def _instant(self, value: Any) -> datetime:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._since_epoch(float(value))
        text = self._text(value)
        if re.fullmatch(r"\d{9,17}(\.\d+)?", text):
            return self._since_epoch(float(text))
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = self._local(text)
        try:
            # microseconds are what the warehouse keeps
            return (at if at.tzinfo else at.replace(tzinfo=self._zone)).astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            raise ValueError(
                Text("«{text}» lies beyond the calendar.", "«{text}» — за пределами календаря.").format(text=text)
            ) from None

    @staticmethod
    def _since_epoch(number: float) -> datetime:
        seconds = number if abs(number) < 1e11 else number / 1e3 if abs(number) < 1e14 else number / 1e6
        try:
            return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
        except (OverflowError, ValueError):
            said = Text(
                "{number} is no time: seconds or milliseconds since 1970 are.",
                "{number} — не время: нужны секунды или миллисекунды с 1970 года.",
            )
            raise ValueError(said.format(number=number)) from None

    def _local(self, text: str) -> datetime:
        match = _DAY_FIRST.fullmatch(text)
        if not match:
            said = Text(
                "«{text}» is no time such as 2025-03-31T14:05:00+03:00.",
                "«{text}» — не время вида 2025-03-31T14:05:00+03:00.",
            )
            raise ValueError(said.format(text=text[:100]))
        day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
        if self._month_first:
            day, month = month, day
        try:
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the caller sets the zone
        except ValueError as error:
            raise ValueError(
                Text("«{text}» is no time: {why}.", "«{text}» — не время: {why}.").format(text=text[:100], why=error)
            ) from None

    def _day(self, value: Any) -> date:
        text = self._text(value)
        try:
            return date.fromisoformat(text)
        except ValueError:
            return self._instant(text).replace(tzinfo=UTC).astimezone(self._zone).date()

    def _count(self, value: Any) -> int:
        number = self._decimal(value)
        if number != number.to_integral_value() or abs(number) >= 2**63:
            raise ValueError(Text("«{value}» is no whole number.", "«{value}» — не целое число.").format(value=value))
        return int(number)

    def _number(self, value: Any) -> float:
        return float(self._decimal(value))

    def _money(self, value: Any) -> Decimal:
        amount = self._decimal(value)
        if abs(amount) >= 10**14:
            raise ValueError(
                Text("«{value}» is more money than fits.", "«{value}» — сумма больше, чем помещается.").format(
                    value=value
                )
            )
        return amount.quantize(Decimal("0.0001"))

    def _decimal(self, value: Any) -> Decimal:
        text = self._text(value).translate(_SPACES)
        if "," in text and "." not in text and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
            text = text.replace(",", ".")
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValueError(_NO_NUMBER.format(value=str(value)[:100])) from None
        if not number.is_finite() or number.adjusted() > 300:
            raise ValueError(_NO_NUMBER.format(value=str(value)[:100]))
        return number

    @staticmethod
    def _flag(value: Any) -> bool:
        text = str(value).strip().lower()
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        said = Text("«{value}» is neither true nor false.", "«{value}» — не true и не false.")
        raise ValueError(said.format(value=str(value)[:100]))

    @staticmethod
    def _props(value: Any) -> str:
        if not isinstance(value, dict):
            said = Text("An object is needed, not {kind}.", "Нужен объект, а не {kind}.")
            raise ValueError(said.format(kind=_kind(value)))  # noqa: TRY004 - one kind of error for a value
        return msgspec.json.encode(value).decode()


def _kind(value: Any) -> str | Text:
    if isinstance(value, dict):
        return Text("an object", "объект")
    return Text("a list", "список") if isinstance(value, list) else type(value).__name__
