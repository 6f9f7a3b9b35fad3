from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.collect.calls.numbers import NumberPool, advised_size, erlang_b, pool_load


@given(st.integers(1, 60), st.floats(0.01, 80))
@settings(deadline=None)
def test_erlang_b_is_the_last_state_of_the_truncated_poisson(size: int, offered: float) -> None:
    states = [offered**busy / math.factorial(busy) for busy in range(size + 1)]
    assert erlang_b(size, offered) == pytest.approx(states[-1] / sum(states), rel=1e-9)


@pytest.mark.parametrize(
    ("size", "offered", "published"), [(10, 5.0, 0.0184), (20, 12.0, 0.0098), (1, 1.0, 0.5), (5, 0.0, 0.0)]
)
def test_erlang_b_agrees_with_the_tables(size: int, offered: float, published: float) -> None:
    assert erlang_b(size, offered) == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize(
    ("size", "visits_per_hour", "lease", "call_delay"), [(8, 60, 300, 600), (12, 60, 600, 900), (4, 30, 120, 1200)]
)
def test_a_simulated_pool_fares_as_computed(size: int, visits_per_hour: float, lease: float, call_delay: float) -> None:
    chance = random.Random(5)
    pool = NumberPool([str(number) for number in range(size)], lease=lease)
    lent: dict[str, list[tuple[float, int]]] = {str(number): [] for number in range(size)}
    calls: list[tuple[float, int, str]] = []
    now, visits, unserved, wrong = 0.0, 40_000, 0, 0
    for visit in range(visits):
        now += chance.expovariate(visits_per_hour / 3600)
        while calls and calls[0][0] <= now:  # in order of time, so that the last lease is the last
            _, caller, number = heapq.heappop(calls)
            wrong += lent[number][-1][1] != caller
        got = pool.lend(str(visit), now)
        if got is None:
            unserved += 1
            continue
        lent[got[0]].append((now, visit))
        heapq.heappush(calls, (now + chance.expovariate(1 / call_delay), visit, got[0]))
    expected = pool_load(size, visits_per_hour, lease=lease, call_delay=call_delay)
    assert unserved / visits == pytest.approx(expected.unserved_share, abs=0.012)
    assert wrong / (visits - unserved) == pytest.approx(expected.wrong_share, abs=0.012)


def test_no_call_is_wrong_within_the_lease_or_without_visits() -> None:
    assert pool_load(3, 100, lease=600, call_delay=0).wrong_share == 0
    assert pool_load(3, 0, lease=600, call_delay=600).wrong_share == 0
    assert pool_load(3, 100, lease=1e9, call_delay=60).wrong_share == 0
    with pytest.raises(ValueError, match="at least one"):
        pool_load(0, 1, lease=1, call_delay=1)


@given(st.floats(1, 200), st.floats(60, 1800), st.floats(30, 1800))
@settings(deadline=None, max_examples=40)
def test_the_advised_pool_is_the_smallest_that_is_enough(
    visits_per_hour: float, lease: float, call_delay: float
) -> None:
    advised = advised_size(visits_per_hour, lease=lease, call_delay=call_delay)
    assert advised is not None
    assert advised.wrong_share <= 0.01
    assert advised.unserved_share <= 0.02
    if advised.size > 1:
        smaller = pool_load(advised.size - 1, visits_per_hour, lease=lease, call_delay=call_delay)
        assert smaller.wrong_share > 0.01 or smaller.unserved_share > 0.02


def test_an_impossible_wish_has_no_advice() -> None:
    assert advised_size(1e6, lease=3600, call_delay=60, largest=50) is None


def test_a_number_stays_with_its_visit_and_the_longest_free_goes_first() -> None:
    pool = NumberPool(["a", "b", "b"], lease=10)
    assert pool.lend("x", 0) == ("a", 10)
    assert pool.lend("y", 1) == ("b", 11)
    assert pool.lend("z", 2) is None
    assert pool.lend("x", 9) == ("a", 19)
    assert pool.lend("z", 11) == ("b", 21)
    assert pool.lend("y", 12) is None
    assert pool.lend("y", 30) == ("a", 40)
    assert pool.lent == 1


def test_a_restart_takes_no_number_from_its_visit_and_lends_the_longest_free_first() -> None:
    earlier = [("a", "x", 30.0), ("b", "y", 10.0), ("gone", "z", 40.0), ("c", "w", 5.0)]
    pool = NumberPool(["a", "b", "c", "d"], lease=10, earlier=earlier)
    assert pool.lend("x", 20) == ("a", 30)
    assert [pool.lend(visitor, 20) for visitor in "mnop"] == [("d", 30), ("c", 30), ("b", 30), None]
