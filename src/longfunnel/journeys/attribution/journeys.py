"""What the kernels read: the touches before each sale, and the journeys that came to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = int(np.iinfo(np.int64).min)
"""A moment that did not come."""
NOWHERE: Final = 0
"""The channel of a sale without any touch. Such a journey has one row of it and takes no part in chains and games."""
PAID: Final = 1
NOT_DIRECT: Final = 2
CHOSEN: Final = 4
"""Bits of a touch."""


@dataclass(frozen=True)
class Paths:
    """Journeys as runs of channels: journey i has rows starts[i] … starts[i+1]-1 of ``node``, in order of time.

    ``unit`` is the person or the group of persons that a journey belongs to, for resampling; ``times`` says how many
    journeys a row of this table stands for.
    """

    starts: NDArray[np.int64]
    node: NDArray[np.int64]
    unit: NDArray[np.int64]
    times: NDArray[np.int64]


@dataclass(frozen=True)
class Journeys:
    """All that a comparison of models needs. Each journey of ``won`` stands for one sale; every one has at least one row."""

    won: Paths
    lost: Paths
    """Persons that bought nothing; equal journeys may be one row with ``times``."""
    at: NDArray[np.int64]
    """Of each row of ``won``: its instant, µs."""
    flags: NDArray[np.int64]
    """Of each row of ``won``: PAID, NOT_DIRECT, CHOSEN."""
    lead_at: NDArray[np.int64]
    """Of each journey of ``won``: when the lead came, µs, or NEVER."""
    deal_at: NDArray[np.int64]
    """The same of the deal."""
    values: NDArray[np.int64] | None
    """What each sale of ``won`` brought, in 1/10,000 of the currency; None: the sales themselves are counted."""
    inside: NDArray[np.bool_] | None
    """Which rows of ``won`` count, by the date of the touch; None: all."""
    nodes: int
    """How many channels there are, NOWHERE among them."""
    unit_times: NDArray[np.int64]
    """How many persons each unit of resampling stands for."""

    @property
    def worth(self) -> NDArray[np.float64]:
        """What each journey of ``won`` brought: money in 1/10,000, or 1."""
        return np.ones(len(self.won.unit)) if self.values is None else self.values.astype(np.float64)
