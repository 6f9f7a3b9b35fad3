"""A moment and a key as one number, so that min and max find the first and the last row without sorting.

``HUGEINT = (microseconds since year 1 * 16 + rank) * 2^64 + key``: ordered by moment, then rank, then key.
"""

from __future__ import annotations

from typing import Final

_SINCE_YEAR_1: Final = 62_135_596_800_000_000
_KEY: Final = "18446744073709551616::HUGEINT"


def packed(at: str, key: str, rank: str = "0") -> str:
    """SQL of the number for a moment, a rank in 0..15 among rows of one moment, and a UBIGINT key."""
    return f"(((epoch_us({at}) + {_SINCE_YEAR_1}) * 16 + {rank})::HUGEINT * {_KEY} + {key})"


def unpacked(number: str) -> str:
    """SQL of the key in a packed number."""
    return f"CAST({number} % {_KEY} AS UBIGINT)"
