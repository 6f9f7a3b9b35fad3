"""Exponential smoothing beside statsmodels, which looks for all parameters and first states numerically."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from longfunnel.models.smoothing import Form, Smoothed, smooth

PARTS: dict[Form, dict[str, Any]] = {
    Form(): {},
    Form(trend=True): {"trend": "add", "damped_trend": True},
    Form(season=4): {"seasonal": "add", "seasonal_periods": 4},
    Form(trend=True, season=4): {"trend": "add", "damped_trend": True, "seasonal": "add", "seasonal_periods": 4},
}


def theirs(values: np.ndarray, form: Form) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ETSModel(values, error="add", **PARTS[form]).fit(disp=False)


@pytest.mark.parametrize("form", PARTS)
def test_no_other_parameters_are_likelier(form: Form) -> None:
    random = np.random.default_rng(3)
    for size in (20, 60):
        level = np.cumsum(random.normal(0, 0.1, size)) + 0.5 * np.sin(np.arange(size) * np.pi / 2)
        values = 4 + level + random.normal(0, 0.2, size)
        found, wanted = smooth(values, form), theirs(values, form)
        assert found.log_likelihood >= wanted.llf - 0.01
        if found.log_likelihood < wanted.llf + 0.01:  # the same peak
            assert found.aicc == pytest.approx(float(wanted.aicc), abs=0.05)


def slow_errors(values: np.ndarray, found: Smoothed, start: np.ndarray) -> np.ndarray:
    """One-step errors from the first states by the equations of the book."""
    alpha, beta, gamma, phi = found.weights
    level, trend, season, errors = start[0], start[1], list(start[2:]), []
    for value in values:
        expected = level + phi * trend + (season[0] if season else 0.0)
        error = value - expected
        errors.append(error)
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        if season:
            season = [*season[1:], season[0] + gamma * error]
    return np.array(errors)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=13, max_size=40), st.sampled_from(list(PARTS)), st.integers(0, 10_000))
def test_the_first_states_are_those_of_least_squares(counts: list[int], form: Form, seed: int) -> None:
    values = np.log1p(np.array(counts, float))
    found = smooth(values, form)
    columns = []  # the errors are linear in the first states: try each of them alone
    zero = slow_errors(values, found, np.zeros(2 + form.season))
    for place in [0, *([1] if form.trend else []), *range(2, 2 + form.season)]:
        unit = np.zeros(2 + form.season)
        unit[place] = 1.0
        columns.append(slow_errors(values, found, unit) - zero)
    table = np.array(columns).T
    best, *_ = np.linalg.lstsq(table, -zero, rcond=None)
    assert float((found.errors**2).sum()) == pytest.approx(
        float(((zero + table @ best) ** 2).sum()), rel=1e-5, abs=1e-9
    )


@pytest.mark.parametrize("form", PARTS)
def test_futures_go_on_from_the_last_states(form: Form) -> None:
    random = np.random.default_rng(8)
    values = 3 + np.cumsum(random.normal(0, 0.1, 41)) + 0.4 * np.cos(np.arange(41) * np.pi / 2)
    model, fitted = ETSModel(values, error="add", **PARTS[form]), theirs(values, form)
    found, errors = smooth(values, form), random.normal(0, 0.1, (9, 3))
    # theirs with the parameters of ours: the last states are then the same
    alpha, beta, gamma, phi = found.weights
    weights = [
        alpha,
        *([beta] if form.trend else []),
        *([gamma] if form.season else []),
        *([phi] if form.trend else []),
    ]
    same = model.smooth(np.array([*weights, *fitted.params[len(weights) :]]))
    if abs(same.llf - found.log_likelihood) < 1e-3:
        wanted = np.asarray(same.simulate(9, anchor="end", repetitions=3, random_errors=errors)).reshape(9, 3)
        assert np.abs(found.simulate(errors) - wanted).max() < 0.02
    assert found.simulate(np.zeros((1, 1)))[0, 0] == pytest.approx(float(theirs(values, form).forecast(1)[0]), abs=0.1)
