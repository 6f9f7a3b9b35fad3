"""The long funnel as one picture: columns of equal width, height on a logarithmic scale, ribbons that carry what goes on.

Six orders of magnitude lie between an impression and a repeat order, so heights are logarithms of counts and the picture says
so; the numbers on it are exact. Its geometry is made here and drawn by a template as SVG: no script, and it prints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longfunnel.reports import Answer

WIDTH, TOP, FLOOR = 1184, 76, 316
"""The drawing's width, and where the highest column ends and all columns stand, in its own units."""
HEIGHT = 372
_COLUMN_SHARE = 0.52
_LEAST = 6.0


@dataclass(frozen=True)
class Bar:
    """One stage."""

    name: str
    title: str
    count: int | None
    change: float | None
    before: int | None
    x: float
    width: float
    y: float
    middle: float
    decades: list[float]
    """Where the heights of 1, 10, 100 … stand inside the column."""

    @property
    def height(self) -> float:
        """From the floor up."""
        return FLOOR - self.y

    @property
    def share(self) -> float:
        """The height as a part of the highest possible one, 0..1: how wide it is where the funnel stands upright."""
        return self.height / (FLOOR - TOP)


@dataclass(frozen=True)
class Ribbon:
    """What goes on from one connected stage to the next."""

    name: str
    """The stage that it leads to."""
    came_from: str
    path: str
    x: float
    y: float
    conversion: float | None
    conversion_before: float | None
    difference: int
    """Cases fewer (positive) or more (negative) than in the stage before."""
    median_days: float | None
    is_wider: bool
    """More come into the stage than the stage before had: they come by other ways, too."""
    is_leak: bool
    leak_money: Decimal | None


@dataclass(frozen=True)
class Picture:
    """The whole drawing."""

    bars: list[Bar]
    ribbons: list[Ribbon]
    missing: list[str]
    """Titles of stages that nothing is connected for."""
    leak: Ribbon | None


def picture_of(answer: Answer, *, value_of: dict[str, Decimal]) -> Picture:
    """The picture of a long funnel's answer. ``value_of``: what one case of a stage brings on average, where that is known.

    The costliest leak is the stage whose conversion fell against the compared period and cost most: cases lost by the fall,
    times what one case of the stage is worth. Without a comparison no leak is named, since losing most of the
    impressions is no fault by itself.
    """
    rows = [row for row in answer.rows if row["count"] is not None]
    missing = [row["title"] for row in answer.rows if row["count"] is None]
    if not rows:
        return Picture([], [], missing, None)
    step = WIDTH / len(rows)
    top = max(math.log10(max(row["count"], 1) + 1) for row in rows)
    bars = [_bar(row, place, step, top) for place, row in enumerate(rows)]
    costs = {row["stage"]: _leak(row, previous, value_of) for previous, row in pairwise(rows)}
    known = {name: cost for name, cost in costs.items() if cost is not None and cost > 0}
    worst = max(known, key=lambda name: known[name]) if known else None
    ribbons = [
        _ribbon(row, left, right, is_leak=row["stage"] == worst, money=known.get(row["stage"]))
        for row, left, right in zip(rows[1:], bars, bars[1:], strict=False)
    ]
    return Picture(bars, ribbons, missing, next((ribbon for ribbon in ribbons if ribbon.is_leak), None))


def _bar(row: dict[str, Any], place: int, step: float, top: float) -> Bar:
    width = step * _COLUMN_SHARE
    count = row["count"]
    height = max(_LEAST, (FLOOR - TOP) * math.log10(count + 1) / top) if count and top else 2.0
    decades = [FLOOR - (FLOOR - TOP) * math.log10(10**power + 1) / top for power in range(1, 10) if 10**power < count]
    middle = (place + 0.5) * step
    return Bar(
        row["stage"], row["title"], count, row.get("count_change"), row.get("count_before"),
        round(middle - width / 2, 1), round(width, 1), round(FLOOR - height, 1), round(middle, 1),
        [round(y, 1) for y in decades],
    )  # fmt: skip


def _ribbon(row: dict[str, Any], left: Bar, right: Bar, *, is_leak: bool, money: Decimal | None) -> Ribbon:
    x0, x1 = left.x + left.width, right.x
    bend = (x1 - x0) / 2
    path = (
        f"M{x0:.1f} {left.y:.1f}C{x0 + bend:.1f} {left.y:.1f} {x1 - bend:.1f} {right.y:.1f} {x1:.1f} {right.y:.1f}"
        f"V{FLOOR}H{x0:.1f}Z"
    )
    return Ribbon(
        name=row["stage"],
        came_from=left.title,
        path=path,
        x=round((x0 + x1) / 2, 1),
        y=round((left.y + right.y) / 2, 1),
        conversion=row["conversion"],
        conversion_before=row.get("conversion_before"),
        difference=(left.count or 0) - (right.count or 0),
        median_days=row["median_days"],
        is_wider=right.count is not None and left.count is not None and right.count > left.count,
        is_leak=is_leak,
        leak_money=money if is_leak else None,
    )


def _leak(row: dict[str, Any], previous: dict[str, Any], value_of: dict[str, Decimal]) -> Decimal | None:
    """Cases that the earlier conversion would have brought on and the present one did not, in money."""
    now, before, value = row["conversion"], row.get("conversion_before"), value_of.get(row["stage"])
    if now is None or before is None or value is None or now >= before or before > 1:
        return None
    return Decimal(str((before - now) * float(previous["count"]))) * value
