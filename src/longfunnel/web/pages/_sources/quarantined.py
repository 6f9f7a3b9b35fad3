"""The quarantine of a source: each cause with what mends it, a value's meaning for the whole source or one row's cells by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import tomlkit

from longfunnel.app.settings_file import change_settings, row_named
from longfunnel.app.sources.correcting import UNPARTED, correct
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import facts
from longfunnel.web.pages._sources.words import KINDS, WORDS, column_title, plainly

if TYPE_CHECKING:
    from longfunnel.app.sources.status import Cause
    from longfunnel.core.settings import Source
    from longfunnel.web.visit import Visit

_OURS = re.compile(r"^«(\w+)»:? ?")


def shown_cause(visit: Visit, source: Source | None, cause: Cause) -> dict[str, Any]:
    """A cause as the page shows it: why, the values that could not be read, and the rows with what stands in each."""
    found = _OURS.search(cause.reason.en)
    ours = found[1] if found else ""
    column = facts()[cause.fact].column_by_name.get(ours) if cause.fact in facts() else None
    reason = _OURS.sub("", visit.text(cause.reason)) if cause.column and ours else plainly(visit, cause.reason)
    return {
        "column": cause.column,
        "reason": reason,
        "rows": cause.rows,
        "ours": ours if column and source else "",
        "title": visit.text(column_title(ours)) if ours else "",
        "values": cause.values if column else [],
        "words": {word: visit.text(text) for word, text in WORDS.items()},
        "choices": KINDS["flag"] if column and column.type.value == "BOOLEAN" else KINDS.get(ours, ()),
        "examples": [_row(row, cause.column, source) for row in cause.examples],
    }


def mend_values(visit: Visit, source: Source) -> None:
    """Write what the source's words mean, for every row of it."""
    ours = visit.posted("ours")
    if ours not in facts()[source.fact].column_by_name:
        raise visit.missing()
    words = {str(visit.form[f"t{number}"]): visit.posted(f"w{number}") for number in _numbered(visit, "t")}
    words = {theirs: word for theirs, word in words.items() if word}
    if words:
        change_settings(visit.business, lambda document: _translate(document, source.name, ours, words))
        visit.audit("values_set", f"{source.name} {ours} {len(words)}")


def mend_row(visit: Visit, source: Source) -> None:
    """Record what is to be read instead of one row's cells. Raises QuestionError when nothing was mended."""
    file, number = visit.posted("file"), visit.posted("row")
    cells = {str(visit.form[f"h{place}"]): visit.posted(f"x{place}") for place in _numbered(visit, "h")}
    if not number.isdecimal():
        raise visit.missing()
    by = visit.user.email if visit.user else ""
    changed = correct(visit.business, source.name, file=file, row_number=int(number), cells=cells, by=by)
    if not changed:
        said = Text(
            "Row {row} is as it was: write what should stand in the cell.",
            "Строка {row} не изменилась: впишите в ячейку верное значение.",
        )
        raise QuestionError(said.format(row=number))
    visit.audit("row_corrected", f"{source.name}: {file}, {number} ({', '.join(changed)})")


def _row(row: dict[str, Any], column: str, source: Source | None) -> dict[str, Any]:
    cells: dict[str, str | None] = msgspec.json.decode(row["raw"]) if isinstance(row["raw"], str) else {}
    is_cells = source is not None and source.type == "file" and bool(cells) and cells.keys() != UNPARTED
    return {
        "file": row["file"],
        "row_number": row["row_number"],
        "cells": [(header, value or "", header == column) for header, value in cells.items()],
        "may_correct": is_cells,
    }


def _numbered(visit: Visit, letter: str) -> list[int]:
    """0, 1 … while the form has a field of that letter and number."""
    numbers: list[int] = []
    while f"{letter}{len(numbers)}" in visit.form:
        numbers.append(len(numbers))
    return numbers


def _translate(document: Any, name: str, ours: str, words: dict[str, str]) -> None:
    row = row_named(document, "source", name)
    table = row.setdefault("values", tomlkit.table()).setdefault(ours, tomlkit.table())
    for theirs, word in words.items():
        table[theirs] = word
