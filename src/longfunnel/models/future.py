"""Orders and revenue of the next weeks: from what is on its way now, from what is still to come, and from neither.

Every future is played: the exits of the stages are drawn anew with replacement (how sure they are), each open deal walks on from
its age, new arrivals come as exponential smoothing plays them and walk from their first state, and an order without a known sum
brings what some past order brought.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.models.fitting import FitError
from longfunnel.models.pipeline import Stays, play, resampled, slowed
from longfunnel.models.seasonal import play_weeks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.models.competing_risks import Exits

    Floats = NDArray[np.float64]

WEEK = 7.0
_MACHINES = 8
"""How many times the exits of the stages are drawn anew."""
_WALKERS = 4000
"""New arrivals that are walked to see how many of them order in which week."""
_RECENT_WEEKS = 26
_PLAYED = 1_500_000


@dataclass(frozen=True)
class Past:
    """What is known, in days before now (0). ``amounts`` is the sum of each stay's deal, not a number where unknown."""

    stays: Stays
    amounts: Floats
    arrivals: Floats
    arrival_states: NDArray[np.int64]
    direct: Floats
    ordered: Floats
    revenue: Floats

    def came(self, since: float, weeks: int) -> tuple[Floats, Floats]:
        """What came in each of ``weeks`` after ``since``: orders and revenue."""
        week = np.floor((self.ordered - since) / WEEK).astype(np.int64)
        mine = (self.ordered > since) & (week < weeks)
        sums = np.nan_to_num(self.revenue[mine])
        return (
            np.bincount(week[mine], minlength=weeks).astype(np.float64),
            np.asarray(np.bincount(week[mine], weights=sums, minlength=weeks), dtype=np.float64),
        )


@dataclass(frozen=True)
class Change:
    """What would be different: factors on the times of some stages and on how many arrive."""

    times: tuple[tuple[int, float], ...] = ()
    arrivals: float = 1.0


@dataclass(frozen=True)
class Future:
    """Possible futures, one row each, by week: orders from what is on its way, from new arrivals and from neither; and revenue."""

    open: Floats
    new: Floats
    direct: Floats
    revenue: Floats | None

    @property
    def orders(self) -> Floats:
        """All orders."""
        return self.open + self.new + self.direct


def play_future(
    past: Past, now: float, weeks: int, times: int, random: np.random.Generator, change: Change | None = None
) -> Future:
    """At most ``times`` possible futures of ``weeks`` weeks after ``now``, from what was known then.

    Raises:
        FitError: the weeks so far are too few to see how arrivals go.
    """
    change = change or Change()
    known = past.stays.began <= now
    stays, amounts = past.stays.known_at(now), past.amounts[known]
    is_open = np.isinf(stays.ended)
    each = int(np.clip(_PLAYED // max(int(is_open.sum()), 1), 12, times)) // _MACHINES + 1
    values = past.revenue[(past.ordered <= now) & ~np.isnan(past.revenue)]
    counted = weekly(past.arrivals, now)
    arrivals = play_weeks(counted, weeks, each * _MACHINES, random).astype(np.float64) * change.arrivals
    direct = _direct(weekly(past.direct, now, len(counted)), weeks, each * _MACHINES, random)
    recent = (past.arrivals <= now) & (past.arrivals > now - _RECENT_WEEKS * WEEK)
    starts = past.arrival_states[recent]
    stood, age = stays.stood(now), now - stays.began[is_open]
    found = []
    for number in range(_MACHINES):
        rows = slice(number * each, (number + 1) * each)
        exits = slowed(resampled(stood, len(stays.state), random), dict(change.times))
        pool = values[random.integers(0, len(values), len(values))] if len(values) else values
        won, money = _walk_open(exits, stays.state[is_open], age, amounts[is_open], pool, weeks, each, random)
        new = _walk_new(exits, starts, arrivals[rows], weeks, random)
        more = _sums(new + direct[rows], pool, random) if len(pool) else np.zeros_like(money)
        found.append((won, new, direct[rows], money + more))
    parts = [np.concatenate([one[kind] for one in found]) for kind in range(4)]
    return Future(parts[0], parts[1], parts[2], parts[3] if len(values) else None)


def weekly(days: Floats, now: float, weeks: int | None = None) -> Floats:
    """How many came in each whole week up to ``now``, the oldest first; all the weeks since the first unless ``weeks`` says how many."""
    seen = days[days <= now]
    if weeks is None:
        weeks = int((now - seen.min()) // WEEK) if len(seen) else 0
    back = np.floor((now - seen) / WEEK).astype(np.int64)
    return np.bincount(back[back < weeks], minlength=weeks)[::-1].astype(np.float64)


def _direct(counts: Floats, weeks: int, times: int, random: np.random.Generator) -> Floats:
    """Orders that nothing on its way stands behind; where they are rare, at the mean rate of all weeks."""
    if counts.sum() >= len(counts):
        return play_weeks(counts, weeks, times, random).astype(np.float64)
    return random.poisson(counts.mean() if len(counts) else 0.0, (times, weeks)).astype(np.float64)


def _walk_open(
    exits: Exits, state: NDArray[np.int64], age: Floats, amounts: Floats, pool: Floats, weeks: int, times: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Orders and money by future and week from what is on its way."""
    won, _ = play(exits, state, age, weeks * WEEK, random, times)
    place = np.flatnonzero(np.isfinite(won))
    cell = (
        place // len(state) * weeks + np.minimum((won[place] / WEEK).astype(np.int64), weeks - 1)
        if len(place)
        else place
    )
    worth = amounts[place % len(state)] if len(place) else np.empty(0)
    unknown = np.isnan(worth)
    worth[unknown] = pool[random.integers(0, len(pool), int(unknown.sum()))] if len(pool) else 0.0
    orders = np.bincount(cell, minlength=times * weeks).reshape(times, weeks)
    money = np.bincount(cell, weights=worth, minlength=times * weeks).reshape(times, weeks)
    return orders.astype(np.float64), money.astype(np.float64)


def _walk_new(
    exits: Exits, starts: NDArray[np.int64], arrivals: Floats, weeks: int, random: np.random.Generator
) -> Floats:
    """Orders by future and week from those who arrive in these weeks, at any moment of theirs."""
    orders = np.zeros(arrivals.shape)
    if not len(starts):
        return orders
    state = starts[random.integers(0, len(starts), _WALKERS)]
    won, _ = play(exits, state, np.zeros(_WALKERS), weeks * WEEK, random)
    after = (won[np.isfinite(won)] + WEEK * random.random(int(np.isfinite(won).sum()))) / WEEK
    shares = np.bincount(np.minimum(after.astype(np.int64), weeks), minlength=weeks + 1)[:weeks] / _WALKERS
    for week in range(weeks):
        ahead = shares[: weeks - week]
        drawn = random.multinomial(np.rint(arrivals[:, week]).astype(np.int64), [*ahead, max(1 - ahead.sum(), 0.0)])
        orders[:, week:] += drawn[:, :-1]
    return orders


def _sums(counts: Floats, pool: Floats, random: np.random.Generator) -> Floats:
    """What so many orders bring, each drawn from the pool."""
    whole = counts.astype(np.int64).ravel()
    drawn = pool[random.integers(0, len(pool), int(whole.sum()))]
    cells = np.repeat(np.arange(len(whole)), whole)
    return np.asarray(np.bincount(cells, weights=drawn, minlength=len(whole)), dtype=np.float64).reshape(counts.shape)


@dataclass(frozen=True)
class Trial:
    """One forecast made from the past: when from, what it expected of all its weeks and between what, and what came."""

    since: float
    orders: tuple[float, int, int]
    revenue: tuple[float, float, float] | None
    came: float
    brought: float
    weeks_within: int
    """Weeks whose orders lay within their own interval."""


def try_past(
    past: Past, weeks: int, times: int, random: np.random.Generator, *, trials: int = 4, level: float = 0.9
) -> list[Trial]:
    """Forecasts from ``trials`` moments of the past, ``weeks`` apart, the latest first, each from what was known then."""
    found: list[Trial] = []
    for number in range(1, trials + 1):
        since = -number * weeks * WEEK
        try:
            future = play_future(past, since, weeks, times, random)
        except FitError:
            break
        came, brought = past.came(since, weeks)
        low, high = bounds(future.orders, level)
        found.append(
            Trial(
                since,
                spread_of_orders(future.orders.sum(axis=1), level),
                None if future.revenue is None else spread(future.revenue.sum(axis=1), level),
                float(came.sum()),
                float(brought.sum()),
                int(((low <= came) & (came <= high)).sum()),
            )
        )
    return found


def bounds(played: Floats, level: float = 0.9) -> tuple[Floats, Floats]:
    """By column, between what the played futures lie."""
    low, high = np.quantile(played, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return low, high


def spread_of_orders(played: Floats, level: float = 0.9) -> tuple[float, int, int]:
    """Mean, and between which whole numbers the played futures lie."""
    mean, low, high = spread(played, level)
    return mean, int(np.floor(low)), int(np.ceil(high))


def spread(played: Floats, level: float = 0.9) -> tuple[float, float, float]:
    """Mean, and between what the played futures lie."""
    low, high = np.quantile(played, [0.5 - level / 2, 0.5 + level / 2])
    return float(played.mean()), float(low), float(high)
