"""Small journeys written as text, and random ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from longfunnel.journeys.attribution.journeys import CHOSEN, NEVER, NOT_DIRECT, PAID, Journeys, Paths

DAY = 86_400_000_000
CHANNELS = 4


@dataclass
class Walk:
    """One person's journey: touches as (day, channel from 1, flags); worth None: nothing was bought."""

    touches: list[tuple[float, int, int]]
    worth: int | None = 1
    lead: float | None = None
    deal: float | None = None
    person: int = field(default=-1)


def paths_of(walks: list[Walk], persons: list[int]) -> Paths:
    sizes = [len(walk.touches) for walk in walks]
    node = [channel for walk in walks for _, channel, _ in walk.touches]
    return Paths(
        np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64),
        np.array(node, np.int64),
        np.array(persons, np.int64),
        np.ones(len(walks), np.int64),
    )


def journeys_of(walks: list[Walk], *, counted: bool = False, channels: int = CHANNELS) -> Journeys:
    won = [walk for walk in walks if walk.worth is not None]
    lost = [walk for walk in walks if walk.worth is None]
    rows = [touch for walk in won for touch in walk.touches]

    def moments(name: str) -> np.ndarray:
        days = [getattr(walk, name) for walk in won]
        return np.array([NEVER if day is None else round(day * DAY) for day in days], np.int64)

    return Journeys(
        paths_of(won, list(range(len(won)))),
        paths_of(lost, list(range(len(won), len(walks)))),
        np.array([round(day * DAY) for day, _, _ in rows], np.int64),
        np.array([flags for _, _, flags in rows], np.int64),
        moments("lead"),
        moments("deal"),
        None if counted else np.array([walk.worth for walk in won], np.int64),
        None,
        channels + 1,
        np.ones(len(walks), np.int64),
    )


def said(text: str) -> list[Walk]:
    """``A B C:10`` is a journey that brought 10, ``A B`` one that brought nothing; journeys end with a semicolon."""
    walks = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        way, sign, worth = part.partition(":")
        touches = [(float(day), ord(word) - ord("A") + 1, NOT_DIRECT) for day, word in enumerate(way.split())]
        walks.append(Walk(touches, int(worth) if sign else None))
    return walks


FLAGS = st.sampled_from((0, NOT_DIRECT, NOT_DIRECT | PAID, NOT_DIRECT | CHOSEN, NOT_DIRECT | PAID | CHOSEN))


@st.composite
def walks(draw: st.DrawFn, *, most: int = 6, worth: st.SearchStrategy[int | None] | None = None) -> list[Walk]:
    """Random journeys, of several touches at one instant too, with moments before, among and after them."""
    found = []
    for _ in range(draw(st.integers(1, 8))):
        days = sorted(draw(st.lists(st.integers(0, 20), min_size=1, max_size=most)))
        touches = [(float(day), draw(st.integers(1, CHANNELS)), draw(FLAGS)) for day in days]
        moment = st.one_of(st.none(), st.integers(-2, 24).map(float))
        value = draw(worth if worth is not None else st.one_of(st.none(), st.integers(-50, 5_000_000)))
        found.append(Walk(touches, value, draw(moment), draw(moment)))
    return found
