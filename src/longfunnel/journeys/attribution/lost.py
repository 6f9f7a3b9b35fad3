"""Journeys that came to nothing, gathered from touches in order: cut to the window, equal ones counted instead of repeated.

Models that learn from such journeys look at the walk from channel to channel or at the set of channels, so the same channel
again at once is one step of the walk, and a journey is the list of its steps. Each list is found in a tree of all lists seen
so far; the edges of the tree are kept in one table of hashes whose keys (node of the tree, channel) are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Lost:
    """Journey i has the channels starts[i] … starts[i + 1] - 1 of ``node`` and stands for ``times`` persons, or for the one ``buyer``."""

    starts: Ints
    node: Ints
    times: Ints
    buyer: NDArray[np.uint64]


def gather(
    person: NDArray[np.uint64], at: Ints, node: Ints, is_direct: Flags, is_inside: Flags, is_buyer: Flags, window: int,
    *, skips_direct: bool = False,
) -> Lost:  # fmt: skip
    """Journeys from touches sorted by person and time; one of each person whose last touch is inside.

    ``at`` is in µs, as ``window`` before the last touch is. With ``skips_direct`` direct touches leave journeys that have any other.
    The order is that of the persons, first seen first.
    """
    size = len(person)
    slots = 1 << max(int(2 * size).bit_length(), 4)
    keys, values = np.full(slots, -1, np.int64), np.empty(slots, np.int64)
    above, step, depth = (np.zeros(size + 1, np.int64) for _ in range(3))
    times, buyer, ends = np.zeros(size, np.int64), np.zeros(size, np.uint64), np.empty(size, np.int64)
    row_of = np.full(size + 1, -1, np.int64)
    channels = int(node.max(initial=0)) + 1
    rows = _gather(
        person, at, node, is_direct, is_inside, is_buyer, window, skips_direct, channels, keys, values, above, step, depth,
        row_of, ends, times, buyer,
    )  # fmt: skip
    starts = np.concatenate(([0], np.cumsum(depth[ends[:rows]])))
    found = np.empty(int(starts[-1]), np.int64)
    _unfold(ends[:rows], starts, above, step, found)
    return Lost(starts, found, times[:rows], buyer[:rows])


@part
def _slot(keys: Ints, key: int) -> int:
    """Where the key stands, or the free place where it would; the multiplier is that of Fibonacci hashing."""
    mask = len(keys) - 1
    place = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    slot = np.int64(place & np.uint64(mask))
    while keys[slot] not in (-1, key):
        slot = (slot + 1) & mask
    return int(slot)


@kernel
def _gather(
    person: NDArray[np.uint64], at: Ints, node: Ints, is_direct: Flags, is_inside: Flags, is_buyer: Flags, window: int,
    skips_direct: bool, channels: int, keys: Ints, values: Ints, above: Ints, step: Ints, depth: Ints, row_of: Ints,
    ends: Ints, times: Ints, buyer: NDArray[np.uint64],
) -> int:  # fmt: skip
    """Fill the tree (``above``, ``step``, ``depth`` of each of its nodes; 0 is the root) and the rows; return how many rows there are."""
    nodes, rows, low, size = 1, 0, 0, len(person)
    while low < size:
        high = low + 1
        while high < size and person[high] == person[low]:
            high += 1
        first = high - 1
        while first > low and at[first - 1] >= at[high - 1] - window:
            first -= 1
        has_firm = False
        for row in range(first, high):
            has_firm = has_firm or not is_direct[row]
        leaves_out = skips_direct and has_firm
        last = high - 1
        while leaves_out and is_direct[last]:
            last -= 1
        if is_inside[last]:
            place = 0
            for row in range(first, last + 1):
                if (leaves_out and is_direct[row]) or (place > 0 and step[place] == node[row]):
                    continue
                slot = _slot(keys, place * channels + node[row])
                if keys[slot] == -1:
                    keys[slot], values[slot] = place * channels + node[row], nodes
                    above[nodes], step[nodes], depth[nodes] = place, node[row], depth[place] + 1
                    nodes += 1
                place = values[slot]
            if is_buyer[low]:
                ends[rows], times[rows], buyer[rows] = place, 1, person[low]
                rows += 1
            else:
                if row_of[place] < 0:
                    row_of[place], ends[rows] = rows, place
                    rows += 1
                times[row_of[place]] += 1
        low = high
    return rows


@kernel
def _unfold(ends: Ints, starts: Ints, above: Ints, step: Ints, found: Ints) -> None:
    """Read each journey back from its end to the root."""
    for row in range(len(ends)):
        place = ends[row]
        for k in range(starts[row + 1] - 1, starts[row] - 1, -1):
            found[k] = step[place]
            place = above[place]
