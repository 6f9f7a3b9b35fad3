"""Competing risks, the walk through stages and the weeks ahead: against published sums, plain Python and closed forms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.models.competing_risks import INSIDE, Exits, Stood
from longfunnel.models.fitting import FitError
from longfunnel.models.future import Change, Past, play_future, try_past, weekly
from longfunnel.models.pipeline import Stays, mixed, play, slowed
from longfunnel.models.seasonal import play_weeks


def slow_incidence(stays: list[tuple[int, int]], way: int, time: int) -> Fraction:
    """By the definition: at each time, the part still there just before, times the part of those at risk that end this way then."""
    found, still = Fraction(0), Fraction(1)
    for t in range(time + 1):
        at_risk = sum(lasted >= t for lasted, _ in stays)
        if at_risk:
            found += still * Fraction(sum(lasted == t and how == way for lasted, how in stays), at_risk)
            still *= 1 - Fraction(sum(lasted == t and how != INSIDE for lasted, how in stays), at_risk)
    return found


STAYS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([INSIDE, 0, 1, 2])), min_size=1, max_size=14)


def estimated(stays: list[tuple[int, int]], counts: list[int] | None = None) -> Exits:
    """The estimate of one state."""
    lasted, way = np.array([float(lasted) for lasted, _ in stays]), np.array([way for _, way in stays])
    stood = Stood(1, np.zeros(len(stays), np.int64), lasted, way)
    return stood.exits(None if counts is None else np.array(counts))


def share_by(found: Exits, way: int, time: float) -> float:
    """The share that has ended by the way until a time."""
    steps = np.diff(found.ended, prepend=0.0)
    return float(steps[(found.ways == way) & (found.times <= time)].sum())


@settings(deadline=None, max_examples=150)
@given(STAYS, st.integers(0, 9))
def test_shares_are_the_plain_product_limit(stays: list[tuple[int, int]], time: int) -> None:
    found = estimated(stays)
    for way in range(3):
        assert share_by(found, way, float(time)) == pytest.approx(float(slow_incidence(stays, way, time)), abs=1e-12)


@settings(deadline=None, max_examples=100)
@given(STAYS, st.data())
def test_a_stay_that_counts_twice_is_two_stays(stays: list[tuple[int, int]], data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(stays), max_size=len(stays)))
    found = estimated(stays, counts)
    again = [stay for stay, times in zip(stays, counts, strict=True) for _ in range(times)]
    for way in range(3):
        for time in range(10):
            wanted = float(slow_incidence(again, way, time)) if again else 0.0
            assert share_by(found, way, float(time)) == pytest.approx(wanted, abs=1e-12)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.sampled_from([INSIDE, 0, 1, 2, 3, 4])), max_size=30))
def test_states_stand_one_after_another(stays: list[tuple[int, int, int]]) -> None:
    columns = np.array(stays, np.int64).reshape(-1, 3).T
    found = Stood(3, columns[0], columns[1].astype(float), columns[2]).exits()
    for state in range(3):
        own = estimated([(lasted, way) for at, lasted, way in stays if at == state]) if state in columns[0] else None
        rows = slice(found.first[state], found.first[state + 1])
        assert found.ended[rows].tolist() == ([] if own is None else own.ended.tolist())
        assert found.ways[rows].tolist() == ([] if own is None else own.ways.tolist())


def slow_walk(exits: Exits, state: int, age: float, ahead: float, drawn: list[float]) -> tuple[float, float]:
    """One deal's future by the definition: look through the steps one by one."""
    states, passed, place = len(exits.first) - 1, -age, iter(drawn)
    before = 0.0
    for row in range(exits.first[state], exits.first[state + 1]):
        before = exits.ended[row] if exits.times[row] <= age else before
    for _ in range(100):
        rows = range(exits.first[state], exits.first[state + 1])
        if not len(rows) or before >= 1 - 1e-12:
            break
        wanted = before + (1 - before) * next(place)
        ends = [row for row in rows if exits.ended[row] > wanted]
        if not ends or passed + exits.times[ends[0]] > ahead:
            break
        passed += exits.times[ends[0]]
        way = int(exits.ways[ends[0]])
        if way >= states:
            return (passed, np.inf) if way == states else (np.inf, passed)
        state, before = way, 0.0
    return np.inf, np.inf


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9), st.sampled_from([INSIDE, 0, 1, 2, 3])), min_size=1, max_size=20),
    st.integers(0, 1), st.integers(0, 9), st.integers(1, 30),
)  # fmt: skip
def test_the_walk_is_the_slow_walk(stays: list[tuple[int, int, int]], state: int, age: int, ahead: int) -> None:
    columns = np.array(stays, np.int64).T
    exits = Stood(2, columns[0], columns[1].astype(float), columns[2]).exits()
    for seed in range(5):
        won, lost = play(exits, np.array([state]), np.array([float(age)]), float(ahead), np.random.default_rng(seed))
        drawn = np.random.default_rng(seed).random(200).tolist()
        assert (won[0], lost[0]) == slow_walk(exits, state, float(age), float(ahead), drawn)


@settings(deadline=None, max_examples=30)
@given(STAYS, st.integers(0, 8))
def test_drawn_ends_have_the_shares_of_the_estimate(stays: list[tuple[int, int]], age: int) -> None:
    stays = [(lasted, INSIDE if way == 0 else way) for lasted, way in stays]  # of one state: won is 1, lost is 2
    found, size = estimated(stays), 20_000
    ends = play(found, np.zeros(1, np.int64), np.array([float(age)]), 100.0, np.random.default_rng(2), size)
    left = 1 - sum(slow_incidence(stays, other, age) for other in (1, 2))
    for way, days in zip((1, 2), ends, strict=True):
        share = 0.0 if left == 0 else float((slow_incidence(stays, way, 20) - slow_incidence(stays, way, age)) / left)
        assert np.isfinite(days).mean() == pytest.approx(share, abs=0.02)
        assert (days > 0).all()


def test_own_exits_take_the_place_of_everybodys() -> None:
    every, own = (
        Stood(2, np.array([0, 0, 1]), np.array(lasted), np.array([1, 2, 3])).exits()
        for lasted in ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    )
    found = mixed(every, own, np.array([True, False]))
    assert found.times.tolist() == [4.0, 5.0, 3.0]
    assert found.guide.tolist() == every.guide.tolist()
    assert found.first.tolist() == [0, 2, 3]


def chain(count: int, random: np.random.Generator, *, until: float = np.inf) -> Stays:
    """Deals that begin in 0; go to 1 with chance 0.6 after 10 days on average, else are lost; are won in 1 with chance 0.5 after 20."""
    rows = []
    for began in random.uniform(-400, 0, count):
        on, first = random.random() < 0.6, random.exponential(10)
        rows.append((0, began, began + first, 1 if on else 3))
        if on:
            rows.append((1, began + first, began + first + random.exponential(20), 2 if random.random() < 0.5 else 3))
    state, start, end, target = (np.array(column) for column in zip(*rows, strict=True))
    return Stays(2, state, start, end, target).known_at(until)


def test_the_walk_has_the_known_chances_and_times() -> None:
    random = np.random.default_rng(4)
    exits = chain(20_000, random, until=0.0).stood(0.0).exits()
    won, lost = play(exits, np.zeros(40_000, np.int64), np.zeros(40_000), 365.0, random)
    assert np.isfinite(won).mean() == pytest.approx(0.3, abs=0.012)
    assert np.isfinite(lost).mean() == pytest.approx(0.7, abs=0.012)
    assert won[np.isfinite(won)].mean() == pytest.approx(30, rel=0.05)
    won, _ = play(exits, np.ones(20_000, np.int64), np.full(20_000, 15.0), 20.0, random)
    assert np.isfinite(won).mean() == pytest.approx(
        0.5 * (1 - np.exp(-1)), abs=0.02
    )  # exponential times forget the age
    quick, _ = play(slowed(exits, {0: 0.5, 1: 0.5}), np.zeros(40_000, np.int64), np.zeros(40_000), 365.0, random)
    assert quick[np.isfinite(quick)].mean() == pytest.approx(15, rel=0.05)


def test_what_was_known_then_is_cut_off_then() -> None:
    stays = Stays(
        1, np.array([0, 0, 0]), np.array([-9.0, -5.0, -1.0]), np.array([-3.0, np.inf, -0.5]), np.array([1, INSIDE, 2])
    )
    then = stays.known_at(-4.0)
    assert then.began.tolist() == [-9.0, -5.0]
    assert np.isinf(then.ended).all()
    assert then.target.tolist() == [INSIDE, INSIDE]
    assert stays.known_at(0.0).target.tolist() == [1, INSIDE, 2]


def past(random: np.random.Generator, count: int = 1500) -> Past:
    stays = chain(count, random)
    won = stays.target == stays.won
    ordered, arrives = stays.ended[won], stays.state == 0
    return Past(
        stays, np.full(len(stays.state), np.nan), stays.began[arrives], stays.state[arrives], np.empty(0),
        ordered[ordered <= 0], np.full(int((ordered <= 0).sum()), 100.0),
    )  # fmt: skip


@pytest.mark.slow
def test_the_weeks_ahead_go_on_as_the_steady_weeks_before() -> None:
    random = np.random.default_rng(6)
    mine = past(random)
    future = play_future(mine, 0.0, 8, 200, random)
    rate = 1500 / 400 * 7 * 0.3  # a steady stream: as many orders a week as before
    assert future.orders.mean() == pytest.approx(rate, rel=0.2)
    assert future.revenue is not None
    assert future.revenue.sum() == pytest.approx(100 * future.orders.sum())
    assert future.open.mean(axis=0)[0] > future.open.mean(axis=0)[-1]
    more = play_future(mine, 0.0, 8, 200, np.random.default_rng(6), Change(arrivals=2.0))
    assert more.new.mean() == pytest.approx(2 * future.new.mean(), rel=0.15)
    again = [play_future(mine, 0.0, 8, 50, np.random.default_rng(9)).orders for _ in range(2)]
    assert (again[0] == again[1]).all()
    trials = try_past(mine, 6, 80, random)
    assert [trial.since for trial in trials] == [-42.0, -84.0, -126.0, -168.0]
    assert all(trial.orders[1] <= trial.orders[0] <= trial.orders[2] for trial in trials)


def test_weeks_are_counted_back_from_now_and_few_are_refused() -> None:
    assert weekly(np.array([-20.0, -8.0, -7.5, -1.0, 0.0, 3.0]), 0.0).tolist() == [2.0, 2.0]
    assert weekly(np.array([-1.0]), 0.0, 3).tolist() == [0.0, 0.0, 1.0]
    with pytest.raises(FitError, match="weeks are known"):
        play_weeks(np.ones(5), 4, 10, np.random.default_rng(0))
    assert not play_weeks(np.zeros(30), 4, 10, np.random.default_rng(0)).any()


@pytest.mark.slow
def test_a_season_of_the_year_is_seen_after_enough_years() -> None:
    weeks = np.arange(160)
    counts = np.rint(100 * (1 + 0.6 * np.sin(2 * np.pi * weeks / 52)))
    found = play_weeks(counts, 26, 100, np.random.default_rng(1)).mean(axis=0)
    wanted = 100 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(160, 186) / 52))
    assert np.corrcoef(found, wanted)[0, 1] > 0.9
