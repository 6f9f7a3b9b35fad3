"""Exact Markov attribution: what would be lost if a channel were not there, by linear algebra instead of simulation.

A journey is a walk: from the start to its first channel, from channel to channel, and from the last one to a sale or to nothing.
The probability of a step is its share among all steps from where it starts. Removing a channel turns every step into it
into a step to nothing (Anderl et al. 2016); the removal effect is the share of the expected worth that is lost by it.

A channel that repeats itself without another between counts once: the probabilities of where a walk ends do not depend on how
long it stays, so for order 1 this changes nothing, and for order 2 the two channels remembered are two different ones. A channel
that comes back after another is the same state again, and removing it removes all its visits.

With the fundamental matrix N = (I - Q)^-1 (Kemeny and Snell 1960) and V = N r, the expected worth from each state, what is lost
without the states A is h_A N_AA^-1 V_A, where h are the expected visits from the start: the walk first reaches A with the
probabilities h_A N_AA^-1, and all that it would have earned from there is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.journeys import NOWHERE
from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.journeys.attribution.journeys import Paths

_MOST_STATES: Final = 4_000
"""A dense matrix of this many states takes 128 MB and about two seconds to invert."""
_SMALL: Final = 512
"""Up to so many states plain elimination is faster than waking the threads of a library for linear algebra."""


@dataclass(frozen=True)
class States:
    """Journeys as walks over states, and the states that each channel takes part in."""

    won: Paths
    lost: Paths
    size: int
    members: tuple[NDArray[np.int64], ...]
    """By channel: its states."""


def states_of(won: Paths, lost: Paths, nodes: int, order: int) -> States:
    """The walks of order 1, or of order 2: a state is then a channel with the one before it.

    Raises:
        QuestionError: there are more states than a dense matrix can hold.
    """
    if order == 1:
        found = States(won, lost, nodes, tuple(np.array([node]) for node in range(nodes)))
    else:
        pairs = [_pairs(paths, nodes) for paths in (won, lost)]
        codes = np.unique(np.concatenate([paths.node for paths in pairs]))
        ways = [type(won)(p.starts, np.searchsorted(codes, p.node), p.unit, p.times) for p in pairs]
        before, now = codes // (nodes + 1) - 1, codes % (nodes + 1)
        touching = tuple(np.flatnonzero((before == node) | (now == node)) for node in range(nodes))
        # a sale without any touch stays the one state that chains leave out
        found = States(ways[0], ways[1], len(codes), touching)
    if found.size > _MOST_STATES:
        raise QuestionError(
            Text(
                "A chain of {size} states is too many (at most {most}).",
                "В цепи слишком много состояний: {size}, а можно не больше {most}.",
            ).format(size=found.size, most=_MOST_STATES),
            hint=Text(
                "Cut by something coarser, as channel, or use order 1.",
                "Возьмите разрез покрупнее, например channel, или порядок 1.",
            ),
        )
    return found


def _pairs(paths: Paths, nodes: int) -> Paths:
    """The same journeys over codes of (channel before, channel), repeats in a row taken as one."""
    code = np.empty(len(paths.node), np.int64)
    starts = np.zeros(len(paths.starts), np.int64)
    size = _code_pairs(paths.starts, paths.node, nodes, code, starts)
    return type(paths)(starts, code[:size], paths.unit, paths.times)


@kernel
def _code_pairs(
    starts: NDArray[np.int64], node: NDArray[np.int64], nodes: int, code: NDArray[np.int64], new: NDArray[np.int64]
) -> int:
    """Fill ``code`` and the new starts; return how many codes there are. A first channel has none before it."""
    size = 0
    for journey in range(starts.shape[0] - 1):
        last = -1
        for row in range(starts[journey], starts[journey + 1]):
            if node[row] != last:
                code[size] = (last + 1) * (nodes + 1) + node[row]
                last = node[row]
                size += 1
        new[journey + 1] = size
    return size


@dataclass(frozen=True)
class Effects:
    """What removing each channel loses, 0..1 of all, and the worth that a walk from the start is expected to bring."""

    removal: NDArray[np.float64]
    expected: float


def removal_effects(
    states: States,
    worth: NDArray[np.float64],
    weight_won: NDArray[np.float64],
    weight_lost: NDArray[np.float64],
) -> Effects:
    """Removal effects by channel; ``worth`` of each sale, and how often each journey counts.

    Zeros where nothing is earned. A channel that is in no journey has 0.
    """
    size = states.size
    steps = np.zeros((size + 1, size + 1))
    gained = np.zeros(size)
    ended = np.zeros(size)
    _count(states.won.starts, states.won.node, weight_won, worth, steps, ended, gained)
    _count(states.lost.starts, states.lost.node, weight_lost, np.zeros(len(weight_lost)), steps, ended, np.zeros(size))
    leaving = steps[:size, :size].sum(axis=1) + ended
    used = np.flatnonzero(leaving > 0)
    removal = np.zeros(len(states.members))
    if not len(used):
        return Effects(removal, 0.0)
    fundamental = _solved(np.eye(len(used)) - steps[np.ix_(used, used)] / leaving[used, None], np.eye(len(used)))
    start = steps[size, used] / steps[size, :size].sum()
    value = fundamental @ (gained[used] / leaving[used])
    visits = start @ fundamental
    expected = float(start @ value)
    place = np.full(size, -1, np.int64)
    place[used] = np.arange(len(used))
    for node, members in enumerate(states.members):
        own = place[members]
        own = own[own >= 0]
        if node != NOWHERE and len(own) and expected:
            gone = _solved(fundamental[np.ix_(own, own)], value[own, None])[:, 0]
            removal[node] = visits[own] @ gone / expected
    return Effects(removal, expected)


def _solved(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """X with matrix X = right. Both kinds of matrix that come here need no pivoting: I - Q has dominant diagonals, and a
    block of its inverse is the inverse of a Schur complement that has them too."""
    if len(matrix) > _SMALL:
        return np.linalg.solve(matrix, right).astype(np.float64)
    found = np.ascontiguousarray(right, np.float64).copy()
    _eliminate(np.ascontiguousarray(matrix, np.float64).copy(), found)
    return found


@kernel
def _eliminate(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> None:
    """Gauss-Jordan in place: ``right`` becomes the solution."""
    size, width = right.shape
    for k in range(size):
        pivot = 1.0 / matrix[k, k]
        for j in range(k + 1, size):
            matrix[k, j] *= pivot
        for j in range(width):
            right[k, j] *= pivot
        for i in range(size):
            factor = matrix[i, k]
            if i != k and factor != 0.0:
                for j in range(k + 1, size):
                    matrix[i, j] -= factor * matrix[k, j]
                for j in range(width):
                    right[i, j] -= factor * right[k, j]


@kernel
def _count(
    starts: NDArray[np.int64],
    node: NDArray[np.int64],
    weight: NDArray[np.float64],
    worth: NDArray[np.float64],
    steps: NDArray[np.float64],
    ended: NDArray[np.float64],
    gained: NDArray[np.float64],
) -> None:
    """Add each journey's steps: from the start (the last row), between different states, and its end in ``ended``, with what it
    brought in ``gained``."""
    start = steps.shape[0] - 1
    for journey in range(starts.shape[0] - 1):
        times = weight[journey]
        if times == 0.0:
            continue
        last = start
        for row in range(starts[journey], starts[journey + 1]):
            if node[row] != last:
                steps[last, node[row]] += times
                last = node[row]
        if last != start:
            ended[last] += times
            gained[last] += times * worth[journey]
