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
    """Acts by open addressing: an act's place in the list is at the first of its slots from ``act_id % size`` on that holds it.

    ``number`` is -1 at a free slot.
    """

    act_id: NDArray[np.int64]
    number: NDArray[np.int64]


class ActMeanings(NamedTuple):
    """What the acts of a question mean. ``number`` is by the code that a row bears: -1 for an act that nobody asks for, else
    the place in ``steps``, ``exclusions`` and ``marks``.
    """

    number: NDArray[np.int64]
    steps: NDArray[np.int64]
    exclusions: NDArray[np.int64]
    marks: NDArray[np.int64]


class Limits(NamedTuple):
    """Which rows are kept: from ``low`` to ``high`` (µs, inclusive), all but visits if ``everything``, else those that an act
    of the question asks for. ``silence``: how long after its last event on the site a session still holds other events.
    """

    low: int
    high: int
    everything: bool
    silence: int


class Kept(NamedTuple):
    """Rows that matter, of the persons who have any: ``persons`` and their ``starts`` (one more), then by row the instant, masks
    of steps and exclusions, the row's place in the chunk, the number of its act (-1: none of the question's), the origin of
    the visit that it stands under (0: none), its session (-1: none).
    """

    persons: NDArray[np.int64]
    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    steps: NDArray[np.int64]
    place: NDArray[np.int64]
    number: NDArray[np.int64]
    exclusions: NDArray[np.int64]
    origin: NDArray[np.int64]
    session: NDArray[np.int64]


def act_table(act_id: NDArray[np.uint64]) -> ActTable:
    """The table of these distinct acts."""
    size = 1 << max(10, int(4 * len(act_id)).bit_length())  # sparse: most rows are settled at one look
    slots, number = np.zeros(size, np.int64), np.full(size, -1, np.int64)
    _place(act_id.view(np.int64), slots, number)
    return ActTable(slots, number)


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
def code_acts(act: NDArray[np.int64], table: ActTable, unknown: int) -> NDArray[np.uint32]:
    """The place in the table's list of each act; ``unknown`` for those that it has not. O(rows)."""
    codes = np.empty(act.shape[0], np.uint32)
    mask = table.act_id.shape[0] - 1
    for row in range(act.shape[0]):
        place = act[row] & mask
        number = table.number[place]
        while number >= 0 and table.act_id[place] != act[row]:
            place = (place + 1) & mask
            number = table.number[place]
        codes[row] = number if number >= 0 else unknown
    return codes


@kernel
def select(
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    act: NDArray[np.uint32],
    origin: NDArray[np.int64],
    meanings: ActMeanings,
    limits: Limits,
    kept: Kept,
) -> tuple[int, int]:
    """Fill ``kept`` with the rows of whole persons that matter, and return how many persons and rows there are. O(rows).

    Person i has rows starts[i] … starts[i+1]-1 (starts[0] is 0). An empty ``origin`` means that nobody asks for it; so do
    empty columns of ``kept``.
    """
    size, persons = 0, 0
    has_place, has_number, has_exclusions = kept.place.shape[0], kept.number.shape[0], kept.exclusions.shape[0]
    has_origin, has_session = kept.origin.shape[0], kept.session.shape[0]
    for person in range(starts.shape[0] - 1):
        current, session, site = 0, -1, 0
        before = size
        for row in range(starts[person], starts[person + 1]):
            number = meanings.number[act[row]]
            if number < 0 and not limits.everything:
                continue
            steps, exclusions, marks = 0, 0, 0
            if number >= 0:
                steps, exclusions, marks = meanings.steps[number], meanings.exclusions[number], meanings.marks[number]
            if marks & VISIT:
                current = origin[row] if origin.shape[0] else 0
                session += 1
                site = at[row]
            elif marks & SITE:
                site = at[row]
            wanted = steps | exclusions | (marks & KEEP) or (limits.everything and not marks & VISIT)
            if wanted and limits.low <= at[row] <= limits.high:
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
        if size > before:
            kept.persons[persons] = person
            kept.starts[persons] = before
            persons += 1
    kept.starts[persons] = size
    return persons, size


def room(persons: int, rows: int, *, place: bool, number: bool, exclusions: bool, origin: bool, session: bool) -> Kept:
    """Space for the rows of a chunk; columns that nobody asks for are empty."""
    asked = (True, True, place, number, exclusions, origin, session)
    columns = (np.empty(rows if wanted else 0, np.int64) for wanted in asked)
    return Kept(np.empty(persons, np.int64), np.empty(persons + 1, np.int64), *columns)
