"""Correcting: one row of the quarantine, mended by hand. The file stays as it is; who wrote what instead is recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longfunnel.app.business import now
from longfunnel.connect import corrections_of
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.warehouse.database import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from longfunnel.app.business import Business
    from longfunnel.connect import Cells

UNPARTED = {"line"}
"""The only key of a row that could not be parted into cells."""


def correct(
    business: Business, source: str, *, file: str, row_number: int, cells: Mapping[str, str], by: str
) -> list[str]:
    """Record what is to be read instead of the quarantined row's cells: their header → text, empty for nothing. The headers whose
    cells are other than before; the next import of the source reads the row so.

    Raises QuestionError when the quarantine has no such row, or the row has no such cells.
    """
    with business.cursor() as connection:
        read = _quarantined(connection, source, file, row_number)
        if read.keys() == UNPARTED or cells.keys() - read.keys():
            said = Text(
                "Row {row} of {file} cannot be corrected here: mend it in the file.",
                "Строку {row} файла {file} здесь не исправить: поправьте её в самом файле.",
            )
            raise QuestionError(said.format(row=row_number, file=file))
        mended = read | {header: text.strip() or None for header, text in cells.items()}
        changed = [header for header, text in mended.items() if text != read[header]]
        if changed:
            before = next((one for one in corrections_of(connection, source) if one.mended == read), None)
            raw = before.raw if before else read  # mended once already, and not well
            told = [json.dumps(one, ensure_ascii=False) for one in (raw, mended)]
            with transaction(connection):
                connection.execute(
                    "INSERT INTO main.corrections VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [source, file, row_number, *told, now(), by],
                )
    return changed


def _quarantined(connection: duckdb.DuckDBPyConnection, source: str, file: str, row_number: int) -> Cells:
    found = connection.execute(
        "SELECT raw FROM main.quarantine WHERE source_system = ? AND file = ? AND row_number = ? LIMIT 1",
        [source, file, row_number],
    ).fetchall()
    if not found:
        said = Text(
            "Row {row} of {file} is no longer in the quarantine.", "Строки {row} файла {file} в карантине уже нет."
        )
        raise QuestionError(said.format(row=row_number, file=file))
    read: Cells = json.loads(found[0][0])
    return read
