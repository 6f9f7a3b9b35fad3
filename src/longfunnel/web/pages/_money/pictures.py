"""Values with their intervals as chart data: ranges of rows, fans of weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.web.pages._money.parts import shown_value
from longfunnel.web.table import explain_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

ROWS = 12
"""How many rows a picture shows; the table below it has all."""
_ROW_HEIGHT, _AXIS = 34, 44


@dataclass(frozen=True)
class Line:
    """One series of a picture: a column of the answer, and where its interval and its name come from."""

    column: str
    name: str
    colour: int
    kind: str = "dot"
    """``dot`` with an interval, ``tick`` for what it is measured against."""
    low: str = ""
    high: str = ""
    explain: str = ""
    """Where it is said how the line is counted; empty: under the answer's column of its name."""


def ranges(
    visit: Visit, answer: Answer, rows: Sequence[dict[str, Any]], labels: list[str], lines: Sequence[Line],
    *, urls: list[str] | list[list[str]] | None = None, joined: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Rows across, each with the values of the lines on one scale. All lines are of one format.

    ``urls`` say where a click on a mark leads: by row, or by line and row. What has no rows leads to how it is counted.
    """
    form = answer.column(lines[0].column).format
    drawn = max(sum(line.kind == "dot" for line in lines), 1)
    height = _ROW_HEIGHT if joined or drawn == 1 else 14 * drawn + 18
    data: dict[str, Any] = {
        "type": "ranges",
        "labels": labels,
        "series": [series(visit, rows, line, form) for line in lines],
        "joined": joined,
        "language": visit.language,
        "height": height * len(rows) + _AXIS,
    }
    if form == "share":
        data |= {"times": 100, "suffix": "\u00a0%"}
    return data | ({} if visit.is_shared else {"urls": _leading(visit, answer, lines, urls, len(rows))})


def _leading(
    visit: Visit, answer: Answer, lines: Sequence[Line], urls: list[str] | list[list[str]] | None, count: int
) -> list[list[str]]:
    """By line and row, where a click on the mark leads."""
    found = []
    for place, line in enumerate(lines):
        own = urls[place] if urls and isinstance(urls[0], list) else urls or [""] * count
        said = line.explain or explain_url(visit.address, answer, line.column)
        found.append([str(url) or said for url in own])
    return found


def series(visit: Visit, rows: Sequence[dict[str, Any]], line: Line, form: str) -> dict[str, Any]:
    """One line of a picture."""
    found: dict[str, Any] = {
        "name": line.name,
        "kind": line.kind,
        "colour": line.colour,
        "values": [number(row[line.column]) for row in rows],
        "labels": [short(visit, row[line.column], form) for row in rows],
        "shown": [said(visit, row, line, form) for row in rows],
    }
    if line.low:
        found |= {"low": [number(row[line.low]) for row in rows], "high": [number(row[line.high]) for row in rows]}
    return found


def said(visit: Visit, row: dict[str, Any], line: Line, form: str) -> str:
    """A value with its interval, as a picture's label says it."""
    value = row[line.column]
    if value is None:
        return ""
    text = short(visit, value, form)
    if line.low and row[line.low] is not None and row[line.low] != row[line.high]:
        text += f" ({short(visit, row[line.low], form)} … {short(visit, row[line.high], form)})"
    return text


def short(visit: Visit, value: Any, form: str) -> str:
    """A value as a label has room for; empty where it is unknown."""
    if value is None:
        return ""
    return visit.shown.share(value, places=0) if form == "share" else shown_value(visit, value, form)


def number(value: Any) -> float | None:
    """A value as a chart reads it."""
    return None if value is None else float(value)
