"""Lift of few channels: all small games at once give what each alone gives."""

from __future__ import annotations

import numpy as np
import pytest

from longfunnel.journeys.attribution import lift


@pytest.mark.parametrize("channels", [1, 2, 5, 12])
def test_games_solved_together_are_the_games_solved_one_by_one(channels: int) -> None:
    random = np.random.default_rng(channels)
    sets = np.unique(random.integers(0, 1 << channels, 300)) << 1
    won = random.integers(0, len(sets), 200)
    game = lift.Game(sets, won, random.integers(0, len(sets), 500))
    asked = (
        channels + 1,
        random.integers(1, 100, 200).astype(np.float64),
        np.ones(200),
        random.poisson(1.0, 500).astype(np.float64),
        1,
    )
    together = lift.lift_values(game, *asked)
    credit, variance = np.zeros(channels + 1), np.zeros(channels + 1)
    count = len(game.sets)
    times = np.bincount(game.set_of_won, asked[2], count) + np.bincount(game.set_of_lost, asked[3], count)
    brought = np.bincount(game.set_of_won, asked[1] * asked[2], count)
    factorials = np.cumprod(np.concatenate(([1.0], np.arange(1.0, lift.EXACT_UP_TO + 1))))
    lift._solve(game.sets, times, brought.astype(np.float64), np.zeros(0), factorials, 1, credit, variance)
    assert np.allclose(together.credit, credit, rtol=1e-9, atol=1e-6)
    assert not variance.any()
    assert not together.error.any()
    touched = game.sets[won] != 0
    assert together.credit.sum() == pytest.approx(float(asked[1][touched].sum()))
