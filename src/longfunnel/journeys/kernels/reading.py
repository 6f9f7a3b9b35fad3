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
    """Rows that matter: person, instant, masks of steps and exclusions, the row's place in the chunk, the number of its act (-1:
    none of the table), the origin of the visit that it stands under (0: none), its session (-1: none).
    """

    person: NDArray[np.int64]
    at: NDArray[np.int64]
    steps: NDArray[np.int64]
    place: NDArray[np.int64]
    number: NDArray[np.int64]
    exclusions: NDArray[np.int64]
    origin: NDArray[np.int64]
    session: NDArray[np.int64]


def act_table(
    act_id: NDArray[np.uint64], steps: NDArray[np.int64], exclusions: NDArray[np.int64], marks: NDArray[np.int64]
) -> ActTable:
    """The table of these distinct acts."""
    size = 1 << max(10, int(4 * len(act_id)).bit_length())  # sparse: most rows are settled at one look
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
    kept: Kept,
) -> int:
    """Fill ``kept`` with the rows of whole persons that matter, and return how many there are. O(rows).

    An empty ``origin`` means that nobody asks for it; so do empty columns of ``kept``.
    """
    size = 0
    mask = table.act_id.shape[0] - 1
    has_place, has_number, has_exclusions = kept.place.shape[0], kept.number.shape[0], kept.exclusions.shape[0]
    has_origin, has_session = kept.origin.shape[0], kept.session.shape[0]
    now, current, session, site = 0, 0, -1, 0
    for row in range(person.shape[0]):
        if person[row] != now or row == 0:
            now, current, session, site = person[row], 0, -1, 0
        place = act[row] & mask
        number = table.number[place]
        while number >= 0 and table.act_id[place] != act[row]:
            place = (place + 1) & mask
            number = table.number[place]
        if number < 0 and not limits.everything:
            continue
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
            kept.person[size] = person[row]
            kept.at[size] = at[row]
            kept.steps[size] = steps
            if has_place:
                kept.place[size] = row
            if has_number:
                kept.number[size] = number
            if has_exclusions:
                kept.exclusions[size] = exclusions
            if has_origin:
                kept.origin[size] = current
            if has_session:
                inside = marks & (VISIT | SITE) or at[row] - site <= limits.silence
                kept.session[size] = session if inside else -1
            size += 1
    return size


def room(size: int, *, place: bool, number: bool, exclusions: bool, origin: bool, session: bool) -> Kept:
    """Space for the rows of a chunk of ``size``; columns that nobody asks for are empty."""
    asked = (True, True, True, place, number, exclusions, origin, session)
    return Kept(*(np.empty(size if wanted else 0, np.int64) for wanted in asked))
