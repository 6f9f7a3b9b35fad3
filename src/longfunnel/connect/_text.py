"""Delimited text: which character parts the cells, where the header stands, which rows are only titles and totals."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.connect._files import EXPORT_AGAIN, NO_TEXT, open_bytes
from longfunnel.connect._words import RARE_NOTHING
from longfunnel.core.errors import SourceError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 18
_LOOK = 200
_DELIMITERS = (",", ";", "\t", "|")
_RAGGED = 0.05
"""Above this share, short rows are the writer's habit."""
_VALUE = re.compile(
    r"^[-+(]?[\d\s\u00a0.,:/%-]*\d[\d\s\u00a0.,:/%)-]*$|^\S+@\S+\.\S+$|^https?://\S+$|^[0-9a-f]{16,}$", re.IGNORECASE
)
"""Cells that are values, never headers."""


@dataclass(frozen=True)
class Shape:
    """How a delimited text is laid out."""

    delimiter: str
    headers: tuple[str, ...]
    skip: int
    """Rows before the first row of data, the header among them; blank ones count, as in a spreadsheet."""
    has_header: bool = True
    is_ragged: bool = False
    """Whether the writer leaves out empty cells at the end of a row: then a short row is no damaged one."""
    nothing: tuple[str, ...] = ()
    """The rarer words for «no value» that the first rows have."""


def shape_of(path: Path, *, name: Path, delimiter: str = "", skip_rows: int | None = None) -> Shape:
    """The layout of the text in ``path``, judged by its first rows. Raises SourceError, with the file's ``name``, when it is no table."""
    with open_bytes(path) as opened:
        head = opened.read(_HEAD)
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    if len(head) == _HEAD:
        text = text[: text.rfind("\n") + 1] or text
    if delimiter:
        rows = _rows(text, delimiter)
    else:
        delimiter, rows = max(
            ((mark, _rows(text, mark)) for mark in _DELIMITERS), key=lambda pair: _consistency(pair[1])
        )
        if _width(rows) == 1 and _aligned(text):
            raise SpacesError(text)
    if not any(any(row) for row in rows):
        raise SourceError(NO_TEXT.format(file=name), hint=EXPORT_AGAIN)
    width = _width(rows)
    at = skip_rows if skip_rows else _header_at(rows, width)
    if at >= len(rows):
        raise SourceError(
            Text(
                "{file} has no header after the {many} rows that skip_rows leaves out.",
                "В {file} нет заголовка после строк, пропущенных по skip_rows ({many}).",
            ).format(file=name, many=at),
            hint=Text("Lower skip_rows.", "Уменьшите skip_rows."),
        )
    header = [cell.strip().strip("\u00a0\ufeff") for cell in rows[at]]
    has_header = not _looks_like_values(header) or len(rows) == 1
    if not has_header:
        header = [""] * len(header)
    header += [""] * (width - len(header))
    below = [row for row in rows[at + has_header :] if any(row)]
    short = sum(1 < len(row) < width for row in below)
    seen = {cell for row in below for cell in row}
    return Shape(
        delimiter,
        unique_headers(header),
        at + has_header,
        has_header,
        is_ragged=short > max(1, _RAGGED * len(below)),
        nothing=tuple(word for word in RARE_NOTHING if word in seen),
    )


class SpacesError(Exception):
    """The columns are parted by runs of spaces: the caller rewrites the file and asks again."""


def split_spaces(path: Path, target: Path) -> None:
    """Rewrite a text whose columns are parted by runs of spaces as tab-separated, line by line."""
    with (
        open_bytes(path) as opened,
        io.TextIOWrapper(opened, encoding="utf-8", errors="replace") as lines,
        target.open("w", encoding="utf-8", newline="") as written,
    ):
        written.writelines("\t".join(line.split()) + "\n" for line in lines)


def unique_headers(cells: list[str]) -> tuple[str, ...]:
    """Headers made fit to name columns: empty ones are called by their place, a repeated one gets its number."""
    seen: Counter[str] = Counter()
    headers: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = re.sub(r"\s+", " ", cell.replace("\u00a0", " ")).strip() or f"column {place}"
        seen[name] += 1
        headers.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(headers)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(1 << 24)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) == _LOOK:
                break
    except csv.Error:
        pass  # a broken quote: what came before it shows the layout
    return rows


def _width(rows: list[list[str]]) -> int:
    widths = Counter(len(row) for row in rows if any(row))
    if not widths:
        return 0
    # preambles and totals are few and narrow: the commonest width is the table's, the wider one where two are as common
    return max(widths, key=lambda width: (widths[width], width))


def _consistency(rows: list[list[str]]) -> tuple[float, int]:
    width = _width(rows)
    filled = [row for row in rows if any(row)]
    agree = sum(len(row) == width for row in filled)
    return (0.0, 0) if width < 2 else (round(agree / len(filled), 1), width)


def _header_at(rows: list[list[str]], width: int) -> int:
    for number, row in enumerate(rows):
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) in (width, width - 1) and filled >= max(1, min(2, width), len(row) // 2):
            return number
    return next(number for number, row in enumerate(rows) if any(row))


def _looks_like_values(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(bool(_VALUE.match(cell)) for cell in filled) * 2 >= len(filled)


def _aligned(text: str) -> bool:
    widths = Counter(len(line.split()) for line in text.splitlines()[:_LOOK] if line.strip())
    most, count = widths.most_common(1)[0] if widths else (0, 0)
    return most > 1 and count == widths.total() and count > 1
