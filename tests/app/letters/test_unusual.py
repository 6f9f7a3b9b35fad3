"""What is unusual for a weekday, against the rule written out plainly, and on series whose answer is plain to see."""

from __future__ import annotations

import random
from statistics import mean, median

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from longfunnel.app.letters.unusual import LEAST, WEEKS, usual


def is_unusual_slowly(history: list[float | None], value: float, *, is_count: bool) -> bool | None:
    """Iglewicz and Hoaglin's modified z-score, step by step; None where it cannot be told."""
    seen = [one for one in history if one is not None]
    if len(seen) < 5 or all(one == 0 for one in seen):
        return None
    scale = (lambda x: 2 * (x + 3 / 8) ** 0.5) if is_count else (lambda x: x)
    points = [scale(one) for one in seen]
    centre = median(points)
    deviation = 1.4826 * median(abs(point - centre) for point in points)
    if deviation == 0:
        deviation = 1.2533 * mean(abs(point - centre) for point in points)
    deviation = max(deviation, 1.0 if is_count else 0.05 * abs(centre))
    return abs(scale(value) - centre) > 3.5 * deviation


@pytest.mark.parametrize("is_count", [True, False])
@settings(deadline=None, max_examples=300)
@given(
    history=st.lists(st.none() | st.integers(0, 400), max_size=WEEKS),
    value=st.integers(0, 2000),
)
def test_the_verdict_is_that_of_the_rule_written_out(is_count: bool, history: list[int | None], value: int) -> None:
    known = [None if one is None else float(one) for one in history]
    expected = is_unusual_slowly(known, float(value), is_count=is_count)
    found = usual(known, is_count=is_count)
    assert (found is None) == (expected is None)
    if found is not None:
        # bounds that are turned back from another scale may differ in the last digit
        edge = 1e-6 * max(1.0, found.high)
        assume(min(abs(value - found.low), abs(value - found.high)) > edge or value == found.low == 0)
        assert found.is_unusual(float(value)) == expected
        assert found.low <= found.middle <= found.high


def test_too_little_history_says_nothing() -> None:
    assert usual([10.0] * (LEAST - 1), is_count=True) is None
    assert usual([10.0] * (LEAST - 1) + [None] * 4, is_count=False) is None
    assert usual([0.0] * WEEKS, is_count=True) is None


def test_chance_alone_seldom_alarms() -> None:
    chance = random.Random(7)

    def leads(expected: float) -> float:
        return float(sum(chance.random() < expected / 1000 for _ in range(1000)))

    alarms = 0
    for _ in range(400):
        found = usual([leads(12) for _ in range(WEEKS)], is_count=True)
        assert found is not None
        alarms += found.is_unusual(leads(12))
    assert alarms <= 4


@pytest.mark.parametrize(("value", "expected"), [(0, True), (5, False), (12, False), (22, False), (60, True)])
def test_a_dozen_leads_a_day(value: int, expected: bool) -> None:
    found = usual([11, 13, 12, 10, 14, 12, 12, 11], is_count=True)
    assert found is not None
    assert found.is_unusual(value) == expected


def test_one_outlier_among_the_weeks_does_not_hide_another() -> None:
    found = usual([1000.0, 1040.0, 980.0, 9000.0, 1010.0, 990.0, 1020.0, 1000.0], is_count=False)
    assert found is not None
    assert found.is_unusual(2000)
    assert not found.is_unusual(1100)
