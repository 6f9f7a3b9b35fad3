"""A row's values, typed as its fact says and spelled as identifiers are; or the reason why a value cannot be."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.warehouse.facts import Column, Fact, Type
from longfunnel.warehouse.identifiers import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONEY_STEP = Decimal("0.0001")
_MONEY_LIMIT = Decimal(10) ** 14
_LARGEST_COUNT = 2**63
_IS_NONE = {
    Type.TEXT: Text("this is no text", "это не текст"),
    Type.INSTANT: Text("this is no instant", "это не дата и время"),
    Type.DAY: Text("this is no day", "это не дата"),
    Type.COUNT: Text("this is no count", "это не целое число от 0"),
    Type.MONEY: Text("this is no money", "это не сумма"),
    Type.NUMBER: Text("this is no number", "это не число"),
    Type.FLAG: Text("this is no flag", "это не «да» и не «нет»"),
    Type.PROPS: Text("this is no props", "это не набор полей"),
}
_YES, _NO = frozenset({"y", "yes", "true", "1"}), frozenset({"n", "no", "false", "0", ""})


class BadValueError(Exception):
    """A value that its column cannot hold: ``column``, ``value``, ``reason``."""

    def __init__(self, column: str, value: object, reason: Text) -> None:
        super().__init__(f"{column} «{value}»: {reason}")
        self.column, self.value, self.reason = column, str(value)[:500], reason


def typed(fact: Fact, values: Mapping[str, Any], *, country: str) -> dict[str, Any]:
    """The values by column, None left out. Raises BadValueError for one that is none of its column's type, for a missing key and for
    a column that the fact does not have. A phone or e-mail that names nobody is unknown, not wrong."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        column = fact.column_by_name.get(name)
        if column is None:
            raise BadValueError(
                name, value, Text("{fact} has no such column", "в {fact} нет такой колонки").format(fact=fact.name)
            )
        if value is None or value == "":
            continue
        cast = _cast(column, value)
        if column.identifier and isinstance(cast, str):
            cast = normalise(column.identifier, cast, country)
        if cast is not None:
            row[name] = cast
    for column in fact.columns:
        if column.required and column.name not in row:
            raise BadValueError(column.name, values.get(column.name, ""), Text("this is required", "это обязательно"))
    return row


def _cast(column: Column, value: Any) -> Any:
    try:
        match column.type:
            case Type.TEXT:
                return _text(value)
            case Type.INSTANT:
                return _instant(value)
            case Type.DAY:
                return _day(value)
            case Type.COUNT:
                return _count(value)
            case Type.MONEY:
                return _money(value)
            case Type.NUMBER:
                return float(value)
            case Type.FLAG:
                return _flag(value)
            case Type.PROPS:
                told = {
                    storable(str(name)): storable(one) if isinstance(one, str) else one
                    for name, one in dict(value).items()
                    if one not in (None, "")
                }
                return storable(json.dumps(told, ensure_ascii=False, default=str))
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise BadValueError(column.name, value, _IS_NONE[column.type]) from error


def _text(value: Any) -> str | None:
    if isinstance(value, dict | list | float):
        raise TypeError
    return storable(str(value)).strip() or None


def storable(text: str) -> str:
    """The text without what the database does not take: NUL and lone surrogates, which come through JSON escapes."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError
    instant: datetime = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if not 1990 <= instant.year <= 2200:
        raise ValueError
    return instant


def _day(value: Any) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return value


def _count(value: Any) -> int:
    number = Decimal(value) if isinstance(value, str | int | Decimal) else Decimal(repr(value))
    if number != number.to_integral_value() or not 0 <= number < _LARGEST_COUNT:
        raise ValueError
    return int(number)


def _money(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    # a JSON number comes as a float: its shortest spelling is what the vendor wrote
    amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not amount.is_finite() or abs(amount) >= _MONEY_LIMIT:
        raise ValueError
    return amount.quantize(_MONEY_STEP, rounding=ROUND_HALF_EVEN)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError
