"""What comes of everything that is on its way through stages: a semi-Markov walk whose steps are competing risks.

From each state a deal goes on to another state, is won or is lost, after a time that depends on the state and on how long it has
stood there, and on nothing before. Each state's exits are estimated by Aalen–Johansen from all stays in it, those that go on
included; a possible future is played stay by stay, the first from the age that the deal has now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.kernels.compiled import kernel, part
from longfunnel.models.competing_risks import INSIDE, Exits, Stood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_STEPS = 100
"""Stages that a deal may still pass; a deal that goes round longer stays open."""
_OVER = 1 - 1e-12
"""So large a share ended is all of them."""


@dataclass(frozen=True)
class Stays:
    """Stays in states 0 … ``states`` − 1: when each began and ended (days; infinity while it goes on), and where it went.

    ``target`` is the next state, or ``won`` or ``lost``; INSIDE while the stay goes on.
    """

    states: int
    state: Ints
    began: Floats
    ended: Floats
    target: Ints

    @property
    def won(self) -> int:
        """The target of a stay that ended in an order."""
        return self.states

    @property
    def lost(self) -> int:
        """The target of a stay that ended in nothing."""
        return self.states + 1

    def known_at(self, time: float) -> Stays:
        """The stays as they stood at ``time``: those begun by then, those that ended later still going on."""
        begun = self.began <= time
        ended = self.ended[begun]
        goes_on = ended > time
        return Stays(
            self.states,
            self.state[begun],
            self.began[begun],
            np.where(goes_on, np.inf, ended),
            np.where(goes_on, INSIDE, self.target[begun]),
        )

    def taken(self, rows: NDArray[np.generic]) -> Stays:
        """Only these rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in ("state", "began", "ended", "target")})

    def stood(self, now: float) -> Stood:
        """How long each had lasted at ``now``, ready for the estimate of its state's exits."""
        return Stood(self.states, self.state, np.maximum(np.minimum(self.ended, now) - self.began, 0.0), self.target)


def resampled(stood: Stood, size: int, random: np.random.Generator) -> Exits:
    """Each state's exits from as many stays (``size``) drawn with replacement: how they might have come out."""
    return stood.exits(np.bincount(random.integers(0, size, size), minlength=size))


def slowed(exits: Exits, factors: dict[int, float]) -> Exits:
    """The exits with the times of some states multiplied."""
    by_state = np.array([factors.get(state, 1.0) for state in range(len(exits.first) - 1)])
    return replace(exits, times=exits.times * np.repeat(by_state, np.diff(exits.first)))


def mixed(exits: Exits, own: Exits, is_own: NDArray[np.bool_]) -> Exits:
    """The exits with those of some states taken from ``own``."""
    sizes = np.where(is_own, np.diff(own.first), np.diff(exits.first))
    first = np.concatenate(([0], np.cumsum(sizes)))
    parts = [
        (source, slice(source.first[state], source.first[state + 1]))
        for state in range(len(is_own))
        for source in (own if is_own[state] else exits,)
    ]
    times, ways, ended = (
        np.concatenate([getattr(source, name)[rows] for source, rows in parts]) for name in ("times", "ways", "ended")
    )
    shift = np.concatenate([source.guide[rows] - rows.start for source, rows in parts])
    return Exits(first, times, ways, ended, shift + np.repeat(first[:-1], sizes))


def play(
    exits: Exits, state: Ints, age: Floats, ahead: float, random: np.random.Generator, times: int = 1
) -> tuple[Floats, Floats]:
    """``times`` possible futures of each deal in ``state`` for ``age`` days: in how many days it is won, and lost, float64[time, deal]
    as one run; infinity where it is not within ``ahead`` days."""
    won_in, lost_in = np.full((2, times, len(state)), np.inf)
    _play(exits.first, exits.times, exits.ways, exits.ended, exits.guide, state, age, ahead, random, won_in, lost_in)
    return won_in.ravel(), lost_in.ravel()


@part
def _place(first: Ints, ended: Floats, guide: Ints, state: int, drawn: float) -> int:
    """The first row of the state whose share ended is above ``drawn``; the end of the state's rows where there is none."""
    low, high = first[state], first[state + 1]
    place = guide[low + min(int(drawn * (high - low)), high - low - 1)]
    while place > low and ended[place - 1] > drawn:  # the guide's own rounding
        place -= 1
    while place < high and ended[place] <= drawn:
        place += 1
    return int(place)


@kernel
def _play(
    first: Ints, times: Floats, ways: Ints, ended: Floats, guide: Ints, state: Ints, age: Floats, ahead: float,
    random: np.random.Generator, won_in: Floats, lost_in: Floats,
) -> None:  # fmt: skip
    """Walk every deal as often as ``won_in`` has rows."""
    states = len(first) - 1
    for deal in range(len(state)):
        low, high = first[state[deal]], first[state[deal] + 1]
        start = low + np.searchsorted(times[low:high], age[deal], side="right")
        before = ended[start - 1] if start > low else 0.0
        if start == high or before >= _OVER:
            continue
        for future in range(won_in.shape[0]):
            here, passed = state[deal], -age[deal]
            drawn = before + (1.0 - before) * random.random()
            for _ in range(_MOST_STEPS):
                place = _place(first, ended, guide, here, drawn)
                if place == first[here + 1] or passed + times[place] > ahead:
                    break
                passed += times[place]
                here = ways[place]
                if here >= states:
                    if here == states:
                        won_in[future, deal] = passed
                    else:
                        lost_in[future, deal] = passed
                    break
                if first[here] == first[here + 1]:
                    break
                drawn = random.random()
