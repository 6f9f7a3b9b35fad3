"""The weights of touches: one pass over the journeys weighs them by every model of touches at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.journeys.attribution.journeys import CHOSEN, NEVER, NOT_DIRECT, PAID
from longfunnel.journeys.attribution.models import Decay, Distinct, LastOf, Roles
from longfunnel.journeys.kernels.compiled import kernel, part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from longfunnel.journeys.attribution.journeys import Journeys
    from longfunnel.journeys.attribution.models import Rule

_ROLES, _LAST_OF, _DECAY, _DISTINCT = 0, 1, 2, 3
_BITS: Final = {"paid": PAID, "not_direct": NOT_DIRECT, "chosen": CHOSEN}
_DAY: Final = 86_400_000_000
WHOLE: Final = 1 << 24
"""Weights of time decay add up to this: a share is exact to 6e-8."""


def weigh(journeys: Journeys, rules: Sequence[Rule]) -> NDArray[np.int64]:
    """The weight of every touch by every rule of touches, int64[rule, row].

    A touch's share of its journey is its weight / the sum of weights of the journey, which is above 0: whole numbers, so
    that shares are exact fractions.
    """
    table = np.array([_coded(rule) for rule in rules], np.int64).reshape(-1, 6)
    weights = np.zeros((len(table), len(journeys.won.node)), np.int64)
    seen = np.full(journeys.nodes, -1, np.int64)
    _weigh(
        journeys.won.starts, journeys.won.node, journeys.at, journeys.flags, journeys.lead_at, journeys.deal_at,
        table, weights, seen,
    )  # fmt: skip
    return weights


def _coded(rule: Rule) -> list[int]:
    match rule:
        case Roles(first, lead, deal, last, rest):
            return [_ROLES, first, lead, deal, last, rest]
        case LastOf(kinds):
            return [_LAST_OF, *(_BITS[kind] for kind in kinds), *[0] * (5 - len(kinds))]
        case Decay(days):
            return [_DECAY, max(1, round(days * _DAY)), 0, 0, 0, 0]
        case Distinct():
            return [_DISTINCT, 0, 0, 0, 0, 0]
        case _:
            raise TypeError(f"{rule} weighs channels, not touches")


@part
def _last_until(at: NDArray[np.int64], low: int, high: int, moment: int) -> int:
    """The last row not later than the moment, or -1."""
    if moment == NEVER:
        return -1
    for row in range(high - 1, low - 1, -1):
        if at[row] <= moment:
            return row
    return -1


@part
def _by_roles(rule: NDArray[np.int64], low: int, high: int, lead: int, deal: int, weights: NDArray[np.int64]) -> None:
    """Weights of touches with roles and of the rest, as whole numbers."""
    weights[low] += rule[1]
    if lead >= 0:
        weights[lead] += rule[2]
    if deal >= 0:
        weights[deal] += rule[3]
    weights[high - 1] += rule[4]
    rest, total = 0, 0
    for row in range(low, high):
        total += weights[row]
        if weights[row] == 0:
            rest += 1
    if rest == 0 or (rule[5] == 0 and total > 0):
        return
    for row in range(low, high):
        if weights[row] > 0:
            weights[row] *= rest
        else:
            weights[row] = max(rule[5], 1)  # a role that no touch has, and no rest: evenly


@part
def _by_age(half_life: int, low: int, high: int, at: NDArray[np.int64], weights: NDArray[np.int64]) -> None:
    """Weights that halve with each half-life, made whole by largest remainder so that they add up to WHOLE."""
    size = high - low
    exact = np.empty(size)
    total = 0.0
    for k in range(size):
        exact[k] = 2.0 ** (-(at[high - 1] - at[low + k]) / half_life)
        total += exact[k]
    left = WHOLE
    for k in range(size):
        exact[k] *= WHOLE / total
        weights[low + k] = int(exact[k])
        exact[k] -= weights[low + k]
        left -= weights[low + k]
    while left > 0:
        best = 0
        for k in range(size):
            if exact[k] > exact[best]:
                best = k
        weights[low + best] += 1
        exact[best] -= 1.0
        left -= 1


@kernel
def _weigh(
    starts: NDArray[np.int64],
    node: NDArray[np.int64],
    at: NDArray[np.int64],
    flags: NDArray[np.int64],
    lead_at: NDArray[np.int64],
    deal_at: NDArray[np.int64],
    rules: NDArray[np.int64],
    weights: NDArray[np.int64],
    seen: NDArray[np.int64],
) -> None:
    """Fill ``weights`` (rule × row, zeros before). ``seen`` is room for one mark per node."""
    for journey in range(starts.shape[0] - 1):
        low, high = starts[journey], starts[journey + 1]
        lead = _last_until(at, low, high, lead_at[journey])
        deal = _last_until(at, low, high, deal_at[journey])
        for number in range(rules.shape[0]):
            rule = rules[number]
            if rule[0] == _ROLES:
                _by_roles(rule, low, high, lead, deal, weights[number])
            elif rule[0] == _DECAY:
                _by_age(rule[1], low, high, at, weights[number])
            elif rule[0] == _DISTINCT:
                for row in range(high - 1, low - 1, -1):
                    if seen[node[row]] != journey:
                        seen[node[row]] = journey
                        weights[number, row] = 1
                for row in range(low, high):
                    seen[node[row]] = -1
            else:
                chosen = high - 1
                for k in range(1, 6):
                    found = -1
                    for row in range(high - 1, low - 1, -1):
                        if flags[row] & rule[k]:
                            found = row
                            break
                    if found >= 0:
                        chosen = found
                        break
                weights[number, chosen] = 1
