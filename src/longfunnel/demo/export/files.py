"""Writing tables the way other companies' programs write them: the same bytes on every run."""

from __future__ import annotations

import csv
import gzip
import json
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from longfunnel.demo.scale import Ints

EXCEL_EPOCH_DAY = 25_569
"""1970-01-01 in Excel's count of days."""
NBSP = "\u00a0"


def iso(at: Ints) -> list[str]:
    """``2026-05-12 09:30:00`` for epoch seconds."""
    return [text.replace("T", " ") for text in np.datetime_as_string(at.astype("datetime64[s]")).tolist()]


def day_first(at: Ints) -> list[str]:
    """``12.05.2026 09:30:00`` for epoch seconds; empty for negative ones, which mean never."""
    texts = np.datetime_as_string(at.astype("datetime64[s]")).tolist()
    return [
        f"{text[8:10]}.{text[5:7]}.{text[:4]} {text[11:]}" if second >= 0 else ""
        for text, second in zip(texts, at.tolist(), strict=True)
    ]


def roubles(kopecks: int, *, decimal: str = ".", thousands: str = "") -> str:
    """``1234.50`` for 123450 kopecks, with the given decimal and thousands marks."""
    whole, part = divmod(abs(kopecks), 100)
    return f"{'-' if kopecks < 0 else ''}{whole:,}".replace(",", thousands) + f"{decimal}{part:02d}"


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    preamble: Sequence[str] = (),
) -> int:
    """Write a table of text; the number of its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding=encoding, newline="") as file:
        file.writelines(line + "\n" for line in preamble)
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n" if preamble else "\r\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write one JSON object a line; the number of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def write_json(path: Path, value: object) -> None:
    """Write one readable JSON value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def write_xlsx(
    path: Path,
    sheet: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    date_columns: Sequence[int],
    money_columns: Sequence[int],
) -> int:
    """Write a workbook of one sheet with real Excel dates and numbers; the number of its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with xlsxwriter.Workbook(path) as book:
        # Excel knows no zones; a fixed time keeps the bytes equal
        book.set_properties({"created": datetime(2026, 11, 1)})  # noqa: DTZ001
        dates = book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
        money = book.add_format({"num_format": "# ##0.00"})
        formats = {**dict.fromkeys(date_columns, dates), **dict.fromkeys(money_columns, money)}
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, header)
        for count, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value != "":
                    page.write(count, column, value, formats.get(column))
    return count


def excel_day(at: int) -> float:
    """Epoch seconds as Excel keeps an instant: days since 1899-12-30."""
    return at / 86_400 + EXCEL_EPOCH_DAY


@contextmanager
def gzipped(path: Path) -> Iterator[gzip.GzipFile]:
    """A gzip file to write bytes to, without the name and time that would make every run's bytes different."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=4, mtime=0) as file:
        yield file
