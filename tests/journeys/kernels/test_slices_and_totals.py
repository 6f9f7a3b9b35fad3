"""Slices and threads change nothing, totals add up, and long journeys stay quick to walk."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step
from longfunnel.journeys.kernels import engine as engine_module
from longfunnel.journeys.kernels.engine import Journeys, find_attempts, merge
from longfunnel.journeys.kernels.totals import NO_AMOUNT, TIME_EDGES, add_up, breakdown_rows, times_between

from . import oracle
from .oracle import Event, Found
from .tables import SECOND, engine, funnels, journeys, people

EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@EXAMPLES
@given(data=st.data(), slice_rows=st.integers(1, 6), threads=st.integers(1, 3))
def test_slices_and_threads_change_nothing(
    monkeypatch: pytest.MonkeyPatch, data: st.DataObject, slice_rows: int, threads: int
) -> None:
    funnel = data.draw(funnels())
    persons = data.draw(people(funnel, persons=5))
    whole = engine(persons, funnel)
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "SLICE_ROWS", slice_rows)
        patch.setattr(engine_module, "FIRST_LOOK", slice_rows)
        assert engine(persons, funnel, threads=threads) == whole


def at_rows(persons: list[list[Event]]) -> list[int]:
    """The instants of all rows."""
    return [e.at for person in persons for e in person]


def row_to_read(unit: Found, at: str | int, order: str) -> int | None:
    """The definition of a breakdown's row."""
    if isinstance(at, int):
        return unit.rows[at - 1]
    rows = [r for r in unit.rows if r is not None]
    if order == "any":
        return min(rows) if at == "first" else max(rows)
    return unit.rows[0] if at == "first" else unit.rows[unit.furthest]


@EXAMPLES
@given(data=st.data(), at=st.sampled_from(["first", "last", 1, 2]))
def test_totals_are_those_of_the_definition(data: st.DataObject, at: str | int) -> None:
    drawn = data.draw(funnels())
    funnel = Funnel(
        **{name: getattr(drawn, name) for name in ("steps", "order", "ties", "window", "count", "exclusions", "hold")},
        breakdown="b",
        breakdown_at=at,
    )  # type: ignore[arg-type]
    persons = data.draw(people(funnel, persons=3))
    rows = at_rows(persons)
    value = np.arange(len(rows), dtype=np.int64) % 4 - 1
    amount = np.where(np.arange(len(rows)) % 3 == 0, NO_AMOUNT, np.arange(len(rows)) * 10_000).astype(np.int64)
    units = oracle.run(persons, funnel)
    found = find_attempts(journeys(persons), funnel, threads=1)
    columns = {"breakdown": value, "values": 3, "amount": amount}
    totals = add_up(found, funnel, np.array(rows, np.int64), **columns)

    counts: Counter[tuple[int, int]] = Counter()
    money: Counter[tuple[int, int]] = Counter()
    waits: list[list[int]] = [[] for _ in funnel.steps]
    for unit in units:
        read = row_to_read(unit, at, funnel.order)
        group = 3 if read is None or value[read] < 0 else int(value[read])
        counts.update((group, k) for k in unit.reached)
        by_step = list(unit.rows)
        if funnel.order == "any":
            by_step = sorted(r for r in unit.rows if r is not None)  # type: ignore[assignment]
        for k, row in enumerate(by_step):
            if row is not None:
                waits[k].append(rows[row] - rows[by_step[0]])  # type: ignore[index]
                if amount[row] != NO_AMOUNT:
                    money[group, k] += int(amount[row])
    shape = totals.counts.shape
    assert {
        (g, k): int(totals.counts[g, k]) for g in range(shape[0]) for k in range(shape[1]) if totals.counts[g, k]
    } == dict(counts)
    assert all(int(totals.amount[g, k]) == money[g, k] for g in range(shape[0]) for k in range(shape[1]))
    for k in range(1, shape[1]):
        assert sorted(times_between(found, funnel, np.array(rows, np.int64), 0, k).tolist()) == sorted(waits[k])
        expected = np.bincount(np.searchsorted(TIME_EDGES, waits[k], side="right") - 1, minlength=len(TIME_EDGES))
        assert (totals.from_first[:, k].sum(axis=0) == expected).all()
    parts = [type(found)(*(column[i : i + 1] for column in found)) for i in range(len(found.person))]
    if parts:
        assert merge(parts, shape[1]).matched.tolist() == found.matched.tolist()
        summed = reduce(add, (add_up(part, funnel, np.array(rows, np.int64), **columns) for part in parts))
        assert (summed.counts == totals.counts).all()
        assert (summed.from_previous == totals.from_previous).all()


def test_a_breakdown_at_a_step_that_was_not_matched_is_unknown() -> None:
    funnel = Funnel(steps=(Step(predicate="a"), Step(predicate="b")), breakdown="b", breakdown_at=2)
    found = find_attempts(journeys([[Event(at=0, steps=frozenset({0}))]]), funnel)
    assert breakdown_rows(found, funnel).tolist() == [-1]


def test_a_missing_column_is_named() -> None:
    table = Journeys(np.array([0, 1]), np.array([0]), np.array([1], np.uint64))
    funnel = Funnel(steps=(Step(predicate="a"), Step(predicate="b")), hold="deal", count="sessions")
    with pytest.raises(ValueError, match="hold, session"):
        find_attempts(table, funnel)
    with pytest.raises(ValueError, match="2 rows"):
        find_attempts(Journeys(np.array([0, 2]), np.array([0]), np.array([1])), Funnel(steps=funnel.steps))
    with pytest.raises(ValueError, match="float64"):
        find_attempts(Journeys(np.array([0, 1]), np.array([0.0]), np.array([1])), Funnel(steps=funnel.steps))  # type: ignore[arg-type]


def test_read_only_columns_are_taken_as_they_are() -> None:
    at, steps = np.array([0, 1], np.int64), np.array([1, 2], np.uint64)
    at.setflags(write=False)
    steps.setflags(write=False)
    found = find_attempts(
        Journeys(np.array([0, 2]), at, steps), Funnel(steps=(Step(predicate="a"), Step(predicate="b")))
    )
    assert found.furthest.tolist() == [1]


def test_fifty_steps() -> None:
    funnel = Funnel(steps=tuple(Step(predicate=f"s{k}") for k in range(50)), window=timedelta(days=730))
    person = [Event(at=k * SECOND, steps=frozenset({k})) for k in range(50)]
    for order in ("ordered", "strict", "any"):
        asked = Funnel(steps=funnel.steps, window=funnel.window, order=order)  # type: ignore[arg-type]
        assert [u.furthest for u in engine([person], asked)] == [49]


@EXAMPLES
@given(data=st.data(), order=st.sampled_from(["ordered", "strict", "any"]), look=st.integers(1, 4))
def test_attempts_looked_for_part_by_part(
    monkeypatch: pytest.MonkeyPatch, data: st.DataObject, order: str, look: int
) -> None:
    funnel = data.draw(funnels(order, count="attempts"))
    persons = data.draw(people(funnel, most=9, persons=1))
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "FIRST_LOOK", look)
        assert engine(persons, funnel) == oracle.run(persons, funnel)


X = Exclusion(predicate="x", from_step=1, to_step=2)
OPTIONAL = (Step(predicate="a"), Step(predicate="b", within=timedelta(days=1)), Step(predicate="a", optional=True))


@pytest.mark.slow
@pytest.mark.parametrize("one_instant", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"order": "any"},
        {"order": "strict"},
        {"exclusions": (X,)},
        {"steps": OPTIONAL},
        {"ties": "recorded", "count": "attempts"},
        {"ties": "recorded", "count": "attempts", "order": "any"},
        {"ties": "recorded", "count": "attempts", "exclusions": (X,), "window": timedelta(hours=1)},
    ],
)
def test_a_person_with_a_million_events(options: dict[str, object], one_instant: bool) -> None:
    random = np.random.default_rng(1)
    size = 1_000_000
    at = np.zeros(size, np.int64) if one_instant else np.sort(random.integers(0, 10**14, size))
    steps = np.array([0b101, 0b010, 0], np.uint64)[random.integers(0, 3, size)]  # a, b, neither: a is step 1 and step 3
    exclusions = (random.integers(0, 50, size) == 0).astype(np.uint64)
    funnel = Funnel(**{"steps": (Step(predicate="a"), Step(predicate="b"), Step(predicate="a")), **options})  # type: ignore[arg-type]
    found = find_attempts(Journeys(np.array([0, size]), at, steps, exclusions), funnel)
    assert found.furthest.max() == 2
