"""Answers as JSON, CSV and XLSX."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.reports._engine.answer import Answer, Column

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_NOT_IN_A_NAME = re.compile(r"\s*[\[\]:*?/\\]+\s*")
_FORMATS = {
    "count": "#,##0",
    "money": "#,##0.00",
    "share": "0.0%",
    "ratio": "0.00",
    "days": "0.0",
    "score": "0",
    "date": "yyyy-mm-dd",
}
_MOMENT = "yyyy-mm-dd hh:mm"
_WIDTHS = {"text": 24, "date": 16}


def to_dict(answer: Answer) -> dict[str, Any]:
    """Plain values in the order of the documented JSON."""
    language = answer.language
    return {
        "report": answer.report,
        "question": answer.question.to_dict(),
        "columns": [
            {
                "name": column.name,
                "title": column.title.to(language),
                "unit": column.unit,
                "kind": column.kind,
                "meaning": column.meaning.to(language),
                "direction": column.direction,
                "adds_up": column.adds_up,
            }
            for column in answer.columns
        ],
        "rows": answer.rows,
        "totals": answer.totals,
        "caveats": [
            {"code": item.code, "text": item.text.to(language), "count": item.count} for item in answer.caveats
        ],
        "sql": answer.sql,
        "few": [{"row": item.row, "column": item.column, "cases": item.cases} for item in answer.few],
        "freshness": [
            {"source_system": item.source_system, "recorded_at": item.recorded_at, "latest_on": item.latest_on}
            for item in answer.freshness
        ],
    }


def to_json(answer: Answer) -> str:
    """JSON; decimals are numbers with all their digits."""
    return _ENCODER.encode(to_dict(answer)).decode()


def to_csv(answer: Answer) -> str:
    """RFC 4180 text. Text cells that begin like a formula get an apostrophe (OWASP, CSV injection); numbers are left alone."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = [column.name for column in answer.columns]
    writer.writerow([_safe(name) for name in names])
    writer.writerows([_cell(row[name]) for name in names] for row in answer.rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return _safe(value)
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _safe(text: str) -> str:
    return "'" + text if text.startswith(_RISKY) else text


def to_xlsx(answer: Answer, path: str | Path) -> None:
    """The first sheet has the rows and the total; the second says what was asked, the caveats, the meanings and the SQL."""
    import xlsxwriter  # only who wants a workbook waits for it

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        _rows_sheet(book, answer)
        _notes_sheet(book, answer)


def _sheet_name(title: str) -> str:
    """The title without what Excel refuses in a sheet's name."""
    return _NOT_IN_A_NAME.sub(" – ", title).strip("' ")[:31].rstrip("' ")


def _rows_sheet(book: Any, answer: Answer) -> None:
    language = answer.language
    sheet = book.add_worksheet(_sheet_name(answer.title.to(language) or answer.report))
    header = book.add_format({"bold": True, "bg_color": "#E8EBF0", "bottom": 1, "text_wrap": True, "valign": "top"})
    plain = {kind: book.add_format({"num_format": mask}) for kind, mask in _FORMATS.items()}
    bold = {kind: book.add_format({"num_format": mask, "bold": True, "top": 1}) for kind, mask in _FORMATS.items()}
    label = book.add_format({"bold": True, "top": 1})
    moment, zone = book.add_format({"num_format": _MOMENT}), ZoneInfo(answer.timezone)
    for place, column in enumerate(answer.columns):
        sheet.set_column(place, place, _WIDTHS.get(column.format, 14))
        sheet.write_string(0, place, _titled(column, answer), header)
    rows = answer.rows
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(answer.columns):
            value = row[column.name]
            if isinstance(value, datetime):
                _write(sheet, number, place, value.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None), moment)
            else:
                _write(sheet, number, place, value, plain.get(column.format))
    last = len(rows) + 1
    for place, column in enumerate(answer.columns):
        if column.name in answer.totals:
            _write(sheet, last, place, answer.totals[column.name], bold.get(column.format, label))
        else:
            sheet.write_string(last, place, ("Итого" if language == "ru" else "Total") if place == 0 else "", label)
    sheet.freeze_panes(1, sum(column.kind == "dimension" for column in answer.columns))
    if rows:
        sheet.autofilter(0, 0, len(rows), len(answer.columns) - 1)


def _titled(column: Column, answer: Answer) -> str:
    title = column.title.to(answer.language)
    return f"{title}, {column.unit}" if column.format == "money" else title


def _write(sheet: Any, row: int, place: int, value: Any, style: Any) -> None:
    match value:
        case None:
            sheet.write_blank(row, place, None, style)
        case bool():
            sheet.write_boolean(row, place, value, style)
        case int() | float() | Decimal():
            sheet.write_number(row, place, float(value), style)  # a workbook has no other numbers
        case datetime() | date():
            sheet.write_datetime(row, place, value, style)
        case _:
            sheet.write_string(row, place, str(value), style)


def _notes_sheet(book: Any, answer: Answer) -> None:
    ru = answer.language == "ru"
    sheet = book.add_worksheet("Как посчитано" if ru else "How it is counted")
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    lines = [("Вопрос" if ru else "Question", answer.question.to_text())]
    lines += [("Оговорка" if ru else "Caveat", caveat.text.to(answer.language)) for caveat in answer.caveats]
    lines += [(column.title.to(answer.language), column.meaning.to(answer.language)) for column in answer.columns]
    lines.append(("SQL", answer.sql))
    for row, (name, text) in enumerate(lines):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, text, wrap)
