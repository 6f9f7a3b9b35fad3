"""How much a campaign and a link's mark resemble each other: by their words, and by clicks and visits day by day."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.matching.readings import LOOSER
from longfunnel.journeys.matching.spelling import spelt

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from longfunnel.journeys.matching.seen import Day

LEAST_DAYS = 7
"""Fewer days with clicks or visits tell nothing of how they go together."""


def alike(name: str, value: str) -> float:
    """From 0 to 1: the larger of the share of common words (Sørensen–Dice) and of common characters (Ratcliff–Obershelp)."""
    ours, theirs = spelt(name, LOOSER[-1]), spelt(value, LOOSER[-1])
    if not ours or not theirs:
        return 0.0
    words, others = set(ours.split()), set(theirs.split())
    dice = 2 * len(words & others) / (len(words) + len(others))
    return max(dice, SequenceMatcher(None, ours, theirs, autojunk=False).ratio())


def together(clicks: Sequence[Counter[Day]], visits: Sequence[Counter[Day]]) -> NDArray[np.float64]:
    """Pearson's correlation of log(1 + clicks) and log(1 + visits) over the days that both sides cover, for each pair.

    NaN where fewer than ``LEAST_DAYS`` days have anything on both sides of a pair, or one side never changes.
    """
    none = np.full((len(clicks), len(visits)), np.nan)
    covered = [set().union(*side) if side else set() for side in (clicks, visits)]
    if not covered[0] or not covered[1]:
        return none
    since, until = max(map(min, covered)), min(map(max, covered))
    days = sorted(day for day in covered[0] | covered[1] if since <= day <= until)
    if len(days) < LEAST_DAYS:
        return none
    left, right = (np.log1p([[one.get(day, 0) for day in days] for one in side]) for side in (clicks, visits))
    enough = np.minimum.outer((left > 0).sum(1), (right > 0).sum(1)) >= LEAST_DAYS
    left, right = (side - side.mean(1, keepdims=True) for side in (left, right))
    sizes = np.outer(np.sqrt((left**2).sum(1)), np.sqrt((right**2).sum(1)))
    products = left @ right.T
    return np.where(enough & (sizes > 1e-9), products / np.maximum(sizes, 1e-9), np.nan)
