"""Rows that could not be understood: kept whole, with the reason in plain words, until their file is imported again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.connect._files import open_bytes
from longfunnel.connect._mapping import EARLIEST, Plan, Problem
from longfunnel.connect._reading import REJECTS
from longfunnel.connect._recognise import SETTING_OF
from longfunnel.connect._words import TOTALS
from longfunnel.warehouse.facts import Type
from longfunnel.warehouse.load import LEFT_OUT

if TYPE_CHECKING:
    import duckdb

    from longfunnel.connect._reading import Table

_UNPARTED = {
    "MISSING COLUMNS": "the row has fewer cells than the header",
    "TOO MANY COLUMNS": "the row has more cells than the header (an unquoted separator inside a value does that)",
    "UNQUOTED VALUE": "a quote is opened and never closed, or closed in the middle of a value",
    "INVALID ENCODING": "the row holds bytes that are no text in the file's encoding",
    "LINE SIZE OVER MAXIMUM": "the row is longer than 2 MB",
}
_WHAT = {
    Type.MONEY: "amount of money",
    Type.COUNT: "whole number",
    Type.NUMBER: "number",
    Type.INSTANT: "date and time",
    Type.DAY: "date",
    Type.FLAG: "yes or no; say what it means under values",
    Type.TEXT: "identifier or code",
}
_LOUD = 0.5
CONFLICTS = "conflict_rows"
"""Temporary table of the raw rows that clash with others: ``idx``, ``raw``."""


@dataclass(frozen=True)
class Rejected:
    """A row that the reader could not part into cells."""

    row: int
    reason: str
    text: str


def rejected_rows(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Rejected]:
    """What the strict pass over ``table`` could not part into cells, by row, one entry a row."""
    if table.readable.kind == "lines":
        return _broken_lines(connection, table)
    if not table.is_text:
        return []
    found = connection.execute(f"SELECT line, error_type, csv_line FROM {REJECTS} ORDER BY line, error_type").fetchall()
    rows: dict[int, Rejected] = {}
    for line, kind, text in found:
        reason = _UNPARTED.get(str(kind), "the row cannot be parted into cells")
        rows.setdefault(line, Rejected(line, reason, (text or "").strip("\r\n")))
    return list(rows.values())


def _broken_lines(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Rejected]:
    """Lines that are no JSON: the reader gives nothing in their place."""
    found = connection.execute(
        "SELECT row_number() OVER () FROM read_ndjson_objects($file, ignore_errors=true) QUALIFY json IS NULL",
        table.parameters,
    ).fetchall()
    wanted = {row[0] for row in found}
    rows = []
    if wanted:
        with open_bytes(table.readable.path) as opened:
            filled = 0
            for number, line in enumerate(opened, 1):
                filled += bool(line.strip())
                if line.strip() and filled in wanted:
                    rows.append(Rejected(number, "the line is no JSON", line.decode("utf-8", "replace").strip()))
    return rows


def reason_of(problem: Problem) -> str:
    """Why a value cannot be taken, and what mends it."""
    where = f"«{problem.ours}»"
    match problem.kind:
        case "empty":
            return f"{where} is empty, and no row can do without it"
        case "ambiguous":
            return (
                f"{where}: this reads two ways, and nothing in the column tells which; set {SETTING_OF[problem.type]}"
            )
        case "early":
            return f"{where}: the date is before {EARLIEST:%Y}; an empty date (0, 1970-01-01) looks like this"
        case "late":
            return f"{where}: the date is too far in the future"
        case "negative":
            return f"{where}: a count cannot be negative"
        case _:
            return f"{where}: this is no {_WHAT[problem.type]}"


def put_in_quarantine(
    connection: duckdb.DuckDBPyConnection,
    made: Plan,
    table: Table,
    rejected: list[Rejected],
    *,
    import_id: int,
    source_system: str,
    file: str,
) -> int:
    """Write the rows of ``inspected`` that have a problem, the conflicts and the ``rejected`` ones. Returns how many."""
    connection.execute("CREATE OR REPLACE TEMP TABLE rejects_before (good BIGINT, many BIGINT)")
    # rejected rows are no rows of the table, so that the numbers of those after them must be put right
    gaps = [(row.row - table.first_row - number, number + 1) for number, row in enumerate(rejected) if table.is_text]
    if gaps:
        connection.executemany("INSERT INTO rejects_before VALUES (?, ?)", gaps)
    connection.execute("CREATE OR REPLACE TEMP TABLE problems (number INTEGER, header VARCHAR, reason VARCHAR)")
    connection.executemany(
        "INSERT INTO problems VALUES (?, ?, ?)",
        [(number, problem.header, reason_of(problem)) for number, problem in enumerate(made.problems, 1)]
        or [(0, "", "")],
    )
    number_sql = "b.idx + $first_row + coalesce((SELECT max(many) FROM rejects_before WHERE good <= b.idx), 0)"
    common = {"import_id": import_id, "source_system": source_system, "fact": made.fact.name, "file": file}
    connection.execute(
        f"""INSERT INTO main.quarantine
        SELECT $import_id, $source_system, $fact, $file, {number_sql}, nullif(p.header, ''),
               json_extract_string(b.raw, '$."' || replace(p.header, '"', '\\"') || '"'), p.reason, b.raw
        FROM inspected b JOIN problems p ON p.number = b.problem WHERE b.problem > 0""",
        {**common, "first_row": table.first_row},
    )
    fix = (
        "map modified_at so that the newest wins, or leave one of them in the file"
        if "modified_at" in made.fact.column_by_name
        else ("leave one of them in the file, or correct its id")
    )
    connection.execute(
        f"""INSERT INTO main.quarantine
        SELECT $import_id, $source_system, $fact, $file, {number_sql}, NULL, NULL,
               'rows ' || (k.idx + $first_row + coalesce((SELECT max(many) FROM rejects_before WHERE good <= k.idx), 0)) || ' and ' || {number_sql}
               || ' have the same key and different content; the first was taken: ' || $fix, b.raw
        FROM {CONFLICTS} b JOIN {LEFT_OUT} l ON l.idx = b.idx JOIN (SELECT DISTINCT kept AS idx FROM {LEFT_OUT} WHERE why = 'conflict') k ON k.idx = l.kept
        WHERE l.why = 'conflict'""",
        {**common, "first_row": table.first_row, "fix": fix},
    )
    for row in (row for row in rejected if not is_total(row.text)):
        connection.execute(
            "INSERT INTO main.quarantine VALUES (?, ?, ?, ?, ?, NULL, ?, ?, json_object('line', ?::VARCHAR))",
            [import_id, source_system, made.fact.name, file, row.row, row.text[:200], row.reason, row.text],
        )
    count: int = connection.execute("SELECT count(*) FROM main.quarantine WHERE import_id = ?", [import_id]).fetchall()[
        0
    ][0]
    connection.execute("DROP TABLE rejects_before; DROP TABLE problems")
    return count


def quarantine_messages(made: Plan, counts: dict[int, int], total: int, rejected: int) -> list[str]:
    """One line for each reason, the commonest first; loud where half of the rows and more fail on one column."""
    messages = []
    by_reason: Counter[tuple[str, str]] = Counter()
    for number, rows in counts.items():
        if number > 0:
            problem = made.problems[number - 1]
            by_reason[problem.header, reason_of(problem)] += rows
    for (header, reason), rows in by_reason.most_common():
        loud = "MOST ROWS FAIL: " if rows >= _LOUD * total else ""
        column = f"column «{header}», " if header else ""
        messages.append(f"{loud}{rows:,} of {total:,} rows are in the quarantine: {column}{reason}.")
    if rejected:
        messages.append(f"{rejected:,} rows are in the quarantine: they cannot be parted into cells.")
    return messages


def is_total(text: str) -> bool:
    """Whether an unparted row is only the sum of the others or a closing note of the export."""
    import re

    return bool(re.match(TOTALS, text.strip().strip('"').lower()))


def quarantined(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[dict[str, object]]:
    """The rows in the quarantine (of one source): file, row_number, column_name, value, reason, raw."""
    columns = ("source_system", "fact", "file", "row_number", "column_name", "value", "reason", "raw")
    where, values = ("WHERE source_system = ?", [source]) if source else ("", [])
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM main.quarantine {where} ORDER BY source_system, file, row_number", values
    )
    return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]


__all__ = [
    "Rejected",
    "is_total",
    "put_in_quarantine",
    "quarantine_messages",
    "quarantined",
    "reason_of",
    "rejected_rows",
]
