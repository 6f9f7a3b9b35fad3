"""Any file → a relation of text columns inside the engine: the one form that recognising and mapping work on.

The relation has ``idx`` (place of the row, from 0) and ``c0 … cN``. Nothing is loaded: it is a SELECT over the file, so that
a file larger than memory streams through it as often as it is asked.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from longfunnel.connect._files import EXPORT_AGAIN, EXPORT_OTHERWISE, Readable, make_readable, open_bytes
from longfunnel.connect._text import SpacesError, shape_of, split_spaces, unique_headers
from longfunnel.connect._words import NOTHING, RARE_NOTHING
from longfunnel.core.errors import SourceError, did_you_mean
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.core.settings import Source

REJECTS = "unreadable_rows"
_NUMBERED = "SELECT row_number() OVER () - 1 AS idx, * FROM"
_NO_HEADER = Text(
    "{file} has no header row: its columns are called «column 1», «column 2» …",
    "В {file} нет строки заголовков: столбцы названы «column 1», «column 2» …",
)
_ROWS_END_EARLY = Text(
    "{file}: some rows end early; the cells that they lack were read as empty.",
    "{file}: некоторые строки короче; недостающие ячейки прочитаны как пустые.",
)
_SHEET_READ = Text(
    "{file}: the sheet «{sheet}» was read; for another one set sheet.",
    "{file}: прочитан лист «{sheet}»; чтобы взять другой, задайте sheet.",
)
_DEEPEST = 4
_LONGEST_RECORD, _LONGEST_DOCUMENT = 1 << 24, 1 << 30
_PACKED_TIMES = 20


@dataclass(frozen=True)
class Table:
    """A file as a relation."""

    readable: Readable
    headers: tuple[str, ...]
    sql: str
    """SELECT idx, c0 … cN; its parameters are ``$file`` and those of ``mended``."""
    first_row: int = 1
    """Number of the row with idx 0, as a spreadsheet shows it; 1 where the file has no header row (json, parquet)."""
    kinds: tuple[str, ...] = ()
    """The engine's own types, where the file has types (parquet); empty for text."""
    is_text: bool = False
    """Delimited text: rows that cannot be parted into cells are kept apart by ``strict``, and are no rows of ``sql``."""
    notes: tuple[Text, ...] = field(default=())
    mended: dict[str, str | None] = field(default_factory=dict)
    """What the corrections that are laid over the file bind (``_corrections``)."""

    @property
    def file(self) -> Path:
        """The file as the person knows it."""
        return self.readable.file

    @property
    def parameters(self) -> dict[str, Any]:
        """What to bind."""
        return {"file": str(self.readable.path), **self.mended}

    def strict(self, *, is_numbered: bool = True) -> str:
        """The same SELECT, which also writes rows that are no rows into the rejects table; without ``idx``, which keeps the
        engine from reading a file in parallel, unless ``is_numbered``."""
        if not self.is_text:
            return self.sql
        sql = self.sql if is_numbered else self.sql.replace(_NUMBERED, "SELECT * FROM", 1)
        rejects = f"store_rejects=true, rejects_table='{REJECTS}', rejects_scan='{REJECTS}_scan'"
        return sql.replace("ignore_errors=true", rejects)

    def kind(self, place: int) -> str:
        """The engine's type of a column, VARCHAR for text."""
        return self.kinds[place] if self.kinds else "VARCHAR"


def open_table(connection: duckdb.DuckDBPyConnection, file: Path, source: Source, work: Path) -> Table:
    """The table in ``file``. Temporary copies go to ``work``. Raises SourceError when the file holds no table."""
    readable = make_readable(file, work, encoding=source.encoding)
    try:
        match readable.kind:
            case "text":
                return _open_text(readable, source, work)
            case "workbook":
                return _open_workbook(readable, source, work)
            case "parquet":
                return _open_parquet(connection, readable)
            case _:
                return _open_json(connection, readable)
    except duckdb.Error as error:
        raise SourceError(
            Text("{file} cannot be read: {why}", "{file} не читается: {why}").format(
                file=file, why=str(error).splitlines()[0]
            ),
            hint=EXPORT_OTHERWISE,
        ) from error


def _open_text(readable: Readable, source: Source, work: Path) -> Table:
    try:
        shape = shape_of(readable.path, name=readable.file, delimiter=source.delimiter, skip_rows=source.skip_rows)
    except SpacesError:
        target = work / f"{readable.file.stem}.tsv"
        split_spaces(readable.path, target)
        readable = Readable(readable.file, target, "text", readable.encoding, readable.digest, readable.size)
        shape = shape_of(target, name=readable.file, delimiter="\t", skip_rows=source.skip_rows)
    notes: tuple[Text, ...] = ()
    if not shape.has_header:
        notes += (_NO_HEADER.format(file=readable.file.name),)
    if shape.is_ragged:
        notes += (_ROWS_END_EARLY.format(file=readable.file.name),)
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(shape.headers)))
    # each word costs time in every cell: the rarer ones are looked for where the first rows have one
    nothing = ", ".join(_literal(word) for word in (*NOTHING, *shape.nothing))
    # one column needs a delimiter that never occurs, and its empty lines are rows without a value
    delimiter = shape.delimiter if len(shape.headers) > 1 else "\x01"
    sql = (
        f"{_NUMBERED} read_csv($file, delim={_literal(delimiter)}, quote='\"', escape='\"', header=false,"
        f" auto_detect=false, skip={shape.skip}, columns={{{columns}}}, nullstr=[{nothing}], strict_mode=true,"
        f" null_padding={str(shape.is_ragged).lower()}, parallel={str(not shape.is_ragged).lower()},"
        f" ignore_errors=true, compression='{readable.compression}')"
    )
    return Table(readable, shape.headers, sql, first_row=shape.skip + 1, is_text=True, notes=notes)


def _open_workbook(readable: Readable, source: Source, work: Path) -> Table:
    try:
        book = CalamineWorkbook.from_path(str(readable.path))
    except CalamineError as error:
        locked = "password" in str(error).lower()
        said = (
            Text("{file} is locked with a password.", "{file} закрыт паролем.")
            if locked
            else Text("{file} cannot be read as a spreadsheet ({why}).", "{file} не читается как таблица ({why}).")
        )
        raise SourceError(
            said.format(file=readable.file, why=error),
            hint=Text(
                "Save it without a password as XLSX or CSV, and run again.",
                "Сохраните его без пароля в XLSX или CSV и запустите снова.",
            ),
        ) from error
    names = [
        name
        for name, seen in zip(book.sheet_names, book.sheets_metadata, strict=True)
        if seen.visible == SheetVisibleEnum.Visible
    ]
    if source.sheet and source.sheet not in book.sheet_names:
        said = Text("{file} has no sheet «{sheet}».", "В {file} нет листа «{sheet}».")
        raise SourceError(
            said.format(file=readable.file, sheet=source.sheet)
            + did_you_mean(source.sheet, book.sheet_names)
            + Text(" It has: {sheets}.", " Есть: {sheets}.").format(sheets=", ".join(book.sheet_names))
        )
    notes: tuple[Text, ...] = ()
    for name in [source.sheet] if source.sheet else names or book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height:
            break
    else:
        said = Text(
            "{file} is empty: none of its sheets holds a cell.", "{file} пуст: ни на одном листе нет ни ячейки."
        )
        raise SourceError(said.format(file=readable.file), hint=EXPORT_AGAIN)
    if not source.sheet and len(names) > 1:
        notes = (_SHEET_READ.format(file=readable.file.name, sheet=name),)
    target = work / f"{readable.file.stem}.csv"
    with target.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written)
        for row in sheet.iter_rows():
            writer.writerow([_cell(value) for value in row])
    inner = Readable(readable.file, target, "text", "utf-8", readable.digest, readable.size)
    plain = _open_text(inner, _with_comma(source), work)
    return Table(inner, plain.headers, plain.sql, first_row=plain.first_row, is_text=True, notes=plain.notes + notes)


def _with_comma(source: Source) -> Source:
    import msgspec

    return msgspec.structs.replace(source, delimiter=",")


def _cell(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))  # ids and phones come as numbers
        case float():
            return repr(value)
        case dt.datetime():
            return value.isoformat(" ")
        case dt.timedelta():
            return str(int(value.total_seconds()))
        case _:
            return str(value)


def _open_parquet(connection: duckdb.DuckDBPyConnection, readable: Readable) -> Table:
    described = connection.execute(
        "DESCRIBE SELECT * FROM read_parquet($file)", {"file": str(readable.path)}
    ).fetchall()
    fields: list[tuple[str, str, str]] = []
    for name, kind, *_ in described:
        _flatten(str(name), _quoted(str(name)), str(kind), fields)
    columns = ", ".join(f"{expression} AS c{place}" for place, (_, expression, _) in enumerate(fields))
    kinds = tuple(kind for _, _, kind in fields)
    sql = f"SELECT file_row_number AS idx, {columns} FROM read_parquet($file, file_row_number=true)"
    return Table(readable, unique_headers([name for name, _, _ in fields]), sql, kinds=kinds)


def _flatten(name: str, expression: str, kind: str, fields: list[tuple[str, str, str]]) -> None:
    base = kind.split("(")[0]
    if base in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        fields.append((name, f"CAST({expression} AS TIMESTAMP)", "TIMESTAMP"))
    elif base in ("DATE", "BOOLEAN", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DECIMAL") and not kind.endswith("]"):
        fields.append((name, expression, base))
    elif base == "BLOB":
        fields.append((name, f"decode({expression})", "VARCHAR"))
    elif kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        fields.append((name, f"CAST(to_json({expression}) AS VARCHAR)", "VARCHAR"))
    else:
        fields.append((name, f"CAST({expression} AS VARCHAR)", "VARCHAR"))


def _open_json(connection: duckdb.DuckDBPyConnection, readable: Readable) -> Table:
    if readable.kind == "lines":
        objects = (
            "SELECT row_number() OVER () - 1 AS idx, json AS o"
            f" FROM read_ndjson_objects($file, ignore_errors=true, compression='{readable.compression}')"
        )
    else:
        path = _records_path(connection, readable)
        inner = "json" if path is None else f"unnest(json_extract(json, {_literal(path + '[*]')}))"
        form = {None: "array", "$": "auto"}.get(path, "unstructured")
        if path == "$":
            inner = "json"
        reader = f"read_json_objects($file, format='{form}', {_json_options(readable, whole=form == 'unstructured')})"
        objects = f"SELECT row_number() OVER () - 1 AS idx, o FROM (SELECT {inner} AS o FROM {reader})"
    found = connection.execute(
        f"SELECT CAST(json_group_structure(o) AS VARCHAR) FROM ({objects}) WHERE json_type(o) = 'OBJECT'",
        {"file": str(readable.path)},
    ).fetchall()
    structure = json.loads(found[0][0]) if found and found[0][0] else {}
    paths: list[tuple[str, str]] = []
    if isinstance(structure, dict):
        _leaves(structure, "", "$", paths)
    if not paths:
        raise SourceError(
            Text(
                "{file} holds no records: a list of objects is needed.", "В {file} нет записей: нужен список объектов."
            ).format(file=readable.file),
            hint=EXPORT_OTHERWISE,
        )
    nothing = ", ".join(_literal(word) for word in (*NOTHING, *RARE_NOTHING))
    columns = ", ".join(
        f"CASE WHEN o ->> {_literal(path)} NOT IN ({nothing}) THEN o ->> {_literal(path)} END AS c{place}"
        for place, (_, path) in enumerate(paths)
    )
    return Table(readable, unique_headers([name for name, _ in paths]), f"SELECT idx, {columns} FROM ({objects})")


def _records_path(connection: duckdb.DuckDBPyConnection, readable: Readable) -> str | None:
    """Where the records of a JSON document stand: None for a bare list, else the path of the first list of objects."""
    with open_bytes(readable.path) as opened:
        if opened.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
            return None
    structure = connection.execute(
        "SELECT CAST(json_group_structure(json) AS VARCHAR), count(*)"
        f" FROM read_json_objects($file, format='auto', {_json_options(readable, whole=True)})",
        {"file": str(readable.path)},
    ).fetchall()[0]
    if structure[1] > 1:
        return "$"
    pending: list[tuple[str, Any]] = [("$", json.loads(structure[0]))]
    while pending:
        path, node = pending.pop(0)
        if isinstance(node, list) and node and isinstance(node[0], dict):
            return path
        if isinstance(node, dict):
            pending += [(f'{path}."{name}"', inner) for name, inner in node.items()]
    return "$"


def _json_options(readable: Readable, *, whole: bool) -> str:
    # the engine sets aside twice the largest record that it may meet; a document that wraps its records is one record itself
    largest = (
        max(_LONGEST_RECORD, readable.size * (_PACKED_TIMES if readable.compression == "gzip" else 1))
        if whole
        else _LONGEST_RECORD
    )
    return f"compression='{readable.compression}', maximum_object_size={min(largest, _LONGEST_DOCUMENT)}"


def _leaves(structure: dict[str, Any], name: str, path: str, paths: list[tuple[str, str]], depth: int = 1) -> None:
    for key, inner in structure.items():
        if '"' in key:
            continue
        place = f'{path}."{key}"'
        full = f"{name}.{key}" if name else key
        if isinstance(inner, dict) and depth < _DEEPEST:
            _leaves(inner, full, place, paths, depth + 1)
        else:
            paths.append((full, place))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
