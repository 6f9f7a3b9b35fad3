"""Rows kept as equally long arrays: what the invented business is made of before it becomes files."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from longfunnel.demo.scale import Flags, Ints

Any1D = npt.NDArray[Any]


class Columns:
    """A dataclass whose fields are all arrays of one length."""

    def arrays(self) -> dict[str, Any1D]:
        """The columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(next(iter(self.arrays().values())))

    def take(self, index: Ints | Flags) -> Self:
        """The rows at ``index`` (positions or a mask)."""
        return type(self)(**{name: values[index] for name, values in self.arrays().items()})

    def join(self, other: Self) -> Self:
        """These rows, then the other's."""
        theirs = other.arrays()
        return type(self)(**{name: np.concatenate([ours, theirs[name]]) for name, ours in self.arrays().items()})


@dataclass
class Visits(Columns):
    """One row is a visit to the site."""

    person: Ints
    at: Ints
    channel: Ints
    ad: Ints
    """Index of the clicked ad, -1 where none was."""
    slot: Ints
    """Which of the person's devices."""
    product: Ints
    number: Ints
    """The person's first visit is 1."""


@dataclass
class Requests(Columns):
    """One row is a request to be contacted: one lead, however many systems write it down."""

    person: Ints
    at: Ints
    visit: Ints
    """Index of the visit in which it was made, -1 where the company cannot know it."""
    channel: Ints
    """The true channel of the request; ``OFFLINE`` for requests that no visit led to."""
    ad: Ints
    kind: Ints
    product: Ints
    situation: Ints
    """Index in ``catalogue.SITUATIONS``."""
    is_repeat: Flags
    is_qualified: Flags


@dataclass
class Deals(Columns):
    """One row is an opportunity in a CRM. Money is whole kopecks."""

    request: Ints
    """Index of the request that it grew from, -1 for a deal that a manager made by hand."""
    person: Ints
    created: Ints
    responded: Ints
    closed: Ints
    """The close, -1 while open."""
    status: Ints
    """0 open, 1 won, 2 lost."""
    product: Ints
    manager: Ints
    amount: Ints
    cost_of_goods: Ints
    lost_at_stage: Ints
    reason: Ints
    situation: Ints
    is_repeat: Flags
    is_checkout: Flags
