"""Corrections: a row of a file that a person has mended is read as mended, while the file stays as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.connect._reading import Table

Cells = dict[str, "str | None"]
"""A row as text: their header → what stands there, None where nothing does."""


@dataclass(frozen=True)
class Correction:
    """One row of a file, mended by hand."""

    file: str
    row_number: int
    """As a spreadsheet shows it, in that file."""
    raw: Cells
    """The row as it stands in the file."""
    mended: Cells
    """The row as it is read instead."""
    corrected_at: datetime
    corrected_by: str

    @property
    def changes(self) -> list[tuple[str, str | None, str | None]]:
        """Header, what stands in the file, what is read instead: of the cells that were mended."""
        return [(header, was, self.mended[header]) for header, was in self.raw.items() if self.mended[header] != was]


def corrections_of(connection: duckdb.DuckDBPyConnection, source: str) -> list[Correction]:
    """The source's corrections that hold, the newest first."""
    rows = connection.execute(
        """SELECT file, row_number, raw, mended, corrected_at, corrected_by FROM main.corrections WHERE source_system = ?
        ORDER BY corrected_at DESC, row_number""",
        [source],
    ).fetchall()
    newest: dict[str, Correction] = {}
    for file, number, raw, mended, *who in rows:
        newest.setdefault(raw, Correction(file, number, json.loads(raw), json.loads(mended), *who))
    return list(newest.values())


def corrected(table: Table, corrections: list[Correction]) -> Table:
    """The table with these corrections laid over it. A correction holds for a row that is as it was in every cell, wherever it stands."""
    places = {header: f"c{place}" for place, header in enumerate(table.headers)}
    cases: list[str] = []
    cells: dict[str, list[str]] = {}
    values: dict[str, str | None] = {}
    for number, one in enumerate(corrections, 1):
        if one.raw.keys() != places.keys() or not one.changes:
            continue
        same = []
        for header, was in one.raw.items():
            values[f"was{number}_{places[header]}"] = was
            same.append(f"CAST({places[header]} AS VARCHAR) IS NOT DISTINCT FROM $was{number}_{places[header]}")
        cases.append(f"WHEN {' AND '.join(same)} THEN {number}")
        for header, _, becomes in one.changes:
            cell = places[header]
            values[f"now{number}_{cell}"] = becomes
            kind = table.kind(int(cell[1:]))
            cells.setdefault(cell, []).append(f"WHEN {number} THEN TRY_CAST($now{number}_{cell} AS {kind})")
    if not cases:
        return table
    mended = ", ".join(f"CASE mended {' '.join(whens)} ELSE {cell} END AS {cell}" for cell, whens in cells.items())
    numbered = f"SELECT *, CASE {' '.join(cases)} ELSE 0 END AS mended FROM ({table.sql})"
    return replace(table, sql=f"SELECT * EXCLUDE (mended) REPLACE ({mended}) FROM ({numbered})", mended=values)
