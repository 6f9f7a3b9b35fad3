"""Every model against its definition by enumeration, on random journeys."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.attribution import oracle
from tests.journeys.attribution.journeys_of import CHANNELS, Walk, journeys_of, walks

from longfunnel.journeys.attribution.compare import compare
from longfunnel.journeys.attribution.draws import Sampling
from longfunnel.journeys.attribution.lift import game_of, lift_values
from longfunnel.journeys.attribution.markov import removal_effects, states_of
from longfunnel.journeys.attribution.models import MODELS
from longfunnel.journeys.attribution.shares import weigh

POINT = Sampling(draws=0)
BY_TOUCH = [model for model in MODELS.values() if model.is_by_touch]


@settings(deadline=None, max_examples=150)
@given(walks())
def test_each_touch_has_the_share_that_its_model_says(given: list[Walk]) -> None:
    journeys = journeys_of(given)
    weights = weigh(journeys, [model.rule for model in BY_TOUCH])
    won = [walk for walk in given if walk.worth is not None]
    for model, row in zip(BY_TOUCH, weights, strict=True):
        for walk, low, high in zip(won, journeys.won.starts, journeys.won.starts[1:], strict=False):
            got = [Fraction(int(weight), int(row[low:high].sum())) for weight in row[low:high]]
            wanted = oracle.shares(model.name, walk)
            if model.name == "time_decay":
                assert max(abs(a - b) for a, b in zip(got, wanted, strict=True)) < Fraction(1, 1 << 24)
            else:
                assert got == wanted, model.name


@settings(deadline=None, max_examples=80)
@given(walks(worth=st.one_of(st.none(), st.integers(-70_000, 90_000_000_000_000))))
def test_money_adds_up_and_each_channel_is_within_a_unit_a_touch(given: list[Walk]) -> None:
    total = sum(walk.worth or 0 for walk in given)
    touches = sum(len(walk.touches) for walk in given if walk.worth is not None)
    for credit in compare(journeys_of(given), BY_TOUCH, POINT):
        assert sum(credit.units) == total
        if credit.model.name != "time_decay":
            wanted = oracle.credit_of(credit.model.name, given)
            assert all(abs(credit.units[c] - wanted.get(c, 0)) <= touches for c in range(CHANNELS + 1))


@settings(deadline=None, max_examples=80)
@given(walks(worth=st.sampled_from((None, 1))))
def test_counts_are_the_nearest_ten_thousandths_that_add_up(given: list[Walk]) -> None:
    total = sum(walk.worth or 0 for walk in given)
    for credit in compare(journeys_of(given, counted=True), list(MODELS.values()), POINT):
        assert sum(credit.units) == total * 10_000
        if credit.model.is_by_touch and credit.model.name != "time_decay":
            wanted = oracle.credit_of(credit.model.name, given)
            assert all(abs(credit.units[c] - wanted.get(c, 0) * 10_000) < 1 for c in range(CHANNELS + 1))


@settings(deadline=None, max_examples=60)
@given(walks(worth=st.one_of(st.none(), st.integers(0, 1000))), st.sampled_from((1, 2)))
def test_removal_effects_are_those_of_a_chain_walked_step_by_step(given: list[Walk], order: int) -> None:
    journeys = journeys_of(given)
    states = states_of(journeys.won, journeys.lost, journeys.nodes, order)
    ones, zeros = np.ones(len(journeys.won.unit)), np.ones(len(journeys.lost.unit))
    effects = removal_effects(states, journeys.worth, ones, zeros)
    wanted = oracle.removal(given, order)
    for channel in range(1, CHANNELS + 1):
        assert effects.removal[channel] == pytest.approx(wanted.get(channel, 0.0), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(walks(worth=st.one_of(st.none(), st.integers(0, 1000))))
def test_even_shares_of_distinct_channels_are_the_shapley_value(given: list[Walk]) -> None:
    assert {c: v for c, v in oracle.credit_of("shapley", given).items() if v} == {
        c: v for c, v in oracle.shapley_of_sums(given).items() if v
    }


@settings(deadline=None, max_examples=60)
@given(walks(worth=st.one_of(st.none(), st.integers(0, 1000))))
def test_lift_is_the_shapley_value_of_its_game(given: list[Walk]) -> None:
    journeys = journeys_of(given)
    game = game_of(journeys.won, journeys.lost, journeys.nodes)
    ones, zeros = np.ones(len(journeys.won.unit)), np.ones(len(journeys.lost.unit))
    got = lift_values(game, journeys.nodes, journeys.worth, ones, zeros, seed=1)
    wanted = oracle.shapley_of_lift(given)
    for channel in range(1, CHANNELS + 1):
        assert got.credit[channel] == pytest.approx(float(wanted.get(channel, 0)), abs=1e-6)
    assert not got.error.any()
