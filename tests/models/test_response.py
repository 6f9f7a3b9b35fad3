"""Curves of spend and the sharing of a budget: slopes, refusals, and the best of a plain search."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.models.allocation import allocate
from longfunnel.models.fitting import FitError
from longfunnel.models.response import Curve, _gradient, _log_likelihood, adstock, fit_curve

POSITIVE = st.floats(1, 100)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(POSITIVE, POSITIVE, st.floats(0.5, 3)), min_size=2, max_size=3), st.floats(5, 60))
def test_no_other_sharing_within_the_limits_brings_more(
    channels: list[tuple[float, float, float]], budget: float
) -> None:
    top, half, worth = (np.array(column) for column in zip(*channels, strict=True))
    low, high = np.full(len(top), 1.0), np.full(len(top), 40.0)
    found = allocate(top, half, worth, low, high, budget)
    assert found.sum() == pytest.approx(np.clip(budget, low.sum(), high.sum()))
    assert ((found >= low - 1e-9) & (found <= high + 1e-9)).all()

    def brings(spend: np.ndarray) -> float:
        return float((worth * top * spend / (half + spend)).sum())

    steps = np.linspace(1, 40, 40)
    for tried in product(steps, repeat=len(top) - 1):
        last = found.sum() - sum(tried)
        if 1 <= last <= 40:
            assert brings(found) >= brings(np.array([*tried, last])) - 1e-6 * brings(found)


def test_equal_channels_share_equally_and_a_worthless_one_takes_the_least() -> None:
    even = allocate(np.full(2, 10.0), np.full(2, 5.0), np.ones(2), np.zeros(2), np.full(2, 100.0), 30.0)
    assert even == pytest.approx([15, 15])
    found = allocate(np.full(2, 10.0), np.full(2, 5.0), np.array([1.0, 0.0]), np.ones(2), np.full(2, 20.0), 15.0)
    assert found == pytest.approx([14, 1])
    full = allocate(np.full(2, 10.0), np.full(2, 5.0), np.array([1.0, 0.0]), np.ones(2), np.full(2, 20.0), 30.0)
    assert full == pytest.approx([20, 10])


def test_a_steady_spend_is_its_own_adstock_and_a_pulse_fades() -> None:
    assert adstock(np.full(5, 3.0), 0.6) == pytest.approx(np.full(5, 3.0))
    assert adstock(np.array([0.0, 8.0, 0.0, 0.0]), 0.5) == pytest.approx([0, 4, 2, 1])
    assert adstock(np.array([1.0, 5.0]), 0.0) == pytest.approx([1, 5])


def test_slopes_are_those_of_the_curve() -> None:
    curve = Curve(1.0, 50.0, 20.0, 0.0, np.array([[50.0, 20.0], [40.0, 10.0]]))
    assert curve.slope(7.0) == pytest.approx((curve.brings(7.0001) - curve.brings(6.9999)) / 0.0002, rel=1e-6)
    assert curve.brings_drawn(7.0)[0] == curve.brings(7.0)
    assert curve.slope_drawn(7.0)[0] == curve.slope(7.0)
    random = np.random.default_rng(2)
    stock, count, at = random.uniform(0.3, 2, 30), random.poisson(9, 30).astype(float), np.array([1.0, 12.0, 0.8])
    slow = [
        (_log_likelihood(at + step, stock, count) - _log_likelihood(at - step, stock, count)) / 2e-6
        for step in np.eye(3) * 1e-6
    ]
    assert _gradient(at, stock, count) == pytest.approx(np.array(slow), rel=1e-4)


def test_a_curve_is_found_where_it_is() -> None:
    random = np.random.default_rng(3)
    spend = random.uniform(200, 3000, 104)
    truth = 5 + 120 * spend / (1500 + spend)
    curve = fit_curve(spend, random.poisson(truth).astype(float), random)
    assert curve.carry == 0.0
    assert curve.brings(1500.0) == pytest.approx(60, rel=0.15)
    low, high = np.quantile(curve.brings_drawn(1500.0), [0.02, 0.98])
    assert low < 60 < high
    assert curve.week_by_week(spend).sum() == pytest.approx(truth.sum(), rel=0.05)


@pytest.mark.parametrize(
    ("spend", "count", "code"),
    [
        (np.r_[np.zeros(80), np.linspace(1, 9, 20)], np.full(100, 5.0), "few_weeks"),
        (np.full(60, 100.0), np.arange(60.0), "no_variation"),
        (np.linspace(50, 150, 60), np.zeros(60), "no_response"),
        (np.linspace(50, 150, 60), np.tile([4.0, 6.0], 30), "no_response"),
        (np.linspace(50, 150, 60), np.linspace(60, 20, 60), "no_response"),
    ],
)
def test_a_history_that_carries_no_curve_is_refused(spend: np.ndarray, count: np.ndarray, code: str) -> None:
    with pytest.raises(FitError) as refusal:
        fit_curve(spend, count, np.random.default_rng(0))
    assert refusal.value.code == code
