"""The picture of a letter, drawn on the server: bars by name, columns over time, or the columns of the long funnel, as PNG.

Drawn at three times the size it is shown at, so that it is sharp on any screen; light, as mail programs show it; Inter, as on the pages.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image, ImageDraw, ImageFont

from longfunnel.core.text import Text
from longfunnel.dimensions import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.core.shown import Shown
    from longfunnel.reports import Answer

WIDTH = 480
"""As it is drawn, in CSS pixels; a letter shows it a little larger on a screen, and as wide as a phone is."""
_SCALE = 3
_MOST_BARS = 8
_MOST_COLUMNS = 60
_INK, _QUIET, _LINE, _ACCENT, _PALE, _BAD, _GROUND = (
    "#14181f",
    "#616a79",
    "#e4e7ec",
    "#3350e0",
    "#c3cffb",
    "#bf2c3c",
    "#ffffff",
)
_TINY, _SMALL, _BODY = 10, 11, 13
_CYRILLIC = ("\u0400", "\u045f")
_LACKING = {"₽": "руб.", "₴": "грн", "₸": "тг", "₺": "TL", "₹": "Rs", "\u202f": "\u00a0"}
"""Signs that the font has no glyph for, in letters that it has."""
_LOWEST = 0.04
"""Of the height: what one case gets on the logarithmic scale."""

Kind = Literal["bars", "columns", "stages"]


@dataclass(frozen=True)
class Chart:
    """What is drawn."""

    kind: Kind
    title: str
    labels: list[str]
    values: list[float | None]
    shown: list[str]
    """The values as they are written."""
    notes: list[str] = field(default_factory=list)
    """For stages: what part came from the stage before."""
    usual: tuple[float, float] | None = None
    """For columns: a band of what is usual on the last day."""
    is_last_marked: bool = False


def chart_of(answer: Answer, shown: Shown) -> Chart | None:
    """A simple picture of an answer: its first measure over time, or by its one dimension; None where there is none."""
    rows, question, measure = answer.rows, answer.question, answer.first_measure
    if answer.report == "long_funnel" and not question.by:
        return _stages(answer, shown)
    if measure is None or len(rows) < 2 or len(question.by) + bool(question.grain) != 1:
        return None
    title = measure.title.to(shown.language)
    if question.grain:
        rows = sorted((row for row in rows if row[question.grain] is not None), key=lambda row: row[question.grain])
        rows = rows[-_MOST_COLUMNS:]
        labels, kind = [shown.day(row[question.grain]) for row in rows], "columns"
    else:
        name = question.by[0]
        rows = sorted((row for row in rows if row[measure.name]), key=lambda row: -abs(row[measure.name]))[:_MOST_BARS]
        labels, kind = [shown.text(value_text(name, row[name])) for row in rows], "bars"
    values = [None if row[measure.name] is None else float(row[measure.name]) for row in rows]
    if not any(values):
        return None
    return Chart(
        "columns" if kind == "columns" else "bars", title, labels, values,
        [shown.card(row[measure.name], measure.format) for row in rows],
    )  # fmt: skip


def _stages(answer: Answer, shown: Shown) -> Chart | None:
    rows = [row for row in answer.rows if row["count"]]
    if len(rows) < 2:
        return None
    return Chart(
        "stages", shown.text(Text("The long funnel", "Длинная воронка")), [row["title"] for row in rows],
        [float(row["count"]) for row in rows], [shown.card(row["count"], "count") for row in rows],
        ["" if row["conversion"] is None else shown.share(row["conversion"]) for row in rows],
    )  # fmt: skip


def draw(chart: Chart) -> bytes:
    """The chart as PNG, ``WIDTH`` wide at three times the resolution."""
    match chart.kind:
        case "bars":
            sheet = _bars(chart)
        case "columns":
            sheet = _columns(chart)
        case "stages":
            sheet = _staged(chart)
    out = io.BytesIO()
    sheet.image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


class _Sheet:
    """A white sheet that is drawn on in CSS pixels."""

    def __init__(self, height: float) -> None:
        self.image = Image.new("RGB", (WIDTH * _SCALE, round(height * _SCALE)), _GROUND)
        self._draw = ImageDraw.Draw(self.image)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str, *, radius: float = 0) -> None:
        """A filled box; its corners round."""
        corners = [round(one * _SCALE) for one in (left, top, max(right, left + 0.5), max(bottom, top + 0.5))]
        self._draw.rounded_rectangle((corners[0], corners[1], corners[2] - 1, corners[3] - 1), radius * _SCALE, colour)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = _BODY,
        colour: str = _INK,
        align: float = 0,
        bold: bool = False,
    ) -> None:
        """Words whose middle line is at ``y``; ``align`` 0 begins at x, 0.5 is centred on it, 1 ends there."""
        runs = _runs(words)
        left = x * _SCALE - align * sum(_font(part, size, bold).getlength(run) for part, run in runs)
        for part, run in runs:
            font = _font(part, size, bold)
            self._draw.text((left, y * _SCALE), run, font=font, fill=colour, anchor="lm")
            left += font.getlength(run)


def length(words: str, *, size: int = _BODY, bold: bool = False) -> float:
    """How wide words are, in CSS pixels."""
    return float(sum(_font(part, size, bold).getlength(run) for part, run in _runs(words))) / _SCALE


def _runs(words: str) -> list[tuple[str, str]]:
    """Words cut where the font's file changes: the Latin one, or the Cyrillic one."""
    runs: list[tuple[str, str]] = []
    for sign in "".join(_LACKING.get(one, one) for one in words):
        part = "cyrillic" if _CYRILLIC[0] <= sign <= _CYRILLIC[1] or sign == "№" else "latin"
        if runs and (runs[-1][0] == part or sign == " "):
            runs[-1] = (runs[-1][0], runs[-1][1] + sign)
        else:
            runs.append((part, sign))
    return runs


@cache
def _font(part: str, size: int, bold: bool) -> Any:
    # the pages' own font; each size and weight is read once
    file = files("longfunnel") / "web" / "static" / "vendor" / "dist" / f"inter-{part}.woff2"
    font = ImageFont.truetype(io.BytesIO(file.read_bytes()), size * _SCALE)
    font.set_variation_by_axes([600 if bold else 400])
    return font


def _fitted(words: str, width: float, size: int) -> str:
    """The words, cut with an ellipsis where they are too wide."""
    if length(words, size=size) <= width:
        return words
    while words and length(f"{words}…", size=size) > width:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _two_lines(words: str, width: float) -> list[str]:
    """The words on one line where they fit, else on two."""
    first, _, rest = words.partition(" ")
    if not rest or length(words, size=_TINY) <= width:
        return [_fitted(words, width, _TINY)]
    return [_fitted(first, width, _TINY), _fitted(rest, width, _TINY)]


def _bars(chart: Chart) -> _Sheet:
    row, top = 30, 34
    sheet = _Sheet(top + row * len(chart.values) + 6)
    sheet.text(0, 12, chart.title, bold=True)
    names = min(max(length(label, size=_BODY) for label in chart.labels), 150)
    ends = max(length(text, size=_BODY) for text in chart.shown)
    start, end = names + 14, WIDTH - ends - 10
    largest = max(abs(value or 0) for value in chart.values)
    for place, value in enumerate(chart.values):
        middle = top + row * place + row / 2
        size = (end - start) * abs(value or 0) / largest
        below = (value or 0) < 0
        sheet.text(0, middle, _fitted(chart.labels[place], names, _BODY))
        sheet.box(start, middle - 9, start + size, middle + 9, _BAD if below else _ACCENT, radius=3)
        sheet.text(start + size + 8, middle, chart.shown[place], colour=_BAD if below else _INK)
    return sheet


def _columns(chart: Chart) -> _Sheet:
    top, bottom, height = 44, 190, 216
    sheet = _Sheet(height)
    sheet.text(0, 12, chart.title, bold=True)
    known = [value for value in chart.values if value is not None]
    high = max([*known, *(chart.usual or ()), 0.0]) or 1.0
    low = min([*known, 0.0])
    unit = (bottom - top) / ((high - low) or 1.0)
    floor = bottom + low * unit
    step = WIDTH / len(chart.values)
    width = max(2.0, min(step * 0.72, 44))
    if chart.usual:
        usual_low, usual_high = chart.usual
        sheet.box(0, floor - usual_high * unit, WIDTH, floor - usual_low * unit, "#eef1fe")
    for place, value in enumerate(chart.values):
        if value is None:
            continue
        middle = step * (place + 0.5)
        is_last = chart.is_last_marked and place == len(chart.values) - 1
        colour = _BAD if is_last or value < 0 else _PALE if chart.is_last_marked else _ACCENT
        edges = sorted((floor, floor - value * unit))
        sheet.box(
            middle - width / 2,
            edges[0],
            middle + width / 2,
            max(edges[1], edges[0] + 1),
            colour,
            radius=min(3, width / 3),
        )
    sheet.box(0, floor, WIDTH, floor + 1, _LINE)
    _marked(sheet, chart, step, floor, unit)
    for place, align in ((0, 0.0), (len(chart.labels) - 1, 1.0)):
        sheet.text(WIDTH * align, height - 11, chart.labels[place], size=_SMALL, colour=_QUIET, align=align)
    return sheet


def _marked(sheet: _Sheet, chart: Chart, step: float, floor: float, unit: float) -> None:
    """The numbers of the largest and the last column, above them."""
    known = [(value, place) for place, value in enumerate(chart.values) if value is not None]
    wanted = {known[-1][1]} if chart.is_last_marked else {max(known)[1], known[-1][1]}
    taken: list[tuple[float, float]] = []
    for place in sorted(wanted, reverse=True):
        half = length(chart.shown[place], size=_SMALL) / 2
        x = min(max(step * (place + 0.5), half), WIDTH - half)
        if all(abs(x - other) > half + other_half + 6 for other, other_half in taken):
            y = floor - max(chart.values[place] or 0, 0) * unit - 9
            sheet.text(x, y, chart.shown[place], size=_SMALL, align=0.5, bold=True)
            taken.append((x, half))


def _staged(chart: Chart) -> _Sheet:
    top, bottom, height = 62, 196, 236
    sheet = _Sheet(height)
    sheet.text(0, 12, chart.title, bold=True)
    step = WIDTH / len(chart.values)
    width = step * 0.56
    tops = _log_tops(chart.values, top, bottom)
    for place in range(len(chart.values)):
        middle = step * (place + 0.5)
        sheet.box(middle - width / 2, tops[place], middle + width / 2, bottom, _ACCENT, radius=3)
        sheet.text(middle, tops[place] - 10, chart.shown[place], size=_BODY, align=0.5, bold=True)
        for line, words in enumerate(_two_lines(chart.labels[place], step - 2)):
            sheet.text(middle, bottom + 16 + 14 * line, words, size=_TINY, colour=_QUIET, align=0.5)
        if place and chart.notes[place]:
            sheet.text(step * place, 38, f"› {chart.notes[place]}", size=_SMALL, colour=_QUIET, align=0.5)
    return sheet


def _log_tops(values: Sequence[float | None], top: float, bottom: float) -> list[float]:
    """Where columns end on a logarithmic scale from one case to the largest stage."""
    largest = math.log10(max(value or 1.0 for value in values)) or 1.0
    return [
        bottom - (bottom - top) * (_LOWEST + (1 - _LOWEST) * math.log10(max(value or 1.0, 1.0)) / largest)
        for value in values
    ]
