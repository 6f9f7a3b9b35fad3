"""What comes of everything that is on its way through stages: a semi-Markov walk whose steps are competing risks.

From each state a deal goes on to another state, is won or is lost, after a time that depends on the state and on how long it has
stood there, and on nothing before. Each state's exits are estimated by Aalen–Johansen from all stays in it, those that go on
included; a possible future is played stay by stay, the first from the age that the deal has now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.models.competing_risks import INSIDE, Exits, aalen_johansen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_STEPS = 100
"""Stages that a deal may still pass; a deal that goes round longer stays open."""


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


def exits_of(stays: Stays, now: float) -> list[Exits]:
    """Each state's exits, from stays as they stood at ``now``."""
    lasted = np.maximum(np.minimum(stays.ended, now) - stays.began, 0.0)
    return [
        aalen_johansen(lasted[mine], stays.target[mine]) for mine in (stays.state == s for s in range(stays.states))
    ]


def resampled(stays: Stays, now: float, random: np.random.Generator) -> list[Exits]:
    """Each state's exits from as many stays drawn with replacement: how they might have come out."""
    return exits_of(stays.taken(random.integers(0, len(stays.state), len(stays.state))), now)


def slowed(exits: list[Exits], factors: dict[int, float]) -> list[Exits]:
    """The exits with the times of some states multiplied."""
    return [replace(one, times=one.times * factors.get(state, 1.0)) for state, one in enumerate(exits)]


def play(
    exits: list[Exits], state: Ints, age: Floats, ahead: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """One possible future of each deal in ``state`` for ``age`` days: in how many days it is won, and lost; infinity where it is not
    within ``ahead`` days."""
    states = len(exits)
    won_in, lost_in = np.full(len(state), np.inf), np.full(len(state), np.inf)
    who, state, age, passed = np.arange(len(state)), state.copy(), age.astype(np.float64), np.zeros(len(state))
    for _ in range(_MOST_STEPS):
        if not len(who):
            break
        ends, way = np.full(len(who), np.inf), np.full(len(who), INSIDE)
        for number in np.unique(state):
            mine = state == number
            ends[mine], way[mine] = exits[number].draw(age[mine], random)
        at = passed + ends - age
        within = at <= ahead
        for target, found in ((states, won_in), (states + 1, lost_in)):
            done = within & (way == target)
            found[who[done]] = at[done]
        on = within & (way >= 0) & (way < states)
        who, state, passed = who[on], way[on], at[on]
        age = np.zeros(len(who))
    return won_in, lost_in
