"""What the models of repeat purchases need to know of a customer: how many, when the last, and how long we have watched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Histories:
    """Distinct histories of repeat purchases and how many customers have each; times are in one unit, say weeks.

    The three numbers are sufficient for BG/NBD and Pareto/NBD, so that customers of one history are counted, not repeated.
    """

    repeats: Floats
    """Purchases after the first, x."""
    last: Floats
    """Time from the first purchase to the last one, t_x; 0 where x is 0."""
    watched: Floats
    """Time from the first purchase to the end of the data, T."""
    customers: Floats
    """How many customers have this history."""
    place: NDArray[np.int64]
    """For each customer, the row of their history."""

    @cached_property
    def levels(self) -> tuple[Floats, NDArray[np.int64]]:
        """The distinct numbers of repeats, and for each history its place among them: slow functions of x are few."""
        found, place = np.unique(self.repeats, return_inverse=True)
        return found, place.astype(np.int64)

    @property
    def buyers_again(self) -> int:
        """Customers with at least one repeat purchase."""
        return int(self.customers[self.repeats > 0].sum())


def histories(repeats: NDArray[np.generic], last: NDArray[np.generic], watched: NDArray[np.generic]) -> Histories:
    """Customers grouped by equal history. Arrays of one row per customer.

    Raises ValueError for a history that cannot be: a last purchase beyond the end, or a repeat without time.
    """
    rows = np.column_stack([np.asarray(column, dtype=np.float64) for column in (repeats, last, watched)])
    if np.any(rows < 0) or np.any(rows[:, 1] > rows[:, 2] + 1e-9) or np.any((rows[:, 0] == 0) != (rows[:, 1] == 0)):
        raise ValueError("a history needs 0 <= last <= watched, and last > 0 exactly where there are repeats")
    order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))
    ordered = rows[order]
    is_new = np.ones(len(rows), dtype=np.bool_)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.empty(len(rows), dtype=np.int64)
    place[order] = np.cumsum(is_new) - 1
    x, t_x, t = ordered[is_new].T.copy()
    return Histories(x, t_x, t, np.bincount(place, minlength=len(x)).astype(np.float64), place)


def from_days(
    customer: NDArray[np.integer], day: NDArray[np.integer], end: int, unit: float = 7.0
) -> tuple[NDArray[np.integer], Histories]:
    """Customers (ascending) and their histories from one row per purchase; several of one day are one, as Fader and Hardie count.

    ``end`` is the last day that was watched; later purchases take no part. ``unit`` is how many days a unit of time has.
    """
    seen = day <= end
    order = np.lexsort((day[seen], customer[seen]))
    who, when = customer[seen][order], day[seen][order]
    new = np.ones(len(who), dtype=np.bool_)
    new[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    ids, starts, counts = np.unique(who[new], return_index=True, return_counts=True)
    days = when[new].astype(np.float64)
    first, latest = days[starts], days[starts + counts - 1]
    return ids, histories(counts - 1, (latest - first) / unit, (end - first) / unit)
