"""Do intervals of attribution cover the truth as often as they say? A population is known, samples of it are drawn.

A sample of persons is drawn from journeys with known probabilities; the truth is what the model gives on the population, for as
many persons. Run this file to print the table of the reference page:

    python -m tests.simulations.test_attribution_intervals
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from tests.journeys.attribution.journeys_of import Walk, journeys_of, said

from longfunnel.journeys.attribution.compare import compare
from longfunnel.journeys.attribution.draws import Sampling
from longfunnel.journeys.attribution.lift import game_of, lift_values
from longfunnel.journeys.attribution.markov import removal_effects, states_of
from longfunnel.journeys.attribution.models import MODELS, Chain, Lift
from longfunnel.journeys.attribution.shares import weigh

CHANNELS = 3
SHOWN = ("last", "linear", "markov", "shapley", "shapley_lift")
SAMPLES = 300


def population(worths: tuple[int, ...]) -> tuple[list[Walk], np.ndarray]:
    """All ways of one to three touches through three channels; a sale is likelier after C, and brings one of the worths."""
    walks: list[Walk] = []
    chances: list[float] = []
    for length, chance in ((1, 0.5), (2, 0.3), (3, 0.2)):
        for way in product("ABC", repeat=length):
            likely = chance * np.prod([{"A": 0.5, "B": 0.3, "C": 0.2}[word] for word in way])
            sells = 0.05 + 0.1 * way.count("C") + 0.04 * (way[0] == "A")
            walks += said(" ".join(way))
            chances.append(likely * (1 - sells))
            for worth in worths:
                walks += said(f"{' '.join(way)}:{worth}")
                chances.append(likely * sells / len(worths))
    return walks, np.array(chances)


def truth(name: str, walks: list[Walk], chances: np.ndarray, persons: int) -> np.ndarray:
    """What the model gives to each channel on the population, for so many persons."""
    journeys, rule = journeys_of(walks, channels=CHANNELS), MODELS[name].rule
    of_won = np.array([chance for walk, chance in zip(walks, chances, strict=True) if walk.worth is not None])
    of_lost = np.array([chance for walk, chance in zip(walks, chances, strict=True) if walk.worth is None])
    if isinstance(rule, Chain):
        states = states_of(journeys.won, journeys.lost, journeys.nodes, rule.order)
        removal = removal_effects(states, journeys.worth, of_won, of_lost).removal
        return removal / removal.sum() * (of_won @ journeys.worth) * persons
    if isinstance(rule, Lift):
        game = game_of(journeys.won, journeys.lost, journeys.nodes)
        return lift_values(game, journeys.nodes, journeys.worth, of_won, of_lost, 1).credit * persons
    (weights,) = weigh(journeys, [rule])
    owner = np.repeat(np.arange(len(of_won)), np.diff(journeys.won.starts))
    whole = np.bincount(owner, weights)
    return (
        np.bincount(journeys.won.node, (of_won * journeys.worth)[owner] * weights / whole[owner], journeys.nodes)
        * persons
    )


def coverage(persons: int, worths: tuple[int, ...], samples: int, seed: int) -> dict[str, float]:
    """By model, the share of 90 % intervals, over samples and channels, that hold the truth."""
    walks, chances = population(worths)
    random = np.random.default_rng(seed)
    true = {name: truth(name, walks, chances, persons)[1:] for name in SHOWN}
    held = dict.fromkeys(SHOWN, 0)
    for sample in range(samples):
        drawn = random.choice(len(walks), persons, p=chances / chances.sum())
        journeys = journeys_of([walks[k] for k in drawn], channels=CHANNELS)
        for found in compare(journeys, [MODELS[name] for name in SHOWN], Sampling(draws=200, seed=sample)):
            assert found.low is not None
            assert found.high is not None
            name = found.model.name
            held[name] += int(((found.low[1:] <= true[name]) & (true[name] <= found.high[1:])).sum())
    return {name: count / samples / CHANNELS for name, count in held.items()}


@pytest.mark.slow
def test_intervals_of_nine_in_ten_hold_the_truth_nine_times_in_ten() -> None:
    for name, share in coverage(600, (1_000_000, 3_000_000), samples=100, seed=5).items():
        assert 0.84 <= share <= 0.95, (name, share)


if __name__ == "__main__":
    print("| persons | sales of | " + " | ".join(SHOWN) + " |")  # noqa: T201
    for persons, worths in (
        (300, (10**6,)),
        (1000, (10**6,)),
        (1000, (10**5, 10**6, 10**7)),
        (3000, (10**5, 10**6, 10**7)),
    ):
        found = coverage(persons, worths, SAMPLES, seed=1)
        sums = "one sum" if len(worths) == 1 else "very different sums"
        print(f"| {persons:,} | {sums} | " + " | ".join(f"{found[name]:.1%}" for name in SHOWN) + " |")  # noqa: T201
