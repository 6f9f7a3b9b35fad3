"""How large the invented business is, when it lives, and its reproducible randomness."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

ScaleName = Literal["small", "medium", "large"]
Language = Literal["ru", "en"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DAY = 86_400
HOUR = 3_600
UTC_OFFSET = 3 * HOUR
"""Moscow is three hours ahead of UTC all year. Every instant inside the demo is a Moscow wall clock in epoch
seconds."""

FIRST_DAY = date(2025, 9, 1)
LAST_DAY = date(2026, 10, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
TRACKING_LEAD_IN_DAYS = 31
"""The CRM holds this many days of history from before the site was tracked."""


def clock(day: date) -> int:
    """Midnight of a day, in epoch seconds of the Moscow wall clock."""
    return (day - date(1970, 1, 1)).days * DAY


START = clock(FIRST_DAY)
END = clock(LAST_DAY) + DAY
"""The first second after the history."""


@dataclass(frozen=True)
class Scale:
    """A size of the business."""

    name: ScaleName
    people: int
    """Persons who visit the site at least once."""
    markets: tuple[str, ...]
    """Ad campaigns are repeated for each of these markets."""
    events_format: Literal["csv.gz", "parquet"]
    payments_format: Literal["xlsx", "csv"]


SCALES: dict[ScaleName, Scale] = {
    "small": Scale("small", 15_000, ("rf",), "csv.gz", "xlsx"),
    "medium": Scale("medium", 235_000, ("msk", "rf"), "csv.gz", "xlsx"),
    "large": Scale("large", 2_360_000, ("msk", "spb", "mln", "rf"), "parquet", "csv"),
}


class Dice:
    """Random streams by name: what one part of the business draws never moves what another one draws."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, name: str) -> np.random.Generator:
        """The stream of that name, from its beginning."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, zlib.crc32(name.encode())])))

    def scramble(self, numbers: Ints, salt: int) -> npt.NDArray[np.uint64]:
        """Numbers that look random and never collide, from consecutive ones (the SplitMix64 finaliser, a bijection)."""
        mixed = numbers.astype(np.uint64) + np.uint64((salt * 1_000_003 + self.seed) % 2**20 << 40)
        mixed = (mixed + np.uint64(0x9E3779B97F4A7C15)) & np.uint64(0xFFFFFFFFFFFFFFFF)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
