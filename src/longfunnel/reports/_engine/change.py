"""A change as people read it: whether it is good, and its sign and size."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longfunnel.core.shown import Shown
    from longfunnel.reports._engine.answer import Column


def sense(value: float | Decimal | None, direction: str) -> str:
    """Whether a change is better or worse for its metric."""
    if not value or direction == "none":
        return "same"
    return "better" if (value > 0) == (direction == "up") else "worse"


def is_below_zero(before: Any) -> bool:
    """Whether a value was negative: a percentage of it would point the wrong way."""
    return isinstance(before, (int, float, Decimal)) and before < 0


def change_text(shown: Shown, column: Column, value: Any, before: Any, change: float | None) -> str:
    """A change as it is shown; empty without one. Relative; of a share in percentage points, as a percentage of a percentage
    misleads; and the difference where what it was is below zero."""
    if change is None or value is None:
        return ""
    is_share = column.format == "share" and before is not None
    if not is_share and not is_below_zero(before):
        return shown.change(change)
    gap = value - before
    size = shown.points(abs(gap)) if is_share else shown.card(abs(gap), column.format)
    return f"{'+' if gap > 0 else '−' if gap < 0 else ''}{size}"
