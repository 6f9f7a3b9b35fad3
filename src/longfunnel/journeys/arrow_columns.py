"""The timeline's columns out of Arrow, as kernels take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from longfunnel.journeys.kernels.columns import signed
from longfunnel.journeys.kernels.totals import NO_AMOUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray


def plain(batch: pa.RecordBatch) -> dict[str, NDArray[np.int64]]:
    """The columns of a batch of the timeline as int64, without copying where possible.

    Instants are in microseconds, amounts in ten-thousandths (``NO_AMOUNT``: unknown). Raises ValueError where anything else
    is unknown.
    """
    found = {}
    for name in batch.schema.names:
        column = batch.column(name)
        if name == "amount":
            found[name] = _amounts(column)
            continue
        if column.null_count:
            raise ValueError(f"timeline.{name} has unknown values.")
        number = column.view(pa.int64()) if pa.types.is_timestamp(column.type) else column
        found[name] = signed(number.to_numpy(zero_copy_only=True))
    return found


def _amounts(column: pa.Array) -> NDArray[np.int64]:
    """DECIMAL(18,4) as whole ten-thousandths: the low half of each 128-bit value, which holds all 18 digits."""
    halves = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset :: 2][: len(column)].copy()
    if column.null_count:
        halves[column.is_null().to_numpy(zero_copy_only=False)] = NO_AMOUNT
    return halves
