"""Businesses with a known truth: do the 90 % intervals of the weeks ahead hold what then comes?

``python -m pytest tests/simulations/test_forecast.py -s -m slow`` prints the table of docs/reference/forecast.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from longfunnel.models.future import WEEK, Past, bounds, play_future, spread
from longfunnel.models.pipeline import Stays

WEEKS = 8


def business(random: np.random.Generator, a_week: float) -> Past:
    """60 weeks up to now and what then came: leads by Poisson with a drifting rate, three stages with gamma times, gamma sums."""
    rates = a_week * np.exp(np.cumsum(random.normal(0, 0.03, 60 + WEEKS)))
    arrivals = np.concatenate(
        [(week - 60 + random.random(random.poisson(rate))) * WEEK for week, rate in enumerate(rates)]
    )
    steps = ((0.7, 2.0, 4.0), (0.6, 1.5, 8.0), (0.55, 3.0, 5.0))
    rows = []
    for began in arrivals:
        at = began
        for state, (chance, shape, scale) in enumerate(steps):
            end = at + random.gamma(shape, scale)
            on = random.random() < chance
            rows.append((state, at, end, (state + 1 if state < 2 else 3) if on else 4))
            at = end
            if not on:
                break
    state, start, end, target = (np.array(column) for column in zip(*rows, strict=True))
    stays = Stays(3, state, start, end, target)
    won = target == 3
    worth = random.gamma(2.0, 50.0, int(won.sum()))
    return Past(
        stays, np.full(len(state), np.nan), arrivals, np.zeros(len(arrivals), np.int64), np.empty(0), end[won], worth
    )


@pytest.mark.slow
@pytest.mark.parametrize(("a_week", "businesses"), [(15.0, 200), (80.0, 60)])
def test_nine_of_ten_intervals_hold_what_comes(a_week: float, businesses: int) -> None:
    random = np.random.default_rng(13)
    held: dict[str, list[bool]] = {"weeks": [], "orders": [], "revenue": []}
    expected = came_in_all = 0.0
    for _ in range(businesses):
        past = business(random, a_week)
        future = play_future(past, 0.0, WEEKS, 200, random)
        orders, money = past.came(0.0, WEEKS)
        low, high = bounds(future.orders)
        held["weeks"] += ((low <= orders) & (orders <= high)).tolist()
        assert future.revenue is not None
        for name, played, came in (("orders", future.orders, orders), ("revenue", future.revenue, money)):
            mean, least, most = spread(played.sum(axis=1))
            held[name].append(least <= came.sum() <= most)
            if name == "orders":
                expected, came_in_all = expected + mean, came_in_all + came.sum()
    shares = {name: float(np.mean(values)) for name, values in held.items()}
    print(  # noqa: T201 - the table of the docs
        f"| {a_week:.0f} | "
        + " | ".join(f"{100 * share:.0f} %" for share in shares.values())
        + f" | {expected / came_in_all:.3f} |"
    )
    for name, share in shares.items():
        assert 0.8 <= share <= 1.0, name
    assert expected / came_in_all == pytest.approx(1, abs=0.06)
