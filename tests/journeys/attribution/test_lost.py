"""Journeys that came to nothing, gathered from touches: against plain lists and a counter."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.journeys.attribution.lost import gather

TOUCHES = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 40), st.integers(1, 4), st.booleans(), st.booleans()), max_size=40
)
"""Person, instant, channel, whether it is direct, whether it is inside the dates."""


def slow(
    touches: list[tuple[int, int, int, bool, bool]], buyers: set[int], window: int, *, skips: bool
) -> Counter[Any]:
    """Each person's journey by the definition."""
    found: Counter[Any] = Counter()
    for person, rows in groupby(touches, key=lambda touch: touch[0]):
        own = list(rows)
        near = [touch for touch in own if touch[1] >= own[-1][1] - window]
        if skips and not all(touch[3] for touch in near):
            near = [touch for touch in near if not touch[3]]
        if near[-1][4]:
            way = tuple(channel for channel, _ in groupby(touch[2] for touch in near))
            found[person if person in buyers else 0, way] += 1
    return found


@settings(deadline=None, max_examples=200)
@given(TOUCHES, st.sets(st.integers(1, 5)), st.integers(0, 40), st.booleans())
def test_journeys_are_those_of_plain_lists(
    touches: list[tuple[int, int, int, bool, bool]], buyers: set[int], window: int, skips: bool
) -> None:
    touches.sort(key=lambda touch: touch[:2])
    columns = [np.array([touch[place] for touch in touches]) for place in range(5)]
    found = gather(
        columns[0].astype(np.uint64), columns[1].astype(np.int64), columns[2].astype(np.int64), columns[3].astype(bool),
        columns[4].astype(bool), np.array([touch[0] in buyers for touch in touches], bool), window, skips_direct=skips,
    )  # fmt: skip
    got: Counter[Any] = Counter()
    for row, (buyer, times) in enumerate(zip(found.buyer.tolist(), found.times.tolist(), strict=True)):
        way = tuple(found.node[found.starts[row] : found.starts[row + 1]].tolist())
        assert (buyer, way) not in got
        got[buyer, way] = times
    assert got == slow(touches, buyers, window, skips=skips)


def test_many_journeys_of_many_channels_are_told_apart() -> None:
    random = np.random.default_rng(4)
    person = np.repeat(np.arange(1, 4001, dtype=np.uint64), 5)
    node, none = random.integers(1, 3000, len(person)), np.zeros(len(person), np.bool_)
    found = gather(person, np.tile(np.arange(5), 4000), node, none, ~none, none, 9)
    ways = Counter(tuple(way) for way in node.reshape(-1, 5).tolist())
    assert found.times.sum() == 4000
    assert len(found.times) == len({tuple(c for c, _ in groupby(way)) for way in ways})
