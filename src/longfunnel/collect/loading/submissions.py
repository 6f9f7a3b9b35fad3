"""The server-side API: what a body of rows of one fact means, and everything that is wrong with it, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.collect.loading.staging import Row
from longfunnel.collect.loading.values import MISSING
from longfunnel.collect.wire import NO_JSON, WireError
from longfunnel.core.errors import did_you_mean, words_of
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import Fact, Type, facts

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.collect.loading.values import Reader

MAX_ROWS = 500
_GIVE_ID = Text(" Give it, or send an Idempotency-Key.", " Укажите его или пришлите Idempotency-Key.")


class SubmissionError(WireError):
    """The rows cannot be taken; ``fields`` says which field of which row and why. Nothing of the request was kept."""

    code = "invalid"

    def __init__(self, fields: list[tuple[str, Text]]) -> None:
        one = Text("A field cannot be taken.", "Одно из полей принять нельзя.")
        several = Text("{many} of the fields cannot be taken.", "Полей, которые принять нельзя: {many}.")
        super().__init__(several.format(many=len(fields)) if len(fields) > 1 else one)
        self.fields = fields


def submitted_rows(
    fact_name: str, body: bytes, reader: Reader, *, received_at: datetime, request_key: str | None
) -> list[Row]:
    """The rows in a request's body: one object or a list of up to 500. A row is whole: a field that it lacks is unknown.

    Where a row has no id, it gets one from ``request_key`` (the Idempotency-Key), so that the same request twice is one
    row. The time of a row that says none is ``received_at``. Raises WireError for what is no rows, SubmissionError else.
    """
    fact = facts()[fact_name]
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(NO_JSON.format(why=error)) from error
    objects = given if isinstance(given, list) else [given]
    if not 0 < len(objects) <= MAX_ROWS:
        raise WireError(
            Text("1 to {most} rows, not {many}.", "Строк должно быть от 1 до {most}, а не {many}.").format(
                most=MAX_ROWS, many=len(objects)
            )
        )
    mistakes: list[tuple[str, Text]] = []
    rows = []
    for number, fields in enumerate(objects):
        where = f"[{number}]." if isinstance(given, list) else ""
        if not isinstance(fields, dict):
            mistakes.append(
                (
                    where.rstrip("."),
                    Text("A row is an object: {field: value}.", "Строка — это объект: {поле: значение}."),
                )
            )
            continue
        key = f"{request_key}-{number}" if request_key else None
        rows.append(Row(fact.name, _row(fact, fields, reader, received_at, key, where, mistakes)))
    if mistakes:
        raise SubmissionError(mistakes)
    return rows


def _row(
    fact: Fact,
    fields: dict[str, Any],
    reader: Reader,
    received_at: datetime,
    key: str | None,
    where: str,
    mistakes: list[tuple[str, Text]],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in fields.items():
        column = fact.column_by_name.get(name)
        if column is None:
            mistakes.append(
                (
                    where + name,
                    Text("A {fact} has no such field.", "В {fact} нет такого поля.").format(fact=fact.name)
                    + did_you_mean(name, fact.column_by_name)
                    + Text(" Further fields go into props.", " Прочие поля кладите в props."),
                )
            )
            continue
        try:
            values[name] = reader.read(column, value)
        except ValueError as error:
            mistakes.append((where + name, words_of(error)))
            values[name] = None
    at = fact.column_by_name[fact.at]
    if at.type is Type.INSTANT and fields.get(fact.at) is None:
        values[fact.at] = received_at
    own_id = fact.key[0]
    if own_id.endswith("_id") and fields.get(own_id) is None and key:
        values[own_id] = key
    for column in fact.columns:
        if column.required and values.get(column.name) is None and fields.get(column.name) is None:
            may_be_made = column.name == own_id and own_id.endswith("_id")
            mistakes.append((where + column.name, MISSING + _GIVE_ID if may_be_made else MISSING))
    return values
