"""Shapley values of lift: what each channel adds to journeys, given which others are there.

Journeys are grouped by the set T of their channels. Where only the channels S play, a journey of T is expected to bring rate(T ∩ S):
the mean of journeys whose channels are exactly that set; where nobody had exactly it, the mean of journeys within it; 0 where
nobody had those either, and for no channels at all. The game v(S) = sum over T of times(T) × rate(T ∩ S) is a sum of games, one for each T,
whose other channels are dummies; so the Shapley value is the sum of the values of these small games (Shapley 1953: additivity),
each worked out over the 2^|T| subsets of its own channels, and v(all) is what all journeys brought.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.journeys import NOWHERE
from longfunnel.journeys.kernels.compiled import kernel, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.journeys.attribution.journeys import Paths

MOST_CHANNELS: Final = 63
"""A set of channels is one bit each of an int64."""
EXACT_UP_TO: Final = 12
"""A journey with more different channels is sampled."""
TABLED: Final = 16
"""Up to so many channels the rates of all their sets are worked out at once, by sums over subsets."""
ORDERS: Final = 512
"""How many orders of channels are drawn for such a journey; each with its reverse, which lowers the error."""


@dataclass(frozen=True)
class Game:
    """The sets of channels that occur, as bits, and which set each journey has."""

    sets: NDArray[np.int64]
    set_of_won: NDArray[np.int64]
    set_of_lost: NDArray[np.int64]


@dataclass(frozen=True)
class Values:
    """The Shapley value of each channel, and its standard error where it was sampled (0: exact)."""

    credit: NDArray[np.float64]
    error: NDArray[np.float64]


def game_of(won: Paths, lost: Paths, nodes: int) -> Game:
    """The sets of channels of all journeys; NOWHERE is not one.

    Raises:
        QuestionError: there are more than 63 channels.
    """
    if nodes > MOST_CHANNELS:
        raise QuestionError(
            Text(
                "The model shapley_lift can tell at most {most} values apart, and there are {count}.",
                "Модель shapley_lift различает не больше {most} значений, а их {count}.",
            ).format(most=MOST_CHANNELS, count=nodes - 1),
            hint=Text(
                "Cut by something coarser, as channel, or ask for the model shapley.",
                "Возьмите разрез покрупнее, например channel, или модель shapley.",
            ),
        )
    masks = [np.zeros(len(paths.unit), np.int64) for paths in (won, lost)]
    for paths, mask in zip((won, lost), masks, strict=True):
        _masks(paths.starts, paths.node, mask)
    sets, place = np.unique(np.concatenate(masks), return_inverse=True)
    return Game(sets, place[: len(won.unit)], place[len(won.unit) :])


@kernel
def _masks(starts: NDArray[np.int64], node: NDArray[np.int64], masks: NDArray[np.int64]) -> None:
    for journey in range(starts.shape[0] - 1):
        for row in range(starts[journey], starts[journey + 1]):
            if node[row] != NOWHERE:
                masks[journey] |= 1 << node[row]


def lift_values(
    game: Game,
    nodes: int,
    worth: NDArray[np.float64],
    weight_won: NDArray[np.float64],
    weight_lost: NDArray[np.float64],
    seed: int,
) -> Values:
    """The Shapley values of all channels. They add up to what the journeys with any channel brought."""
    count = len(game.sets)
    times: NDArray[np.float64] = np.bincount(game.set_of_won, weight_won, count).astype(np.float64)
    times += np.bincount(game.set_of_lost, weight_lost, count)
    brought = np.bincount(game.set_of_won, weight_won * worth, count).astype(np.float64)
    factorials = np.array([factorial(k) for k in range(EXACT_UP_TO + 1)], np.float64)
    credit, variance = np.zeros(nodes), np.zeros(nodes)
    table = np.zeros(1 << nodes if nodes - 1 <= TABLED else 0)
    if len(table):
        _tabulate(game.sets, times, brought, table)
    if nodes - 1 <= EXACT_UP_TO:
        _solve_together(game.sets, times, table, factorials, credit)
    else:
        _solve(game.sets, times, brought, table, factorials, seed, credit, variance)
    return Values(credit, np.sqrt(variance))


@kernel
def _tabulate(
    sets: NDArray[np.int64], times: NDArray[np.float64], brought: NDArray[np.float64], table: NDArray[np.float64]
) -> None:
    """Fill the rates of all sets of channels, by bits. Sums over subsets, one channel after another (Yates 1937)."""
    there, earned = np.zeros(table.shape[0]), np.zeros(table.shape[0])
    for k in range(sets.shape[0]):
        if sets[k] != 0:
            there[sets[k]] = times[k]
            earned[sets[k]] = brought[k]
            if times[k] > 0:
                table[sets[k]] = brought[k] / times[k]
    known = there > 0
    step = 1
    while step < table.shape[0]:
        for mask in range(table.shape[0]):
            if mask & step:
                there[mask] += there[mask ^ step]
                earned[mask] += earned[mask ^ step]
        step <<= 1
    for mask in range(table.shape[0]):
        if not known[mask] and there[mask] > 0:
            table[mask] = earned[mask] / there[mask]


@kernel
def _solve_together(
    sets: NDArray[np.int64],
    times: NDArray[np.float64],
    table: NDArray[np.float64],
    factorials: NDArray[np.float64],
    credit: NDArray[np.float64],
) -> None:
    """The same as ``_solve`` where there are few channels, all small games at once.

    Their sum, with W for the channels up to and with c: credit(c) = sum over W with c of P(W) (rate(W) - rate(W without c)), where
    P(W) = sum over the sets T that hold W of times(T) (|W| - 1)! (|T| - |W|)! / |T|!. P is summed over supersets, one
    channel after another (Yates 1937), for each size of T.
    """
    channels = credit.shape[0] - 1
    size_of = np.zeros(1 << channels, np.int64)  # NOWHERE's bit is left out
    for mask in range(1, 1 << channels):
        size_of[mask] = size_of[mask & (mask - 1)] + 1
    weight, holding = np.zeros(1 << channels), np.empty(1 << channels)
    for size in range(1, channels + 1):
        holding[:] = 0.0
        for place in range(sets.shape[0]):
            if size_of[sets[place] >> 1] == size:
                holding[sets[place] >> 1] = times[place]
        for k in range(channels):
            for mask in range(1 << channels):
                if not mask >> k & 1:
                    holding[mask] += holding[mask | 1 << k]
        for mask in range(1, 1 << channels):
            own = size_of[mask]
            if own <= size:
                weight[mask] += holding[mask] * factorials[own - 1] * factorials[size - own] / factorials[size]
    for k in range(channels):
        for mask in range(1, 1 << channels):
            if mask >> k & 1:
                credit[k + 1] += weight[mask] * (table[mask << 1] - table[(mask ^ 1 << k) << 1])


@part
def _rate(
    mask: int,
    sets: NDArray[np.int64],
    times: NDArray[np.float64],
    brought: NDArray[np.float64],
    table: NDArray[np.float64],
) -> float:
    """What a journey with just these channels brings."""
    if table.shape[0] > 0:
        return float(table[mask])
    if mask == 0:
        return 0.0
    place = np.searchsorted(sets, mask)
    if place < sets.shape[0] and sets[place] == mask and times[place] > 0:
        return float(brought[place] / times[place])
    there, earned = 0.0, 0.0
    for k in range(sets.shape[0]):
        if sets[k] != 0 and sets[k] & ~mask == 0:
            there += times[k]
            earned += brought[k]
    return earned / there if there > 0 else 0.0


@part
def _exactly(
    members: NDArray[np.int64],
    size: int,
    sets: NDArray[np.int64],
    times: NDArray[np.float64],
    brought: NDArray[np.float64],
    table: NDArray[np.float64],
    factorials: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """Over all subsets: the mean of rate(U and c) - rate(U), with the weight |U|! (n - |U| - 1)! / n!."""
    rates = np.empty(1 << size)
    sizes = np.zeros(1 << size, np.int64)
    for subset in range(1 << size):
        mask = 0
        for k in range(size):
            if subset >> k & 1:
                mask |= 1 << members[k]
                sizes[subset] += 1
        rates[subset] = _rate(mask, sets, times, brought, table)
    for k in range(size):
        total = 0.0
        for subset in range(1 << size):
            if not subset >> k & 1:
                n = sizes[subset]
                total += (
                    factorials[n]
                    * factorials[size - n - 1]
                    / factorials[size]
                    * (rates[subset | 1 << k] - rates[subset])
                )
        values[k] = total


@kernel
def _solve(
    sets: NDArray[np.int64],
    times: NDArray[np.float64],
    brought: NDArray[np.float64],
    table: NDArray[np.float64],
    factorials: NDArray[np.float64],
    seed: int,
    credit: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> None:
    """Add each set's small game to ``credit``, and for a sampled one the variance of its mean to ``variance``."""
    np.random.seed(seed)  # the generator that compiled code has
    members, values, squares = np.empty(64, np.int64), np.empty(64), np.empty(64)
    forth, back = np.empty(64), np.empty(64)
    for place in range(sets.shape[0]):
        if times[place] <= 0 or sets[place] == 0:
            continue
        size = 0
        for k in range(63):
            if sets[place] >> k & 1:
                members[size] = k
                size += 1
        if size <= factorials.shape[0] - 1:
            _exactly(members, size, sets, times, brought, table, factorials, values)
            for k in range(size):
                credit[members[k]] += times[place] * values[k]
            continue
        values[:], squares[:] = 0.0, 0.0
        for _ in range(ORDERS):
            order = np.random.permutation(size)
            mask, before = 0, 0.0
            for k in order:
                mask |= 1 << members[k]
                now = _rate(mask, sets, times, brought, table)
                forth[k] = now - before
                before = now
            mask, before = 0, 0.0
            for k in order[::-1]:
                mask |= 1 << members[k]
                now = _rate(mask, sets, times, brought, table)
                back[k] = now - before
                before = now
            for k in range(size):
                mean = (forth[k] + back[k]) / 2
                values[k] += mean
                squares[k] += mean * mean
        for k in range(size):
            mean = values[k] / ORDERS
            credit[members[k]] += times[place] * mean
            spread = max(squares[k] / ORDERS - mean * mean, 0.0) / (ORDERS - 1)
            variance[members[k]] += times[place] * times[place] * spread
