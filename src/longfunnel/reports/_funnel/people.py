"""The people behind a bar of a funnel, and behind the gap before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
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


@dataclass(frozen=True)
class Took:
    """A time from another step (from 1): at least ``from_days``, less than ``to_days``."""

    since_step: int
    from_days: float
    to_days: float


def people_behind(
    context: Context,
    question: Question,
    step: int,
    *,
    lost: bool = False,
    took: Took | None = None,
    limit: int = 100,
) -> tuple[list[Behind], int]:
    """Who reached ``step`` (from 1), or with ``lost``, who reached the required step before it and not this one; with ``took``
    only those of them who took so long: the latest entries first, at most ``limit``; and how many there are in all, which is the
    number that the funnel's answer shows.

    Raises:
        QuestionError: there is no such step, nobody can be lost before the first, or the question cannot be asked.
    """
    given = read_asked(context, question)
    steps = len(given.funnel.steps)
    if not 1 <= step <= steps:
        raise QuestionError(
            Text(
                "There is no step {step}: the funnel has steps 1 to {steps}.",
                "Шага {step} нет: шаги воронки — от 1 до {steps}.",
            ).format(step=step, steps=steps)
        )
    before = previous_of(given.funnel)[step - 1]
    if lost and before is None:
        raise QuestionError(
            Text(
                "Nobody is lost before step 1: name a later one.",
                "До первого шага никто не теряется: назовите более поздний.",
            )
        )
    units, _ = walk(given, spans(question)[0])
    there = (units.reached >> (step - 1) & 1).astype(np.bool_)
    if lost and before is not None:
        there = (units.reached >> before & 1).astype(np.bool_) & ~there
    if took is not None and 1 <= took.since_step <= steps:
        one, two = units.at[:, took.since_step - 1], units.at[:, step - 1]
        days = np.abs(two - one) / 86_400_000_000
        there &= (one != NO_TIME) & (two != NO_TIME) & (days >= took.from_days) & (days < took.to_days)
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
