"""Journeys for tests: from the oracle's events to the kernels' columns, and random ones for Hypothesis."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step
from longfunnel.journeys.kernels.engine import Journeys, find_attempts

from .oracle import Event, Found

if TYPE_CHECKING:
    from collections.abc import Iterable

SECOND = 1_000_000


def mask(bits: Iterable[int]) -> int:
    """Bits as a number."""
    return sum(1 << k for k in bits)


def journeys(persons: list[list[Event]]) -> Journeys:
    """The columns of some persons' events."""
    events = [e for person in persons for e in person]
    return Journeys(
        starts=np.cumsum([0, *(len(p) for p in persons)]).astype(np.int64),
        at=np.array([e.at for e in events], np.int64),
        steps=np.array([mask(e.steps) for e in events], np.uint64),
        exclusions=np.array([mask(e.exclusions) for e in events], np.uint64),
        hold=np.array([-1 if e.hold is None else e.hold for e in events], np.int64),
        session=np.array([e.session for e in events], np.int64),
    )


def engine(persons: list[list[Event]], funnel: Funnel, threads: int = 1) -> list[Found]:
    """The engine's answer in the oracle's form."""
    found = find_attempts(journeys(persons), funnel, threads=threads)
    return [
        Found(
            int(person),
            int(session),
            int(furthest),
            frozenset(k for k in range(64) if int(reached) >> k & 1),
            tuple(None if r < 0 else int(r) for r in rows),
        )
        for person, session, furthest, reached, rows in zip(*found, strict=True)
    ]


def funnels(
    order: str | None = None, ties: str | None = None, count: str | None = None, plain: bool = False
) -> st.SearchStrategy[Funnel]:
    """Small funnels; ``plain`` ones have nothing but order, ties, a window and what is counted."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> Funnel:
        size = draw(st.integers(2, 4))
        the_order = order or draw(st.sampled_from(["ordered", "strict", "any"]))
        rich = not plain
        steps = []
        for k in range(size):
            optional = rich and the_order != "any" and k > 0 and draw(st.integers(0, 3)) == 0
            within = draw(st.none() | st.integers(1, 4)) if rich and the_order != "any" and k > 0 else None
            steps.append(
                Step(predicate=f"s{k}", optional=optional, within=None if within is None else timedelta(seconds=within))
            )
        exclusions = []
        for j in range(draw(st.sampled_from([0, 0, 1, 2])) if rich else 0):
            a = 1 if the_order == "any" else draw(st.integers(1, size - 1))
            b = size if the_order == "any" else draw(st.integers(a + 1, size))
            exclusions.append(Exclusion(predicate=f"x{j}", from_step=a, to_step=b))
        return Funnel(
            steps=tuple(steps),
            order=the_order,  # type: ignore[arg-type]
            ties=ties or draw(st.sampled_from(["either", "recorded", "after"])),  # type: ignore[arg-type]
            window=timedelta(seconds=draw(st.integers(1, 8))),
            count=count or draw(st.sampled_from(["persons", "persons", "sessions", "attempts"])),  # type: ignore[arg-type]
            exclusions=tuple(exclusions),
            hold="product" if rich and draw(st.integers(0, 4)) == 0 else None,
        )

    return draw_one()


@st.composite
def people(draw: st.DrawFn, funnel: Funnel, most: int = 8, persons: int = 2) -> list[list[Event]]:
    """Short journeys of which the funnel's rules decide: few instants, overlapping steps, exclusions in between."""
    size = len(funnel.steps)
    overlapping = draw(st.booleans())
    some = st.frozensets(st.integers(0, size - 1), max_size=size if overlapping else 1)
    excluded = (
        st.frozensets(st.integers(0, len(funnel.exclusions) - 1), max_size=2)
        if funnel.exclusions
        else st.just(frozenset())
    )
    event = st.builds(
        Event,
        at=st.integers(0, draw(st.sampled_from([2, 5, 9]))).map(lambda s: s * SECOND),
        steps=some,
        exclusions=st.just(frozenset()) | excluded,
        hold=st.sampled_from([None, 0, 1]) if funnel.hold else st.just(None),
        session=st.sampled_from([0, 0, 1, -1]) if funnel.count == "sessions" else st.just(0),
    )
    return [
        sorted(draw(st.lists(event, max_size=most)), key=lambda e: e.at) for _ in range(draw(st.integers(1, persons)))
    ]
