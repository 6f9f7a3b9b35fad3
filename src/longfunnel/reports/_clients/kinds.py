"""Two ways to sort clients: by type (potential, real, loyal, regular) and by segment of recency, frequency and money (RFM).

Types are rules that a person can say aloud. Segments compare a client with the other clients: each score says in which fifth of
them the client stands, 5 the best; equal clients have equal scores, so that where most bought once, most share a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES: Final = {
    "potential": Text("Potential", "Потенциальные"),
    "real": Text("Real", "Реальные"),
    "loyal": Text("Loyal", "Лояльные"),
    "regular": Text("Regular", "Постоянные"),
}

SEGMENTS: Final = {
    "champions": Text("Champions", "Чемпионы"),
    "frequent": Text("Frequent buyers", "Частые покупатели"),
    "growing": Text("Growing", "Растущие"),
    "new": Text("New", "Новые"),
    "promising": Text("Promising", "Перспективные"),
    "need_attention": Text("Need attention", "Нужно внимание"),
    "fading": Text("Fading", "Засыпающие"),
    "cannot_lose": Text("Cannot be lost", "Нельзя потерять"),
    "at_risk": Text("At risk", "В зоне риска"),
    "sleeping": Text("Sleeping", "Спящие"),
}

_GRID: Final = (
    # worth 1       2           3                 4           5          recency
    ("sleeping", "sleeping", "at_risk", "at_risk", "cannot_lose"),  # 1
    ("sleeping", "sleeping", "at_risk", "at_risk", "cannot_lose"),  # 2
    ("fading", "fading", "need_attention", "frequent", "frequent"),  # 3
    ("promising", "growing", "growing", "frequent", "frequent"),  # 4
    ("new", "growing", "growing", "champions", "champions"),  # 5
)
"""Segment by the score of recency, then by the mean of the scores of frequency and money."""


@dataclass(frozen=True)
class TypeRules:
    """From how many orders a client is loyal or regular, and how long ago at most a regular one's last order lies."""

    loyal_orders: int = 2
    regular_orders: int = 3
    regular_days: int = 365


def types_of(orders: NDArray[np.int64], silent_days: NDArray[np.int64], rules: TypeRules) -> list[str]:
    """The type of each client who has ordered: regular, else loyal, else real. ``silent_days`` is since the last order."""
    is_regular = (orders >= rules.regular_orders) & (silent_days <= rules.regular_days)
    found: list[str] = np.where(is_regular, "regular", np.where(orders >= rules.loyal_orders, "loyal", "real")).tolist()
    return found


def scores(values: NDArray[np.float64], edges: tuple[float, ...] = ()) -> NDArray[np.int64]:
    """1 to 5 by the part of all that lies below a value, or by how many of four ``edges`` it reaches. NaN scores 0."""
    if edges:
        found = 1 + np.searchsorted(np.asarray(edges), values, side="right")
    else:
        known = np.sort(values[~np.isnan(values)])
        found = 1 + 5 * np.searchsorted(known, values, side="left") // max(len(known), 1)
    return np.asarray(np.where(np.isnan(values), 0, found), dtype=np.int64)


def segments_of(recency: NDArray[np.int64], frequency: NDArray[np.int64], money: NDArray[np.int64]) -> list[str]:
    """The segment of each client from their three scores; where money is not known (0), frequency stands alone."""
    worth = np.where(money > 0, (frequency + money + 1) // 2, frequency)
    return [_GRID[r - 1][w - 1] for r, w in zip(recency.tolist(), worth.tolist(), strict=True)]
