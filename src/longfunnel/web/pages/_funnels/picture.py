"""A funnel of one's own as a picture: a column per step, what was lost above it, the interval of its conversion on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, TOP, FLOOR, HEIGHT = 1184, 56, 296, 356
_WIDEST = 132.0
_LEAST = 2.0
_LOG_BELOW = 0.001
"""Where the smallest column would be lower than this part of the first, heights are logarithms."""
_LETTERS = 22


@dataclass(frozen=True)
class Column:
    """One step."""

    number: int
    title: str
    lines: list[str]
    """The title in at most two lines that fit under the column."""
    count: int
    lost: int | None
    conversion: float | None
    conversion_before: float | None
    change: float | None
    low: float | None
    high: float | None
    median_days: float | None
    p90_days: float | None
    is_optional: bool
    x: float
    width: float
    y: float
    gap_y: float
    """Where the count of the step before ends: what lies between is lost."""
    low_y: float | None
    high_y: float | None
    middle: float
    ribbon: str
    """The way from the column before."""
    ribbon_x: float

    @property
    def height(self) -> float:
        """From the floor up."""
        return round(FLOOR - self.y, 1)

    @property
    def share(self) -> float:
        """The height as a part of the highest possible one, 0..1: how wide it is where the funnel stands upright."""
        return self.height / (FLOOR - TOP)

    @property
    def gap_height(self) -> float:
        """Of what was lost."""
        return round(max(self.y - self.gap_y, 0), 1)


@dataclass(frozen=True)
class StepPicture:
    """The whole drawing."""

    columns: list[Column]
    is_log: bool
    worst: Column | None
    """The step that loses the largest part."""


def step_picture(
    rows: list[dict[str, Any]], titles: Sequence[str], optional: Sequence[bool], scale: str
) -> StepPicture:
    """The picture of a funnel's rows, one per step. ``scale``: linear, log, or empty for what reads better."""
    first = max((row["count"] for row in rows), default=0)
    smallest = min((row["count"] for row in rows if row["count"]), default=0)
    is_log = scale == "log" or (scale != "linear" and bool(first) and smallest / first < _LOG_BELOW)

    def at(count: float) -> float:
        if not first or count <= 0:
            return FLOOR - _LEAST
        part = math.log10(count + 1) / math.log10(first + 1) if is_log else count / first
        return round(FLOOR - max((FLOOR - TOP) * part, _LEAST), 1)

    step = WIDTH / max(len(rows), 1)
    width = round(min(step * 0.5, _WIDEST), 1)
    columns: list[Column] = []
    required = 0
    for place, row in enumerate(rows):
        middle = round((place + 0.5) * step, 1)
        of = rows[required]["count"] if place else None
        low, high = row["conversion_low"], row["conversion_high"]
        y = at(row["count"])
        columns.append(
            Column(
                place + 1, titles[place], _lines(titles[place], step), row["count"], row["lost"], row["conversion"],
                row.get("conversion_before"), row.get("count_change"), low, high, row["median_days"], row["p90_days"],
                optional[place], round(middle - width / 2, 1), width, y, at(of) if of is not None else y,
                at(low * of) if of and low is not None else None, at(high * of) if of and high is not None else None,
                middle, _ribbon(columns[-1], middle - width / 2, y) if columns else "", round(middle - step / 2, 1),
            )
        )  # fmt: skip
        required = required if optional[place] and place else place
    losing = [column for column in columns if column.conversion is not None and not column.is_optional and column.lost]
    return StepPicture(columns, is_log, min(losing, key=lambda column: column.conversion or 0, default=None))


def _ribbon(left: Column, x1: float, y1: float) -> str:
    x0 = left.x + left.width
    bend = (x1 - x0) / 2
    return f"M{x0:.1f} {left.y:.1f}C{x0 + bend:.1f} {left.y:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}V{FLOOR}H{x0:.1f}Z"


def _lines(title: str, step: float) -> list[str]:
    """The title in at most two lines."""
    most = max(min(int(step / 7.2), _LETTERS + 12), 8)
    lines: list[str] = [""]
    for word in title.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= most or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    cut = [line if len(line) <= most else f"{line[: most - 1]}…" for line in lines[:2]]
    return [*cut[:-1], f"{cut[-1][: most - 1]}…"] if len(lines) > 2 and not cut[-1].endswith("…") else cut
