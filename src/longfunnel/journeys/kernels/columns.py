"""Columns as kernels take them: contiguous int64, one type whatever they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_COLUMN = np.empty(0, np.int64)
"""Stands for a column that is not there."""


class _Memory:
    """Offers an array's memory again, as int64 and writable. (It is not written: kernels compile once per array type, and
    a read-only array, which Arrow and DuckDB hand out, is another type.)
    """

    def __init__(self, column: NDArray[np.generic]) -> None:
        self.column = column
        self.__array_interface__ = {
            "version": 3,
            "shape": column.shape,
            "typestr": "<i8",
            "data": (column.__array_interface__["data"][0], False),
        }


def signed(column: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.int64]:
    """The column as contiguous int64 without copying where possible; masks of up to 63 bits keep their meaning."""
    if column.dtype not in (np.int64, np.uint64):
        raise ValueError(f"A column is {column.dtype}; it must be int64 or uint64.")
    whole = np.ascontiguousarray(column)
    if not len(whole):
        return NO_COLUMN
    return whole.view(np.int64) if whole.flags.writeable else np.asarray(_Memory(whole), np.int64)
