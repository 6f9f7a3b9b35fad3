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
from longfunnel.core.text import NOTHING, Text, read_stored, stored
from longfunnel.warehouse.facts import Type
from longfunnel.warehouse.load import LEFT_OUT

if TYPE_CHECKING:
    import duckdb

    from longfunnel.connect._reading import Table

_UNPARTED = {
    "MISSING COLUMNS": Text("the row has fewer cells than the header", "в строке меньше ячеек, чем в заголовке"),
    "TOO MANY COLUMNS": Text(
        "the row has more cells than the header (an unquoted separator inside a value does that)",
        "в строке больше ячеек, чем в заголовке (так бывает, если внутри значения стоит разделитель)",
    ),
    "UNQUOTED VALUE": Text(
        "a quote is opened and never closed, or closed in the middle of a value",
        "кавычка не закрыта или закрыта посреди значения",
    ),
    "INVALID ENCODING": Text(
        "the row holds bytes that are no text in the file's encoding", "в строке есть байты не из кодировки файла"
    ),
    "LINE SIZE OVER MAXIMUM": Text("the row is longer than 2 MB", "строка длиннее 2 МБ"),
}
_NO_CELLS = Text("the row cannot be parted into cells", "строку не удалось разбить на ячейки")
_NO_JSON = Text("the line is no JSON", "строка — не JSON")
_IS_NONE = {
    Type.MONEY: Text("«{ours}»: this is no amount of money", "«{ours}»: это не сумма"),
    Type.COUNT: Text("«{ours}»: this is no whole number", "«{ours}»: это не целое число"),
    Type.NUMBER: Text("«{ours}»: this is no number", "«{ours}»: это не число"),
    Type.INSTANT: Text("«{ours}»: this is no date and time", "«{ours}»: это не дата и время"),
    Type.DAY: Text("«{ours}»: this is no date", "«{ours}»: это не дата"),
    Type.FLAG: Text(
        "«{ours}»: this is no yes or no; say what it means under values",
        "«{ours}»: это не «да» и не «нет»; скажите в values, что это значит",
    ),
    Type.TEXT: Text("«{ours}»: this is no identifier or code", "«{ours}»: это не номер и не код"),
}
_REASONS = {
    "empty": Text(
        "«{ours}» is empty, and no row can do without it", "«{ours}» не заполнено, а без него строку не учесть"
    ),
    "ambiguous": Text(
        "«{ours}»: this reads two ways, and nothing in the column tells which; set {setting}",
        "«{ours}»: читается двояко, и по столбцу не понять, как верно; задайте {setting}",
    ),
    "early": Text(
        "«{ours}»: the date is before {year}; an empty date (0, 1970-01-01) looks like this",
        "«{ours}»: дата раньше {year} года — так выглядит пустая дата (0, 1970-01-01)",
    ),
    "late": Text("«{ours}»: the date is too far in the future", "«{ours}»: дата слишком далеко в будущем"),
    "negative": Text("«{ours}»: a count cannot be negative", "«{ours}»: количество не может быть отрицательным"),
}
_CONFLICT = Text(
    "rows {first} and {second} have the same key and different content; the first was taken: {fix}",
    "у строк {first} и {second} один ключ и разное содержание; взята первая: {fix}",
)
_LEAVE_NEWEST = Text(
    "map modified_at so that the newest wins, or leave one of them in the file",
    "сопоставьте modified_at, чтобы учитывалась более новая, или оставьте в файле одну из них",
)
_LEAVE_ONE = Text(
    "leave one of them in the file, or correct its id", "оставьте в файле одну из них или исправьте её номер"
)
_MOST_FAIL = Text("MOST ROWS FAIL: ", "НЕ ПОНЯТО БОЛЬШИНСТВО СТРОК: ")
_QUARANTINED = Text("{rows:,} of {total:,} rows are in the quarantine: ", "в карантине {rows:,} из {total:,} строк: ")
_UNPARTED_ROWS = Text(
    "{rows:,} rows are in the quarantine: they cannot be parted into cells.",
    "в карантине строк {rows:,}: их не удалось разбить на ячейки.",
)
_LOUD = 0.5
CONFLICTS = "conflict_rows"
"""Temporary table of the raw rows that clash with others: ``idx``, ``raw``."""


@dataclass(frozen=True)
class Rejected:
    """A row that the reader could not part into cells."""

    row: int
    reason: Text
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
        reason = _UNPARTED.get(str(kind), _NO_CELLS)
        rows.setdefault(line, Rejected(line, reason, (text or "").strip("\r\n")))
    return list(rows.values())


def _broken_lines(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Rejected]:
    """Lines that are no JSON: the reader gives nothing in their place."""
    found = connection.execute(
        "SELECT row_number() OVER () FROM read_ndjson_objects($file, ignore_errors=true) QUALIFY json IS NULL",
        {"file": str(table.readable.path)},
    ).fetchall()
    wanted = {row[0] for row in found}
    rows = []
    if wanted:
        with open_bytes(table.readable.path) as opened:
            filled = 0
            for number, line in enumerate(opened, 1):
                filled += bool(line.strip())
                if line.strip() and filled in wanted:
                    rows.append(Rejected(number, _NO_JSON, line.decode("utf-8", "replace").strip()))
    return rows


def reason_of(problem: Problem) -> Text:
    """Why a value cannot be taken, and what mends it."""
    said = _REASONS.get(problem.kind) or _IS_NONE[problem.type]
    return said.format(ours=problem.ours, year=EARLIEST.year, setting=SETTING_OF.get(problem.type, ""))


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
        [(number, problem.header, stored(reason_of(problem))) for number, problem in enumerate(made.problems, 1)]
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
    fix = _LEAVE_NEWEST if "modified_at" in made.fact.column_by_name else _LEAVE_ONE
    rows = {"first": "{first}", "second": "{second}"}  # the engine fills them in
    kept_sql = number_sql.replace("b.idx", "k.idx")
    connection.execute(
        f"""INSERT INTO main.quarantine
        SELECT $import_id, $source_system, $fact, $file, {number_sql}, NULL, NULL,
               replace(replace($reason, '{{first}}', ({kept_sql})::VARCHAR), '{{second}}', ({number_sql})::VARCHAR), b.raw
        FROM {CONFLICTS} b JOIN {LEFT_OUT} l ON l.idx = b.idx JOIN (SELECT DISTINCT kept AS idx FROM {LEFT_OUT} WHERE why = 'conflict') k ON k.idx = l.kept
        WHERE l.why = 'conflict'""",
        {**common, "first_row": table.first_row, "reason": stored(_CONFLICT.format(**rows, fix=fix))},
    )
    for row in (row for row in rejected if not is_total(row.text)):
        connection.execute(
            "INSERT INTO main.quarantine VALUES (?, ?, ?, ?, ?, NULL, ?, ?, json_object('line', ?::VARCHAR))",
            [import_id, source_system, made.fact.name, file, row.row, row.text[:200], stored(row.reason), row.text],
        )
    count: int = connection.execute("SELECT count(*) FROM main.quarantine WHERE import_id = ?", [import_id]).fetchall()[
        0
    ][0]
    connection.execute("DROP TABLE rejects_before; DROP TABLE problems")
    return count


def told_of_quarantined(made: Plan, counts: dict[int, int], total: int, rejected: int) -> list[Text]:
    """One line for each reason, the commonest first; loud where half of the rows and more fail on one column."""
    messages = []
    by_reason: Counter[tuple[str, Text]] = Counter()
    for number, rows in counts.items():
        if number > 0:
            problem = made.problems[number - 1]
            by_reason[problem.header, reason_of(problem)] += rows
    for (header, reason), rows in by_reason.most_common():
        said = _MOST_FAIL if rows >= _LOUD * total else NOTHING
        said += _QUARANTINED.format(rows=rows, total=total)
        if header:
            said += Text("column «{header}», ", "столбец «{header}», ").format(header=header)
        messages.append(said + reason + ".")
    if rejected:
        messages.append(_UNPARTED_ROWS.format(rows=rejected))
    return messages


def told_of_conflicts(rows: int) -> list[Text]:
    """One line for the rows that clash with others of their file."""
    said = Text(
        "{rows:,} rows are in the quarantine: another row of the file has the same key and different content.",
        "в карантине строк {rows:,}: в файле есть другая с тем же ключом и другим содержанием.",
    )
    return [said.format(rows=rows)] if rows else []


def is_total(text: str) -> bool:
    """Whether an unparted row is only the sum of the others or a closing note of the export."""
    import re

    return bool(re.match(TOTALS, text.strip().strip('"').lower()))


def quarantined(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[dict[str, object]]:
    """The rows in the quarantine (of one source): file, row_number, column_name, value, reason (in English), raw."""
    columns = ("source_system", "fact", "file", "row_number", "column_name", "value", "reason", "raw")
    where, values = ("WHERE source_system = ?", [source]) if source else ("", [])
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM main.quarantine {where} ORDER BY source_system, file, row_number", values
    )
    found = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
    return [{**row, "reason": str(read_stored(row["reason"]))} for row in found]


__all__ = [
    "Rejected",
    "is_total",
    "put_in_quarantine",
    "quarantined",
    "reason_of",
    "rejected_rows",
    "told_of_conflicts",
    "told_of_quarantined",
]
