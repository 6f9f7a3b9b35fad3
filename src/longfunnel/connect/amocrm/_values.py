"""Values of amoCRM as Python's, whatever form they come in this week."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from longfunnel.connect._engine import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 500


def table(value: Any) -> dict[str, Any]:
    """A JSON object; anything else, as the empty list that stands for an empty object, is an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """A JSON array; null is an empty one, and an object with numbers for keys is one too."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def tables(value: Any) -> list[Record]:
    """The objects of a JSON array."""
    return [one for one in listed(value) if isinstance(one, dict)]


def embedded(record: Record, kind: str) -> list[Record]:
    """The records of a kind that stand in ``_embedded`` of another."""
    return tables(table(record.get("_embedded")).get(kind))


def seconds(value: Any) -> int | None:
    """Unix seconds; None for none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def instant(value: Any) -> datetime | None:
    """The instant (UTC) of Unix seconds; null and 0 are none. Raises ValueError for anything else."""
    if value in (None, "", 0, "0"):
        return None
    told = seconds(value)
    if told is None:
        raise ValueError(Text("{value!r} is no time", "{value!r} — не время").format(value=value))
    return _EPOCH + timedelta(seconds=told)


class Fields:
    """The custom fields of a deal or a contact."""

    def __init__(self, owner: Record, zone: ZoneInfo) -> None:
        self._zone = zone
        self._fields = tables(owner.get("custom_fields_values"))
        self._by_mark: dict[str, list[Record]] = {}
        for field in self._fields:
            for mark in {_plain(field.get(part)) for part in ("field_id", "field_code", "field_name")} - {""}:
                self._by_mark.setdefault(mark, []).append(field)

    def named(self, *names: str) -> str | None:
        """The text of the first field with a value whose id, code or name is one of ``names``. Raises ValueError for one that is no
        text, number, date or choice."""
        fields = (field for name in names for field in self._by_mark.get(_plain(name), ()))
        return next((text for field in fields if (text := self.text(field))), None)

    def text(self, field: Record) -> str | None:
        """A field's value as text, several joined by commas; None for an empty one. Raises ValueError as ``named``."""
        texts = [self._one(value, field) for value in listed(field.get("values"))]
        return ", ".join(text for text in texts if text) or None

    def first(self, code: str) -> str | None:
        """The first value of a field that holds several (PHONE, EMAIL)."""
        found = (
            (field, value) for field in self._by_mark.get(_plain(code), ()) for value in listed(field.get("values"))
        )
        return next((text for field, value in found if (text := self._one(value, field))), None)

    def all(self, *, but: Iterable[str] = ()) -> dict[str, str]:
        """Every field with a value by its own name, without those of these codes; what is no text, as JSON."""
        told: dict[str, str] = {}
        passed_over = {_plain(code) for code in but}
        for field in self._fields:
            if _plain(field.get("field_code") or field.get("field_name")) in passed_over:
                continue
            name = str(field.get("field_name") or field.get("field_code") or field.get("field_id") or "")
            try:
                text = self.text(field)
            except ValueError:
                text = json.dumps(field.get("values"), ensure_ascii=False, default=str)
            if name and text:
                told[name] = text[:_LONGEST]
        return told

    def _one(self, value: Any, field: Record) -> str | None:
        told = value.get("value") if isinstance(value, dict) else value
        if told is None or told == "":
            return None
        if isinstance(told, bool):
            return "true" if told else "false"
        if field.get("field_type") in ("date", "date_time", "birthday") and (when := seconds(told)) is not None:
            # a day is kept as its midnight in the account's zone
            local = (_EPOCH + timedelta(seconds=when)).astimezone(self._zone)
            return local.isoformat() if field["field_type"] == "date_time" else local.date().isoformat()
        if isinstance(told, float):
            return repr(told).removesuffix(".0")
        if not isinstance(told, str | int):
            name = field.get("field_name") or field.get("field_code")
            said = Text("the field «{name}» holds a {kind}, not text", "в поле «{name}» не текст, а {kind}")
            raise ValueError(said.format(name=name, kind=type(told).__name__))  # noqa: TRY004 - the data's, not a caller's
        return str(told).strip() or None


def _plain(name: Any) -> str:
    """A field's name without what people spell differently: ``_YM_UID``, ``ym_uid``."""
    return str(name or "").strip().casefold().lstrip("_")
