"""The people on a node or a link of the picture of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.reports._funnel.groups import instant
from longfunnel.reports._paths.trails import nodes_of, read_wanted, store_of_trails, walked

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


def people_on_the_way(
    context: Context, question: Question, place: int, one: str, two: str | None, limit: int
) -> tuple[list[tuple[int, datetime]], int]:
    """Who did ``one`` as number ``place`` (from 1) of their way, and with ``two`` went on to that: each with the instant of
    their point, the latest first, at most ``limit``; and how many there are in all. An empty name: the way had ended.

    Raises:
        QuestionError: the question cannot be asked.
    """
    wanted = read_wanted(context, question)
    store = store_of_trails(wanted)
    names, of_act = nodes_of(context, store)
    number = {name: at for at, name in enumerate(names)}
    asked = [(place - 1, one), *([(place, two)] if two is not None else [])]
    if any(at >= wanted.depth or (name and name not in number) for at, name in asked):
        return [], 0
    persons: list[NDArray[np.uint64]] = []
    times: list[NDArray[np.int64]] = []
    for piece in walked(wanted, store, of_act):
        there = np.ones(len(piece.nodes), np.bool_)
        for at, name in asked:
            there &= piece.nodes[:, at] == (number[name] if name else -1)
            if not name and at:  # it ended here, not before
                there &= piece.nodes[:, at - 1] >= 0
        persons.append(piece.person_id[there])
        times.append(piece.at[there])
    ids, at_times = (np.concatenate(parts) if parts else np.empty(0, np.int64) for parts in (persons, times))
    latest = np.argsort(-at_times, kind="stable")[:limit]
    return [(int(ids[row]), instant(int(at_times[row]))) for row in latest], len(ids)
