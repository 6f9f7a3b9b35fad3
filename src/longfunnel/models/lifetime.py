"""What customers are worth from here on: a model of their purchases and one of their values, together, for groups of them.

Two kinds of not knowing are in an interval: the parameters, drawn from Laplace's approximation of their likelihood, and chance,
by playing every customer's future once for each draw, exactly as the models have it. So an interval is about what a group will
be seen to bring, not about its expectation, and is as wide for five customers as five customers are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from longfunnel.models import bg_nbd, gamma_gamma, pareto_nbd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.models.fitting import Fit
    from longfunnel.models.purchases import Histories

    Floats = NDArray[np.float64]

PurchaseModel = Literal["bg_nbd", "pareto_nbd"]
PURCHASE_MODELS = {"bg_nbd": bg_nbd, "pareto_nbd": pareto_nbd}
_PLAYED = 4_000_000
"""Customers times draws that are played at most: a few seconds."""
_FEWEST_DRAWS, _MOST_DRAWS = 100, 400


@dataclass(frozen=True)
class Values:
    """Per customer: of how many purchases the value is known, and their mean value (any number where of none)."""

    purchases: Floats
    mean: Floats


@dataclass(frozen=True)
class Spread:
    """Per group, and last of all together: what is expected, and between what it will lie by the level asked for."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Outlook:
    """Per group of customers: how many are alive, the purchases and the money ahead. ``money`` is None without known values."""

    alive: Spread
    orders: Spread
    money: Spread | None
    alive_of_each: Floats
    """P(alive) of each customer."""
    orders_of_each: Floats
    """Purchases ahead of each customer."""


def outlook(
    model: PurchaseModel,
    fit: Fit,
    of: Histories,
    group: NDArray[np.int64],
    groups: int,
    ahead: float,
    random: np.random.Generator,
    *,
    worth: tuple[Fit, Values] | None = None,
    level: float = 0.9,
) -> Outlook:
    """What the customers of each group do in the time ``ahead``.

    ``group`` names each customer's group, 0 … ``groups`` − 1; −1 leaves a customer out. ``worth`` is the fitted Gamma–Gamma
    model with what is known of each customer's values.
    """
    how = PURCHASE_MODELS[model]
    shown = np.flatnonzero(group >= 0)
    mine, place = group[shown], of.place[shown]
    best = np.array(fit.values)
    alive = how.alive(best, of)[of.place]
    orders = how.expected(best, of, ahead)[of.place]
    known = None if worth is None else Values(worth[1].purchases[shown], worth[1].mean[shown])
    count = int(np.clip(_PLAYED // max(len(shown), 1), _FEWEST_DRAWS, _MOST_DRAWS))
    drawn = fit.draws(count, random)
    drawn_worth = None if worth is None else worth[0].draws(count, random)
    seen = np.zeros((3, count, groups + 1))
    for number in range(count):
        bought, lives = how.simulate_ahead(drawn[number], of, place, ahead, random)
        parts = [lives.astype(np.float64), bought]
        if known is not None and drawn_worth is not None:
            parts.append(gamma_gamma.simulate_sums(drawn_worth[number], known.purchases, known.mean, bought, random))
        for kind, part in enumerate(parts):
            seen[kind, number, :groups] = np.bincount(mine, weights=part, minlength=groups)
    seen[:, :, groups] = seen.sum(axis=2)

    def spread(kind: int, of_each: Floats) -> Spread:
        low, high = np.quantile(seen[kind], [0.5 - level / 2, 0.5 + level / 2], axis=0)
        mean = np.bincount(mine, weights=of_each[shown], minlength=groups)
        return Spread(np.append(mean, of_each[shown].sum()), low, high)

    money = None
    if worth is not None:
        each = orders * gamma_gamma.expected(np.array(worth[0].values), worth[1].purchases, worth[1].mean)
        money = spread(2, each)
    return Outlook(spread(0, alive), spread(1, orders), money, alive, orders)
