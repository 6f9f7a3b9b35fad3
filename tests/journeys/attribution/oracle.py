"""The models in plain words: every share by its definition, slowly, with fractions."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING

from longfunnel.journeys.attribution.journeys import CHOSEN, NOT_DIRECT, PAID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.journeys.attribution.journeys_of import Walk

PERCENT = {
    "first": {"first": 100},
    "last": {"last": 100},
    "linear": {"rest": 100},
    "position": {"first": 40, "last": 40, "rest": 20},
    "j_shape": {"first": 20, "last": 60, "rest": 20},
    "inverse_j": {"first": 60, "last": 20, "rest": 20},
    "w_shape": {"first": 30, "lead": 30, "deal": 30, "rest": 10},
    "full_path": {"first": 22.5, "lead": 22.5, "deal": 22.5, "last": 22.5, "rest": 10},
}


def shares(model: str, walk: Walk) -> list[Fraction]:
    """Each touch's share of its journey."""
    touches, size = walk.touches, len(walk.touches)
    if model in PERCENT:
        return by_roles(PERCENT[model], walk)
    if model == "time_decay":
        weights = [Fraction(2 ** (-(touches[-1][0] - day) / 7)) for day, _, _ in touches]
        return [weight / sum(weights) for weight in weights]
    if model == "shapley":
        distinct = {channel for _, channel, _ in touches}
        return [
            Fraction(1, len(distinct)) if channel not in [c for _, c, _ in touches[k + 1 :]] else Fraction()
            for k, (_, channel, _) in enumerate(touches)
        ]
    wanted = {"last_non_direct": [NOT_DIRECT], "last_paid": [PAID, NOT_DIRECT], "last_from": [CHOSEN]}[model]
    for bit in wanted:
        fitting = [k for k, touch in enumerate(touches) if touch[2] & bit]
        if fitting:
            return [Fraction(k == fitting[-1]) for k in range(size)]
    return [Fraction(k == size - 1) for k in range(size)]


def by_roles(percent: dict[str, float], walk: Walk) -> list[Fraction]:
    size = len(walk.touches)
    of_role: dict[str, int | None] = {"first": 0, "last": size - 1}
    for role, moment in (("lead", walk.lead), ("deal", walk.deal)):
        before = [k for k in range(size) if moment is not None and walk.touches[k][0] <= moment]
        of_role[role] = before[-1] if before else None
    found = [Fraction()] * size
    with_role = set()
    for role, place in of_role.items():
        if place is not None and percent.get(role):
            found[place] += Fraction(percent[role])
            with_role.add(place)
    rest = [k for k in range(size) if k not in with_role]
    for k in rest:
        found[k] += Fraction(percent.get("rest", 0)) / len(rest)
    whole = sum(found)
    return [share / whole for share in found] if whole else [Fraction(1, size)] * size


def credit_of(model: str, walks: Iterable[Walk]) -> dict[int, Fraction]:
    """What each channel has of all sales."""
    found: dict[int, Fraction] = defaultdict(Fraction)
    for walk in walks:
        if walk.worth is not None:
            for (_, channel, _), share in zip(walk.touches, shares(model, walk), strict=True):
                found[channel] += share * walk.worth
    return dict(found)


def removal(walks: Iterable[Walk], order: int, steps: int = 4000) -> dict[int, float]:
    """Removal effects by walking the chain step by step, with the channel and without it."""
    goes: dict[object, Counter[object]] = defaultdict(Counter)
    gains: dict[object, float] = defaultdict(float)
    channels = set()
    for walk in walks:
        way = [channel for k, (_, channel, _) in enumerate(walk.touches) if k == 0 or walk.touches[k - 1][1] != channel]
        channels |= set(way)
        states = [(way[k - 1] if k and order == 2 else "start", way[k]) for k in range(len(way))]
        for one, two in zip(["start", *states], [*states, "end"], strict=True):
            goes[one][two] += 1
        if walk.worth is not None:
            gains[states[-1]] += walk.worth

    def expected(without: int | None) -> float:
        here, earned = {"start": 1.0}, 0.0
        for _ in range(steps):
            after: dict[object, float] = defaultdict(float)
            for state, share in here.items():
                total = sum(goes[state].values())
                if state != "start":
                    earned += share * gains[state] / total
                for target, times in goes[state].items():
                    if target != "end" and without not in target:  # type: ignore[operator]
                        after[target] += share * times / total
            here = after
            if not here or max(here.values()) < 1e-16:
                break
        return earned

    whole = expected(None)
    return {channel: 1 - expected(channel) / whole for channel in channels} if whole else {}


def shapley_of_sums(walks: Iterable[Walk]) -> dict[int, Fraction]:
    """The Shapley value by all orders of channels; a group earns the journeys that stay within it."""
    sales = [({c for _, c, _ in walk.touches}, walk.worth) for walk in walks if walk.worth is not None]
    players = sorted({channel for channels, _ in sales for channel in channels})
    found: dict[int, Fraction] = defaultdict(Fraction)
    for order in permutations(players):
        group: set[int] = set()
        for player in order:
            before = sum(worth for channels, worth in sales if channels <= group)
            group.add(player)
            found[player] += sum(worth for channels, worth in sales if channels <= group) - before
    return {player: value / factorial(len(players)) for player, value in found.items()}


def shapley_of_lift(walks: list[Walk]) -> dict[int, Fraction]:
    """The Shapley value by all orders of all channels, of the game that the module describes."""
    journeys = [(frozenset(c for _, c, _ in walk.touches), walk.worth or 0) for walk in walks]

    def rate(group: frozenset[int]) -> Fraction:
        exactly = [worth for channels, worth in journeys if channels == group]
        within = [worth for channels, worth in journeys if channels <= group]
        worths = exactly or within
        return Fraction(sum(worths), len(worths)) if worths and group else Fraction()

    def value(group: frozenset[int]) -> Fraction:
        return sum((rate(channels & group) for channels, _ in journeys), Fraction())

    players = sorted({channel for channels, _ in journeys for channel in channels})
    found: dict[int, Fraction] = defaultdict(Fraction)
    for order in permutations(players):
        group: frozenset[int] = frozenset()
        for player in order:
            found[player] += value(group | {player}) - value(group)
            group |= {player}
    return {player: worth / factorial(len(players)) for player, worth in found.items()}
