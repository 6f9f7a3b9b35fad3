"""Reading the timeline: which rows matter, and what each row stands under (its visit's origin, its session)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEEP, VISIT, SITE = 1, 2, 4
"""Marks of an act: its rows are kept whatever steps they match; it begins a visit; it happens on the site."""


class ActTable(NamedTuple):
    """Acts by open addressing: an act's number is at the first of its places from ``act_id % size`` on that holds it.

    ``number`` is -1 at a free place. ``steps``, ``exclusions`` and ``marks`` are by that number.
    """

    act_id: NDArray[np.int64]
    number: NDArray[np.int64]
    steps: NDArray[np.int64]
    exclusions: NDArray[np.int64]
    marks: NDArray[np.int64]


class Limits(NamedTuple):
    """Which rows are kept: from ``low`` to ``high`` (µs, inclusive), all but visits if ``everything``, else those that an act
    of the table asks for. ``silence``: how long after its last event on the site a session still holds other events.
    """

    low: int
    high: int
    everything: bool
    silence: int


class Kept(NamedTuple):
    """Rows that matter: their places in the chunk, the number of their act (-1: none of the table), the masks of steps and
    exclusions, the origin of the visit that they stand under (0: none), and their session (-1: none).
    """

    place: NDArray[np.int64]
    number: NDArray[np.int64]
    steps: NDArray[np.int64]
    exclusions: NDArray[np.int64]
    origin: NDArray[np.int64]
    session: NDArray[np.int64]


def act_table(
    act_id: NDArray[np.uint64], steps: NDArray[np.int64], exclusions: NDArray[np.int64], marks: NDArray[np.int64]
) -> ActTable:
    """The table of these distinct acts."""
    size = 1 << max(4, int(2 * len(act_id)).bit_length())
    slots, number = np.zeros(size, np.int64), np.full(size, -1, np.int64)
    _place(act_id.view(np.int64), slots, number)
    return ActTable(slots, number, steps, exclusions, marks)


@kernel
def _place(act_id: NDArray[np.int64], slots: NDArray[np.int64], number: NDArray[np.int64]) -> None:
    mask = slots.shape[0] - 1
    for i in range(act_id.shape[0]):
        place = act_id[i] & mask
        while number[place] >= 0:
            place = (place + 1) & mask
        slots[place] = act_id[i]
        number[place] = i


@kernel
def select(
    person: NDArray[np.int64],
    at: NDArray[np.int64],
    act: NDArray[np.int64],
    origin: NDArray[np.int64],
    table: ActTable,
    limits: Limits,
    state: NDArray[np.int64],
    kept: Kept,
) -> int:
    """Fill ``kept`` with the rows of a chunk that matter, and return how many there are. O(rows).

    ``state`` (person, origin, session, last time on the site) goes from one chunk to the next; an empty ``origin`` means that
    nobody asks for it.
    """
    size = 0
    mask = table.act_id.shape[0] - 1
    now, current, session, site = state[0], state[1], state[2], state[3]
    for row in range(person.shape[0]):
        if person[row] != now:
            now, current, session, site = person[row], 0, -1, 0
        place = act[row] & mask
        number = table.number[place]
        while number >= 0 and table.act_id[place] != act[row]:
            place = (place + 1) & mask
            number = table.number[place]
        steps, exclusions, marks = 0, 0, 0
        if number >= 0:
            steps, exclusions, marks = table.steps[number], table.exclusions[number], table.marks[number]
        if marks & VISIT:
            current = origin[row] if origin.shape[0] else 0
            session += 1
            site = at[row]
        elif marks & SITE:
            site = at[row]
        wanted = steps | exclusions | (marks & KEEP) or (limits.everything and not marks & VISIT)
        if wanted and limits.low <= at[row] <= limits.high:
            kept.place[size] = row
            kept.number[size] = number
            kept.steps[size] = steps
            kept.exclusions[size] = exclusions
            kept.origin[size] = current
            kept.session[size] = session if marks & (VISIT | SITE) or at[row] - site <= limits.silence else -1
            size += 1
    state[0], state[1], state[2], state[3] = now, current, session, site
    return size


def room(size: int) -> Kept:
    """Space for the rows of a chunk of ``size``."""
    return Kept(*(np.empty(size, np.int64) for _ in Kept._fields))
