"""A funnel that cannot be counted is refused, with all its mistakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from longfunnel.core.errors import QuestionError
from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step

TWO = (Step(predicate="a"), Step(predicate="b"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": ()}, "0 step"),
        ({"steps": TWO[:1]}, "at least 2"),
        ({"steps": TWO[:1] * 51}, "51 steps; the most is 50"),
        ({"steps": (*TWO, Step(predicate=" "))}, "Step 3 names no event"),
        ({"order": "orderd"}, "Did you mean «ordered»"),
        ({"ties": "before"}, "either, recorded, after"),
        ({"count": "people"}, "persons, sessions, attempts"),
        ({"window": timedelta(0)}, "longer than zero"),
        ({"window": timedelta(days=-1)}, "longer than zero"),
        ({"window": timedelta(days=731)}, "the longest is 730 days"),
        ({"steps": (TWO[0], Step(predicate="b", within=timedelta(0)))}, "window of step 2"),
        ({"steps": (Step(predicate="a", within=timedelta(1)), TWO[1])}, "no step comes before"),
        ({"steps": (Step(predicate="a", optional=True), TWO[1])}, "Step 1 is optional"),
        ({"steps": (TWO[0], Step(predicate="b", optional=True)), "order": "any"}, "in any order"),
        ({"steps": (TWO[0], Step(predicate="b", within=timedelta(1))), "order": "any"}, "in any order"),
        ({"exclusions": (Exclusion(predicate=" b"),)}, "same as step 2"),
        ({"exclusions": (Exclusion(predicate="x", from_step=2),)}, "from step 2 to step 2"),
        ({"exclusions": (Exclusion(predicate="x", to_step=3),)}, "from step 1 to step 3"),
        ({"exclusions": (Exclusion(predicate=""),)}, "names no event"),
        (
            {"steps": (*TWO, TWO[0]), "order": "any", "exclusions": (Exclusion(predicate="x", to_step=2),)},
            "whole attempt",
        ),
        ({"breakdown_at": 3}, "step number from 1 to 2"),
        ({"breakdown_at": "middle"}, "first, last or a step number"),
        ({"hold": " "}, "hold is an empty name"),
    ],
)
def test_a_mistake_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Funnel(**{"steps": TWO, **options})


def test_all_mistakes_are_named_together() -> None:
    with pytest.raises(QuestionError, match=r"(?s)1\..*order.*2\..*at least 2.*3\..*longer than zero"):
        Funnel(steps=TWO[:1], order="x", window=timedelta(0))  # type: ignore[arg-type]


def test_the_same_step_twice_and_the_longest_window_are_allowed() -> None:
    assert Funnel(steps=TWO[:1] * 50, window=timedelta(days=730)).ties == "either"
