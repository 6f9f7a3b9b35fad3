"""The mapping as its form says it: a source, and what in the form cannot be taken, by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import msgspec

from longfunnel.core.errors import did_you_mean
from longfunnel.core.settings import Source
from longfunnel.core.text import NOTHING, Text
from longfunnel.warehouse.facts import Type, facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longfunnel.web.visit import Visit

PROPS = "props"
_TEXTS = ("system", "timezone", "encoding", "delimiter", "sheet")
_CHOICES = {
    "date_order": Text("Order of day and month", "Порядок дня и месяца"),
    "decimal": Text("Decimal sign", "Десятичный знак"),
    "unit": Text("Unit of amounts", "Единица сумм"),
}
_NO_CHOICE = Text("{option}: there is no choice «{value}».", "{option}: варианта «{value}» нет.")
_NO_FIELD = Text("Rows of this kind have no field «{name}».", "Поля «{name}» у таких строк нет.")
_NO_NUMBER = Text(
    "Lines above the header: «{value}» is not a whole number from 0.",
    "Строк над заголовком: «{value}» — не целое число от 0.",
)
_NO_WORD = Text(
    "It is not said which word of the file means «{word}».", "Не указано, какое слово в файле значит «{word}»."
)


def posted_source(visit: Visit, path: Path, name: str) -> tuple[Source, dict[str, str]]:
    """The source as the form says it, called ``name`` where the form has none; and the mistakes in the reader's words, each by its
    field's name in the form. What is mistaken is left out of the source. Raises NotFoundException for rows of an unknown kind."""
    fact = visit.posted("fact")
    if fact not in facts():
        raise visit.missing()
    mistakes: dict[str, Text] = {}
    known = [column.name for column in facts()[fact].columns if column.type is not Type.PROPS]
    made: dict[str, Any] = {
        "name": visit.posted("name") or name,
        "fact": fact,
        "path": path.as_posix(),
        "columns": _columns(visit, fact),
        "constants": {},
        "values": {},
    }
    made |= {option: visit.posted(option) for option in _TEXTS}
    hints = get_type_hints(Source)
    for option, title in _CHOICES.items():
        value = visit.posted(option)
        if value in get_args(hints[option]):
            made[option] = value
        else:
            mistakes[option] = _NO_CHOICE.format(option=title, value=value)
    skipped = visit.posted("skip_rows") or "0"
    if skipped.isascii() and skipped.isdecimal() and len(skipped) < 7:
        made["skip_rows"] = int(skipped)
    else:
        mistakes["skip_rows"] = _NO_NUMBER.format(value=skipped)
    for field, ours, value in _constants(visit):
        if ours in known:
            made["constants"][ours] = {"true": True, "false": False}.get(value.lower(), value)
        else:
            mistakes[field] = _unknown(ours, known)
    for field, ours, theirs, word in _words(visit):
        if ours not in known:
            mistakes[field] = _unknown(ours, known)
        elif theirs is None:
            mistakes[field] = _NO_WORD.format(word=word)
        else:
            made["values"].setdefault(ours, {})[theirs] = word
    return msgspec.convert(made, Source), {field: visit.text(said) for field, said in mistakes.items()}


def posted_headers(visit: Visit) -> Iterator[tuple[str, str]]:
    """The columns of the file as the form names them, each with what was chosen for it."""
    number = 0
    while f"h{number}" in visit.form:
        yield str(visit.form[f"h{number}"]), visit.posted(f"c{number}")
        number += 1


def _columns(visit: Visit, fact: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for number, (header, ours) in enumerate(posted_headers(visit), 1):
        if ours == PROPS:
            columns.setdefault(PROPS, {})["_".join(header.lower().split()) or f"column_{number}"] = header
        elif ours in facts()[fact].column_by_name:
            before = columns.get(ours)
            columns[ours] = header if before is None else [*(before if isinstance(before, list) else [before]), header]
    return columns


def _constants(visit: Visit) -> Iterator[tuple[str, str, str]]:
    """The field of the form, our column, the value."""
    for field in visit.form:
        if field.startswith("k_") and (value := visit.posted(field)):
            yield field, field.removeprefix("k_"), value
    if (ours := visit.posted("new_constant")) and (value := visit.posted("new_constant_value")):
        yield "new_constant", ours, value


def _words(visit: Visit) -> Iterator[tuple[str, str, str | None, str]]:
    """The field of the form, our column, their word, ours."""
    number = 0
    while f"vn{number}" in visit.form:
        if word := visit.posted(f"vo{number}"):
            theirs = visit.form.get(f"vt{number}")
            yield f"vo{number}", visit.posted(f"vn{number}"), theirs if isinstance(theirs, str) else None, word
        number += 1


def _unknown(name: str, known: list[str]) -> Text:
    return _NO_FIELD.format(name=name) + (did_you_mean(name, known) if name.strip() else NOTHING)
