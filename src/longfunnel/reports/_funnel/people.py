"""The people behind a bar of a funnel, and behind the gap before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.core.errors import QuestionError
from longfunnel.reports._engine.identifiers import identifiers_of
from longfunnel.reports._engine.scope import spans
from longfunnel.reports._funnel.groups import instant
from longfunnel.reports._funnel.numbers import previous_of
from longfunnel.reports._funnel.reading import read_asked
from longfunnel.reports._funnel.units import NO_TIME, walk

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


@dataclass(frozen=True)
class Behind:
    """One person, session or attempt in a step, or lost before it."""

    person_id: int
    entered_at: datetime
    """When the attempt entered (UTC)."""
    furthest: int
    """Number of the furthest step that was reached, from 1."""
    last_at: datetime
    """When the attempt's last step happened (UTC)."""
    identifiers: tuple[str, ...]
    """Of the person, as ``kind:value``; the strongest evidence first, at most five."""


def people_behind(
    context: Context, question: Question, step: int, *, lost: bool = False, limit: int = 100
) -> tuple[list[Behind], int]:
    """Who reached ``step`` (from 1), or with ``lost``, who reached the required step before it and not this one: the latest
    entries first, at most ``limit``; and how many there are in all, which is the number that the funnel's answer shows.

    Raises:
        QuestionError: there is no such step, nobody can be lost before the first, or the question cannot be asked.
    """
    given = read_asked(context, question)
    steps = len(given.funnel.steps)
    if not 1 <= step <= steps:
        raise QuestionError(f"There is no step {step}: the funnel has steps 1 to {steps}.")
    before = previous_of(given.funnel)[step - 1]
    if lost and before is None:
        raise QuestionError("Nobody is lost before step 1: name a later one.")
    units, _ = walk(given, spans(question)[0])
    there = (units.reached >> (step - 1) & 1).astype(np.bool_)
    if lost and before is not None:
        there = (units.reached >> before & 1).astype(np.bool_) & ~there
    places = np.flatnonzero(there)
    chosen = places[np.argsort(-units.entered_at[places], kind="stable")][:limit]
    names = identifiers_of(context, [int(person) for person in units.person_id[chosen]])
    found = []
    for place in chosen:
        times = units.at[place]
        person = int(units.person_id[place])
        found.append(
            Behind(
                person,
                instant(int(units.entered_at[place])),
                int(units.furthest[place]) + 1,
                instant(int(times[times != NO_TIME].max())),
                names.get(person, ()),
            )
        )
    return found, len(places)
