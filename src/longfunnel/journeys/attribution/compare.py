"""All models side by side over the same journeys: exact credits, and intervals from the same draws of persons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

from longfunnel.journeys.attribution.draws import Sampling, draw, interval
from longfunnel.journeys.attribution.exact import UNITS, shared_total, shared_units, sums_of_counts, sums_of_money
from longfunnel.journeys.attribution.journeys import NOWHERE
from longfunnel.journeys.attribution.lift import game_of, lift_values
from longfunnel.journeys.attribution.markov import removal_effects, states_of
from longfunnel.journeys.attribution.models import Chain
from longfunnel.journeys.attribution.shares import weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from longfunnel.journeys.attribution.journeys import Journeys, Paths
    from longfunnel.journeys.attribution.models import Model

    Reals = NDArray[np.float64]
    Weighing = Callable[[Reals, Reals], Reals]
    """Channels' weights from how often each won and each lost journey counts."""

_SCALE: Final = 1 << 24
"""Weights of channels become whole weights of touches in this scale."""


@dataclass(frozen=True)
class Credit:
    """What one model gives to each channel, in 1/10,000: of the currency, or of a sale."""

    model: Model
    units: tuple[int, ...]
    """They add up to the total exactly."""
    low: Reals | None = None
    """The bounds of the interval; None where nothing was drawn."""
    high: Reals | None = None
    error: Reals | None = None
    """The standard error of a model that had to sample; None: exact."""
    removal: Reals | None = None
    """For Markov: what share of all would be lost without the channel."""


@dataclass(frozen=True)
class _Worked:
    """One model's credit, and how to work it out again from the weights of units: float64[draw, unit] → [draw, node]."""

    credit: Credit
    again: Callable[[Reals], Reals]


def compare(journeys: Journeys, models: Sequence[Model], sampling: Sampling) -> list[Credit]:
    """The credit of every channel by every model.

    Where only some touches count (``inside``), a model of channels gives its share to the touches of each journey in proportion to
    their channels' weights, those below 0 taken as 0.

    Raises:
        QuestionError: a model cannot tell so many channels apart.
    """
    by_touch = [model for model in models if model.is_by_touch]
    weights = dict(zip((m.name for m in by_touch), weigh(journeys, [m.rule for m in by_touch]), strict=True))
    worked = [
        _of_touches(journeys, model, weights[model.name])
        if model.is_by_touch
        else _of_channels(journeys, model, sampling.seed)
        for model in models
    ]
    if not sampling.draws:
        return [one.credit for one in worked]
    drawn: list[list[Reals]] = [[] for _ in worked]
    for block in draw(journeys.unit_times, sampling):
        for one, found in zip(worked, drawn, strict=True):
            found.append(one.again(block))
    bounds = [interval(np.concatenate(found), sampling.level) for found in drawn]
    return [replace(one.credit, low=low, high=high) for one, (low, high) in zip(worked, bounds, strict=True)]


def touch_weights(journeys: Journeys, model: Model, seed: int = 1) -> NDArray[np.int64]:
    """The weight of every touch by any model: int64[row] of ``won``, above 0 in sum over each journey.

    A model of channels weighs a touch as its channel, below 0 as 0; evenly where a journey's channels have no weight.

    Raises:
        QuestionError: the model cannot tell so many channels apart.
    """
    if model.is_by_touch:
        weights: NDArray[np.int64] = weigh(journeys, [model.rule])[0]
        return weights
    won, lost = journeys.won, journeys.lost
    return _row_weights(
        journeys,
        _weighing(journeys, model, seed)((_touched(won) * won.times).astype(np.float64), lost.times.astype(np.float64)),
    )


def _of_touches(journeys: Journeys, model: Model, weights: NDArray[np.int64]) -> _Worked:
    """Each journey's credit by the weights of its own touches. Drawing again is one product of matrices: channels × persons."""
    won, inside = journeys.won, journeys.inside
    owner = _owner(won)
    if journeys.values is None:
        units = shared_units(sums_of_counts(won.starts, won.node, weights, inside, journeys.nodes))
        each = weights / _by_journey(won, weights)[owner] * UNITS
    else:
        money = sums_of_money(won.starts, weights, journeys.values)
        sums = np.zeros(journeys.nodes, np.int64)
        np.add.at(sums, won.node, money if inside is None else np.where(inside, money, 0))
        units, each = tuple(sums.tolist()), money.astype(np.float64)
    if inside is not None:
        each = np.where(inside, each, 0.0)
    table = csr_array((each, (won.node, won.unit[owner])), shape=(journeys.nodes, len(journeys.unit_times)))
    return _Worked(Credit(model, units), lambda block: np.asarray((table @ block.T).T))


def _of_channels(journeys: Journeys, model: Model, seed: int) -> _Worked:
    """Each channel's credit from all journeys together. Drawing again solves again."""
    won, lost = journeys.won, journeys.lost
    touched = _touched(won)
    per_won, per_lost = _per_unit(won, journeys.unit_times) * touched, _per_unit(lost, journeys.unit_times)
    worth = journeys.worth * (float(UNITS) if journeys.values is None else 1.0)
    weighing = _weighing(journeys, model, seed)
    first_won, first_lost = (won.times * touched).astype(np.float64), lost.times.astype(np.float64)
    weights = weighing(first_won, first_lost)
    untouched, their_worth = won.unit[~touched], worth[~touched]

    def again(block: Reals) -> Reals:
        found = np.zeros((len(block), journeys.nodes))
        for number, drawn in enumerate(block):
            on_won = drawn[won.unit] * per_won
            weights = weighing(on_won, drawn[lost.unit] * per_lost)
            if journeys.inside is None:
                found[number] = _in_proportion(float(on_won @ worth), weights)
                found[number, NOWHERE] += float(drawn[untouched] @ their_worth)
            else:
                rows = _row_weights(journeys, weights)
                each = rows / _by_journey(won, rows)[_owner(won)] * (drawn[won.unit] * worth)[_owner(won)]
                found[number] = np.bincount(won.node, np.where(journeys.inside, each, 0.0), journeys.nodes)
        return found

    if journeys.inside is not None:
        credit = _of_touches(journeys, model, _row_weights(journeys, weights)).credit
    else:
        exact = np.full(len(won.unit), UNITS, np.int64) if journeys.values is None else journeys.values
        units = shared_total(int(exact[touched].sum()), weights)
        units[NOWHERE] += int(exact[~touched].sum())
        credit = Credit(model, tuple(units))
    if isinstance(model.rule, Chain):
        return _Worked(replace(credit, removal=weights), again)
    error = lift_values(game_of(won, lost, journeys.nodes), journeys.nodes, worth, first_won, first_lost, seed).error
    return _Worked(replace(credit, error=error if error.any() else None), again)


def _weighing(journeys: Journeys, model: Model, seed: int) -> Weighing:
    return _chain(journeys, model.rule.order) if isinstance(model.rule, Chain) else _lift(journeys, seed)


def _touched(paths: Paths) -> NDArray[np.bool_]:
    """Which journeys have any touch."""
    found: NDArray[np.bool_] = paths.node[paths.starts[:-1]] != NOWHERE
    return found


def _chain(journeys: Journeys, order: int) -> Weighing:
    """Removal effects on worth; on sales where the worth of all journeys is not above 0."""
    states = states_of(journeys.won, journeys.lost, journeys.nodes, order)
    worth, ones = journeys.worth, np.ones(len(journeys.won.unit))

    def weighing(on_won: Reals, on_lost: Reals) -> Reals:
        effects = removal_effects(states, worth, on_won, on_lost)
        if effects.expected <= 0 or effects.removal.sum() <= 0:
            effects = removal_effects(states, ones, on_won, on_lost)
        return effects.removal

    return weighing


def _lift(journeys: Journeys, seed: int) -> Weighing:
    game = game_of(journeys.won, journeys.lost, journeys.nodes)
    worth = journeys.worth
    return lambda on_won, on_lost: lift_values(game, journeys.nodes, worth, on_won, on_lost, seed).credit


def _row_weights(journeys: Journeys, weights: Reals) -> NDArray[np.int64]:
    """Whole weights of touches by those of their channels; evenly in a journey whose channels have none."""
    most = weights.max(initial=0.0)
    whole = (
        np.rint(np.maximum(weights, 0.0) * (_SCALE / most)).astype(np.int64)
        if most > 0
        else np.zeros(len(weights), np.int64)
    )
    rows = whole[journeys.won.node]
    empty = _by_journey(journeys.won, rows) == 0
    return np.where(empty[_owner(journeys.won)], 1, rows)


def _in_proportion(total: float, weights: Reals) -> Reals:
    whole = weights.sum()
    return weights * (total / whole) if whole else np.zeros(len(weights))


def _per_unit(paths: Paths, unit_times: NDArray[np.int64]) -> Reals:
    """How many of its journeys there are for one person of the unit."""
    return paths.times / unit_times[paths.unit]


def _owner(paths: Paths) -> NDArray[np.int64]:
    """The journey of each row."""
    return np.repeat(np.arange(len(paths.unit)), np.diff(paths.starts))


def _by_journey(paths: Paths, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of weights of each journey."""
    return np.add.reduceat(weights, paths.starts[:-1]) if len(weights) else np.zeros(0, np.int64)
