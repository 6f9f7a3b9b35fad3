"""Lists as the portal gives them: filters with prefixes, orders, selections, pages of 50."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems.company import ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = dict[str, Any]
PAGE = 50
_PREFIXES = ("!@", ">=", "<=", "=%", "!=", ">", "<", "@", "%", "=", "!")


class Refused(Exception):  # noqa: N818 - what the portal does
    """An error of a method."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code, self.description, self.status = code, description, status


def listed(
    rows: Iterable[Row], params: dict[str, Any], *, show: Callable[[Row], Row] | None = None
) -> tuple[list[Row], dict[str, int]]:
    """The page that ``params`` (filter, order, start) ask for, and what the envelope says of it."""
    tests = [_test(name, wanted) for name, wanted in _map(params, "filter").items()]
    order = _map(params, "order")
    matching = (row for row in rows if all(test(row) for test in tests))
    start = _start(params.get("start", 0))
    in_order = list(order) in ([], ["ID"], ["id"]) and all(str(way).upper() == "ASC" for way in order.values())
    if start == -1 and in_order:
        found, envelope = list(islice(matching, PAGE)), {}
    else:
        everything = list(matching)
        for name, way in reversed(order.items()):
            if str(way).upper() not in ("ASC", "DESC"):
                raise Refused("INVALID_ARG_VALUE", f"Invalid order direction for {name}")
            everything.sort(key=lambda row, name=name: _value(name, row.get(name)), reverse=str(way).upper() == "DESC")  # type: ignore[misc]
        begin = max(0, start)
        found, envelope = everything[begin : begin + PAGE], {} if start == -1 else {"total": len(everything)}
        if start != -1 and begin + PAGE < len(everything):
            envelope["next"] = begin + PAGE
    return [show(row) for row in found] if show else found, envelope


def beginning(params: dict[str, Any]) -> int:
    """The id that the filter ``>ID`` sets, so that a list need not begin at its beginning; -1 without it."""
    wanted = _map(params, "filter")
    value = wanted.get(">ID", wanted.get(">id", -1))
    try:
        return int(str(value or 0))
    except ValueError:
        return 0


def chosen(row: Row, select: list[str] | None, plain: Row, multiple: tuple[str, ...]) -> Row:
    """The fields that are asked for. Own fields (``UF_*``) and multiple ones come only by their names."""
    whole = {**plain, **row}
    asked = select or ["*", "UF_*"]
    names = {"ID", *(name for name in asked if name in whole or name in multiple)}
    if "*" in asked:
        names |= {name for name in whole if not name.startswith("UF_") and name not in multiple}
    if "UF_*" in asked:
        names |= {name for name in whole if name.startswith("UF_")}
    return {name: whole.get(name) for name in (*whole, *multiple) if name in names and (name in whole or row.get(name))}


def _test(name: str, wanted: Any) -> Callable[[Row], bool]:
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    field = name.removeprefix(prefix)
    if not field or not field.replace("_", "").isalnum():
        raise Refused("INVALID_ARG_VALUE", f"Invalid filter: {name}")
    many = list(wanted.values()) if isinstance(wanted, dict) else wanted if isinstance(wanted, list) else None
    if prefix in ("@", "!@") or many is not None:
        values = {_value(field, one) for one in many or [wanted]}
        return (
            (lambda row: _value(field, row.get(field)) not in values)
            if prefix.startswith("!")
            else (lambda row: _value(field, row.get(field)) in values)
        )
    value = _value(field, wanted)
    text = str(wanted).lower()
    return {
        ">=": lambda row: _value(field, row.get(field)) >= value,
        ">": lambda row: _value(field, row.get(field)) > value,
        "<=": lambda row: _value(field, row.get(field)) <= value,
        "<": lambda row: _value(field, row.get(field)) < value,
        "%": lambda row: text in str(row.get(field) or "").lower(),
        "=%": lambda row: text.strip("%") in str(row.get(field) or "").lower(),
        "!=": lambda row: _value(field, row.get(field)) != value,
        "!": lambda row: _value(field, row.get(field)) != value,
        "=": lambda row: _value(field, row.get(field)) == value,
        "": lambda row: _value(field, row.get(field)) == value,
    }[prefix]


def _value(field: str, value: Any) -> Any:
    """A value as the portal compares it: numbers, instants (in its own zone where none is told), texts."""
    name = field.upper()
    if name.startswith("DATE_") or name.endswith(("_TIME", "DATE")):
        return _instant(str(value or ""))
    if name == "ID" or name.endswith("_ID") or name in ("OWNERID", "OPPORTUNITY"):
        try:
            return (0, Decimal(str(value or 0)), "") if not isinstance(value, int) else (0, value, "")
        except ArithmeticError:
            return (1, 0, str(value))
    return str(value if value is not None else "")


@lru_cache(maxsize=100_000)
def _instant(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        if text:
            raise Refused("INVALID_ARG_VALUE", f"Invalid date: {text}") from None
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).timestamp()


def _map(params: dict[str, Any], name: str) -> dict[str, Any]:
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise Refused("INVALID_ARG_VALUE", f"Parameter '{name}' must be array.")
    return value


def _start(value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        raise Refused("INVALID_ARG_VALUE", "Parameter 'start' must be integer.") from None
