"""Cases that known engines count wrongly, and cases that decide a rule; each with its answer, by engine and oracle alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step

from . import oracle
from .oracle import Event
from .tables import SECOND, engine


def funnel(steps: str, **options: Any) -> Funnel:
    """A funnel over one-letter events; a step with ``?`` is optional."""
    options.setdefault("window", timedelta(seconds=60))
    return Funnel(steps=tuple(Step(predicate=s[0], optional=s.endswith("?")) for s in steps.split(">")), **options)


def furthest(journey: str, asked: Funnel) -> int:
    """How many steps deep a journey such as ``A0 B10`` gets (letter, second); engine and oracle must agree on everything."""
    person = []
    for word in journey.split():
        letter, second = word[0], int(word[1:])
        person.append(
            Event(
                at=second * SECOND,
                steps=frozenset(k for k, step in enumerate(asked.steps) if step.predicate == letter),
                exclusions=frozenset(j for j, e in enumerate(asked.exclusions) if e.predicate == letter),
            )
        )
    found = engine([person], asked)
    assert found == oracle.run([person], asked)
    return found[0].furthest + 1 if found else 0


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
def test_one_event_is_not_two_identical_steps(ties: str) -> None:
    assert furthest("A0", funnel("A>A", ties=ties)) == 1


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
def test_two_events_complete_a_repeated_step(ties: str) -> None:
    assert furthest("A0 A5", funnel("A>A", ties=ties)) == 2


def test_a_repeated_step_counts_each_event_once() -> None:
    asked = funnel("A>A>A")
    assert [furthest(j, asked) for j in ("A0", "A0 A1", "A0 A1 A2", "A0 A1 A2 A3")] == [1, 2, 3, 3]


@pytest.mark.parametrize(("ties", "steps"), [("either", 2), ("recorded", 1), ("after", 1)])
def test_b_then_a_at_one_instant(ties: str, steps: int) -> None:
    assert furthest("B0 A0", funnel("A>B", ties=ties)) == steps


@pytest.mark.parametrize(("ties", "steps"), [("either", 2), ("recorded", 2), ("after", 1)])
def test_a_then_b_at_one_instant(ties: str, steps: int) -> None:
    assert furthest("A0 B0", funnel("A>B", ties=ties)) == steps


@pytest.mark.parametrize(("ties", "steps"), [("either", 2), ("recorded", 2), ("after", 1)])
def test_two_equal_events_at_one_instant(ties: str, steps: int) -> None:
    assert furthest("A0 A0", funnel("A>A", ties=ties)) == steps


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
def test_a_repeated_entry_does_not_reset_progress(ties: str) -> None:
    assert furthest("A1 B2 A2 C3", funnel("A>B>C", ties=ties)) == 3


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
def test_a_repeated_step_does_not_cut_the_chain(ties: str) -> None:
    assert furthest("A0 B10 A50 B55 C80", funnel("A>B>C", ties=ties)) == 3


@pytest.mark.parametrize(("seconds", "steps"), [(60, 2), (59, 1)])
def test_the_window_includes_its_last_instant(seconds: int, steps: int) -> None:
    assert furthest("A0 B60", funnel("A>B", window=timedelta(seconds=seconds))) == steps


def test_a_later_entry_counts_when_the_first_is_out_of_the_window() -> None:
    assert furthest("A0 A50 B100", funnel("A>B")) == 2


def test_the_window_of_a_step_runs_from_the_previous_matched_step() -> None:
    asked = Funnel(
        steps=(Step(predicate="A"), Step(predicate="B"), Step(predicate="C", within=timedelta(seconds=5))),
        window=timedelta(seconds=60),
    )
    assert furthest("A0 B10 C16", asked) == 2
    assert furthest("A0 B10 B12 C16", asked) == 3  # the first B is not the only one


def test_an_excluded_event_voids_what_spans_it() -> None:
    asked = funnel("A>B>C", exclusions=(Exclusion(predicate="X", from_step=1, to_step=2),))
    assert furthest("A0 X1 B2 C3", asked) == 1
    assert furthest("A0 X1 A2 B3 C4", asked) == 3
    assert furthest("A0 B1 X2 C3", asked) == 3


@pytest.mark.parametrize(("ties", "steps"), [("either", 2), ("recorded", 1), ("after", 2)])
def test_an_excluded_event_at_the_instant_of_an_end(ties: str, steps: int) -> None:
    asked = funnel("A>B", ties=ties, exclusions=(Exclusion(predicate="X"),))
    assert furthest("A0 X0 B5", asked) == steps


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
def test_an_excluded_event_at_the_instant_of_a_middle_step(ties: str) -> None:
    asked = funnel("A>B>C", ties=ties, exclusions=(Exclusion(predicate="X"),))
    assert furthest("A0 B5 X5 C9", asked) == 2


def test_strict_order_lets_nothing_between() -> None:
    asked = funnel("A>B>C", order="strict", ties="recorded")
    assert furthest("A0 B1 C2", asked) == 3
    assert furthest("A0 Z1 B2 C3", asked) == 1
    assert furthest("A0 A1 B2 C3", asked) == 3


def test_any_order_counts_steps_in_one_window() -> None:
    asked = funnel("A>B>C", order="any")
    assert furthest("C0 A10 B20", asked) == 3
    assert furthest("C0 A10 B61", asked) == 2
    assert furthest("A0", funnel("A>A", order="any")) == 1


def test_an_optional_step_may_be_skipped() -> None:
    asked = funnel("A>B?>C")
    assert furthest("A0 C5", asked) == 3
    assert furthest("A0 B2 C5", asked) == 3


def test_attempts_are_all_counted() -> None:
    asked = funnel("A>B", count="attempts")
    person = [Event(at=s * SECOND, steps=frozenset({k})) for s, k in ((0, 0), (5, 1), (10, 0), (15, 1), (20, 0))]
    assert [f.furthest for f in engine([person], asked)] == [1, 1, 0]
    assert engine([person], asked) == oracle.run([person], asked)


def test_no_persons_and_no_events() -> None:
    assert engine([], funnel("A>B")) == []
    assert engine([[], []], funnel("A>B")) == []
