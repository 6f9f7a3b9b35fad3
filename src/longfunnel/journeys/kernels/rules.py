"""The rules of a funnel as numbers that a kernel can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from datetime import timedelta

    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.funnel import Funnel

ORDERED, STRICT, ANY = 0, 1, 2
EITHER, RECORDED, AFTER = 0, 1, 2
PERSONS, SESSIONS, ATTEMPTS = 0, 1, 2

NO_LIMIT = np.iinfo(np.int64).max
"""A step without a window of its own."""


class Rules(NamedTuple):
    """A funnel's rules. Times in microseconds; steps and exclusions count from 0; masks hold step k in bit k."""

    order: int
    ties: int
    counted: int
    hold: int
    steps: int
    window: int
    within: NDArray[np.int64]
    optional: int
    excluded_from: NDArray[np.int64]
    excluded_to: NDArray[np.int64]


def rules_of(funnel: Funnel) -> Rules:
    """The kernels' form of a funnel."""
    last = len(funnel.steps) - 1
    return Rules(
        order=("ordered", "strict", "any").index(funnel.order),
        ties=("either", "recorded", "after").index(funnel.ties),
        counted=("persons", "sessions", "attempts").index(funnel.count),
        hold=int(funnel.hold is not None),
        steps=len(funnel.steps),
        window=microseconds(funnel.window),
        within=np.array(
            [NO_LIMIT if step.within is None else microseconds(step.within) for step in funnel.steps], np.int64
        ),
        optional=sum(1 << k for k, step in enumerate(funnel.steps) if step.optional),
        excluded_from=np.array([e.from_step - 1 for e in funnel.exclusions], np.int64),
        excluded_to=np.array([last if e.to_step is None else e.to_step - 1 for e in funnel.exclusions], np.int64),
    )


def microseconds(span: timedelta) -> int:
    """A time span in whole microseconds, exactly."""
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
