"""Intervals: the same seed gives the same, persons stay together, and drawing again equals working out again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.journeys.attribution.journeys_of import Walk, journeys_of, said

from longfunnel.journeys.attribution.compare import compare
from longfunnel.journeys.attribution.draws import Sampling, draw
from longfunnel.journeys.attribution.journeys import NOT_DIRECT, Paths
from longfunnel.journeys.attribution.lift import EXACT_UP_TO, game_of, lift_values
from longfunnel.journeys.attribution.models import MODELS

TEXT = "A B:5; B:7; A; C A B:11; C; C B A:3; B; A C:2; A B; B C:9"
SAMPLING = Sampling(draws=40, seed=3)


def test_the_same_seed_gives_the_same_intervals() -> None:
    journeys = journeys_of(said(TEXT))
    one, two = (compare(journeys, list(MODELS.values()), SAMPLING) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a.low, b.low)
        assert np.array_equal(a.high, b.high)
        assert (a.low <= a.high).all()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_draw_is_the_credit_of_journeys_repeated_so_often(name: str) -> None:
    walks = said(TEXT)
    (weights,) = draw(np.ones(len(walks), np.int64), replace(SAMPLING, draws=1))
    won = [walk for walk in walks if walk.worth is not None]
    lost = [walk for walk in walks if walk.worth is None]
    times = weights[0].astype(int)
    repeated = [walk for walk, n in zip([*won, *lost], times, strict=True) for _ in range(n)]
    (drawn,) = compare(journeys_of(walks), [MODELS[name]], replace(SAMPLING, draws=1))
    (again,) = compare(journeys_of(repeated), [MODELS[name]], Sampling(draws=0))
    assert np.allclose(drawn.low, again.units, atol=len(repeated))


def test_a_group_of_equal_persons_is_drawn_as_so_many() -> None:
    journeys = journeys_of([*said("A:1; B:1"), *said("A; B") * 3])
    grouped = replace(
        journeys,
        lost=Paths(np.array([0, 1, 2]), np.array([1, 2]), np.array([2, 3]), np.array([3, 3])),
        unit_times=np.array([1, 1, 3, 3]),
    )
    one, two = (
        compare(item, [MODELS["markov"], MODELS["shapley_lift"]], Sampling(draws=0)) for item in (journeys, grouped)
    )
    assert [found.units for found in one] == [found.units for found in two]
    (weights,) = draw(grouped.unit_times, Sampling(draws=4000, seed=1))
    assert np.allclose(weights.mean(axis=0), grouped.unit_times, rtol=0.1)
    assert np.allclose(weights.var(axis=0), grouped.unit_times, rtol=0.15)


def test_a_person_s_journeys_are_drawn_together() -> None:
    journeys = journeys_of(said("A:10; B:10"))
    together = replace(journeys, won=replace(journeys.won, unit=np.array([0, 0])), unit_times=np.array([1]))
    (found,) = compare(together, [MODELS["last"]], replace(SAMPLING, draws=300))
    (apart,) = compare(journeys, [MODELS["last"]], replace(SAMPLING, draws=300))
    assert found.high is not None
    assert apart.high is not None
    assert found.high[1] == found.high[2]


def test_touches_outside_the_dates_earn_nothing() -> None:
    journeys = journeys_of(said("A B:8; B A B:9"))
    half = replace(journeys, inside=np.array([True, False, True, True, True]))
    for found in compare(half, [MODELS["linear"], MODELS["markov"]], SAMPLING):
        assert 0 < sum(found.units) < 17
        assert found.low is not None
    (linear,) = compare(half, [MODELS["linear"]], Sampling(draws=0))
    assert linear.units[1:3] == (4 + 3, 6)


def test_long_journeys_are_sampled_within_their_standard_error() -> None:
    channels = EXACT_UP_TO + 2
    random = np.random.default_rng(5)
    walks = [
        Walk(
            [(float(day), int(channel), NOT_DIRECT) for day, channel in enumerate(way)],
            int(random.integers(0, 2)) or None,
        )
        for way in (random.permutation(np.arange(1, channels + 1))[: random.integers(1, 4)] for _ in range(300))
    ]
    walks.append(Walk([(float(day), day + 1, NOT_DIRECT) for day in range(channels)], 1000))
    journeys = journeys_of(walks, channels=channels)
    game = game_of(journeys.won, journeys.lost, journeys.nodes)
    ones, zeros = np.ones(len(journeys.won.unit)), np.ones(len(journeys.lost.unit))
    found = lift_values(game, journeys.nodes, journeys.worth, ones, zeros, seed=2)
    other = lift_values(game, journeys.nodes, journeys.worth, ones, zeros, seed=3)
    assert found.error[1:].all()
    assert found.credit.sum() == pytest.approx(journeys.worth.sum())
    assert (np.abs(found.credit - other.credit)[1:] < 6 * np.hypot(found.error, other.error)[1:]).all()


def test_rates_found_one_by_one_are_those_of_the_table() -> None:
    """With many channels the rates are looked for; with few they are tabulated. More channels that nobody touched change nothing."""
    few, many = journeys_of(said(TEXT)), journeys_of(said(TEXT), channels=40)
    (one,), (two,) = (compare(journeys, [MODELS["shapley_lift"]], Sampling(draws=0)) for journeys in (few, many))
    assert one.units == two.units[: few.nodes]
