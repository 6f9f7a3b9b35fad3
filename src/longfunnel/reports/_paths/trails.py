"""Trails of all persons, read from the store and counted: every distinct one with how many went it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.funnel import LONGEST_WINDOW, Funnel, Step
from longfunnel.journeys.funnels.spans import read_span
from longfunnel.journeys.funnels.step_language import Act, read_predicate, written_predicate
from longfunnel.journeys.funnels.steps import unmatched
from longfunnel.journeys.kernels.columns import signed
from longfunnel.journeys.kernels.trails import AFTER, BEFORE, BETWEEN, trails
from longfunnel.journeys.store import Store
from longfunnel.reports._engine.remembered import remembered
from longfunnel.reports._engine.scope import spans
from longfunnel.reports._engine.sql import Statement
from longfunnel.reports._funnel.answer import acts_sql
from longfunnel.reports._funnel.reading import Asked, asked, reading_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.steps import Unmatched
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_DEPTH: Final = 5
_MOST_DEPTH: Final = 20
_SHOWN: Final = "page | event:* | lead | call | deal | order | payment | refund | message"
_WINDOW: Final = "30d"
_MOST_CODE: Final = 1 << 62


@dataclass(frozen=True)
class Wanted:
    """What trails are asked for: from a point, to a point, or between two."""

    mode: int
    given: Asked
    depth: int
    window: timedelta
    collapse: bool
    repeated: bool


@dataclass(frozen=True)
class Trails:
    """Distinct trails, the commonest first: places of nodes (-1: ended), how many there are of each, and the nodes' names."""

    nodes: NDArray[np.int32]
    counts: NDArray[np.int64]
    names: list[str]
    sql: str
    """What was read for them."""
    unmatched: tuple[Unmatched, ...]
    """Points that nothing matches today."""


def trails_of(context: Context, question: Question) -> Trails:
    """The trails that a question is about, whichever form and how many of them it wants. Raises as ``read_wanted``."""
    options = tuple(pair for pair in question.options if pair[0] != "view")
    key = msgspec.structs.replace(question, options=options, limit=None)
    return remembered(context, ("trails", key), lambda: count_trails(read_wanted(context, question)))


def read_wanted(context: Context, question: Question) -> Wanted:
    """The trails that a question's options describe.

    Raises:
        QuestionError: neither ``after`` nor ``before`` is named, or an option cannot be read.
    """
    after, before = question.option("after"), question.option("before")
    if not after and not before:
        raise QuestionError(
            Text(
                "Paths from where? Name after, before, or both.", "Пути от чего? Заполните after, before или оба поля."
            ),
            hint=Text(
                'As after="page:/pricing*", before="order".', 'Например, after="page:/pricing*", before="order".'
            ),
        )
    mode = BETWEEN if after and before else AFTER if after else BEFORE
    points = tuple(
        Step(predicate=written_predicate(read_predicate(text))) for text in (after or before, before or after)
    )
    shown = tuple(
        Step(predicate=written_predicate(read_predicate(text))) for text in (question.option("show") or _SHOWN,)
    )
    window = read_span(question.option("window") or _WINDOW)
    funnel = Funnel(steps=(*points, *shown), window=min(window, LONGEST_WINDOW))
    depth = question.option("depth") or str(_DEPTH)
    if not depth.isdecimal() or not 2 <= int(depth) <= _MOST_DEPTH:
        raise QuestionError(
            Text(
                "depth is «{depth}», and must be a number from 2 to {most}.",
                "depth: нужно число от 2 до {most}, а не «{depth}».",
            ).format(depth=depth, most=_MOST_DEPTH)
        )
    collapse, count = question.option("loops") or "collapse", question.option("count") or "persons"
    if collapse not in ("collapse", "keep"):
        raise QuestionError(must_be("loops", collapse, ("collapse", "keep")))
    if count not in ("persons", "all"):
        raise QuestionError(must_be("count", count, ("persons", "all")))
    given = asked(context, msgspec.structs.replace(question, by=()), funnel)
    return Wanted(mode, given, int(depth), funnel.window, collapse == "collapse", count == "all")


@dataclass(frozen=True)
class Walked:
    """The trails of one slice of the store: by trail its nodes, the person, and the instant (µs) of that person's first point."""

    nodes: NDArray[np.int64]
    person_id: NDArray[np.uint64]
    at: NDArray[np.int64]


def count_trails(wanted: Wanted) -> Trails:
    """Every distinct trail and how many went it.

    The period is that of the point; filters speak of the event at the point.
    """
    store = store_of_trails(wanted)
    names, of_act = nodes_of(wanted.given.context, store)
    parts = [distinct(piece.nodes) for piece in walked(wanted, store, of_act)]
    points = [item for item in wanted.given.alternatives if item.step in (0, 1)]
    context = wanted.given.context
    return Trails(
        *_together(parts, wanted.depth),
        names,
        Statement(store.sql(), store.values).runnable() + acts_sql(wanted.given),
        tuple(unmatched(context.connection, context.schema, points)),
    )


def store_of_trails(wanted: Wanted) -> Store:
    """The store, to be read for these trails."""
    given = wanted.given
    reading = reading_of(given, spans(given.question)[0])
    if wanted.mode == BEFORE:  # what comes before the point may lie before the period, and nothing after it is wanted
        reading = replace(reading, entry_from=np.iinfo(np.int64).min + 1, window=0)
    return Store(given.context.connection, given.context.schema, replace(reading, facts=True))


def walked(wanted: Wanted, store: Store, of_act: NDArray[np.int64]) -> Iterator[Walked]:
    """The trails, slice by slice; ``of_act`` gives the node of each act, as ``nodes_of`` does."""
    window = int(wanted.window.total_seconds() * 1_000_000)
    since = reading_of(wanted.given, spans(wanted.given.question)[0]).entry_from
    for piece in store:
        journeys = piece.journeys
        steps = signed(journeys.steps)
        points = np.where(wanted.mode == BEFORE, (steps & 1) << 1, steps & 3)
        if wanted.mode == BEFORE:
            points[journeys.at < since] = 0
        assert piece.act is not None  # noqa: S101 - facts are asked for, and acts with them
        node = np.where(steps & 7 != 0, of_act[piece.act], -1)
        room = len(node) if wanted.repeated else len(piece.person_id)
        nodes, whose = np.empty((room, wanted.depth), np.int64), np.empty(room, np.int64)
        size = trails(
            journeys.starts, journeys.at, node, points, wanted.mode, window, wanted.collapse, wanted.repeated, nodes, whose
        )  # fmt: skip
        place = whose[:size]
        begins = np.append(np.flatnonzero(points), len(points) - 1)
        first = begins[np.searchsorted(begins, journeys.starts[place])] if size else place
        yield Walked(nodes[:size], piece.person_id[place], journeys.at[first] if size else place)


def _together(
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]], depth: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The trails of all slices, the commonest first."""
    if not parts:
        return np.empty((0, depth), np.int32), np.empty(0, np.int64)
    nodes, counts = distinct(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.argsort(-counts, kind="stable")
    return nodes[order].astype(np.int32), counts[order]


def distinct(
    nodes: NDArray[np.int64], counts: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct rows, from the least in each column, from the left, to the greatest, and how many there are of each (``counts``:
    so many for each row). No number is below -1.

    A row is told by one number, which sorts several times faster than a row; where it would grow too large, by its rank so far.
    """
    code, size, room = np.zeros(len(nodes), np.int64), 1, int(nodes.max(initial=0)) + 2
    for column in nodes.T:
        if size * room > _MOST_CODE:
            ranks, code = np.unique(code, return_inverse=True)
            size = len(ranks)
        code = code * room + column + 1
        size *= room
    order = np.argsort(code, kind="stable")
    code = code[order]
    begins = np.flatnonzero(np.append(True, code[1:] != code[:-1])) if len(code) else order
    many = np.diff(np.append(begins, len(code))) if counts is None else np.add.reduceat(counts[order], begins)
    return nodes[order[begins]], many


def nodes_of(context: Context, store: Store) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the nodes, in alphabetical order, and by number of an act the place of its name (the last is for -1)."""
    rows = context.connection.execute(f"SELECT act_id, kind, name, detail FROM {context.table('acts')}").fetchall()
    name_of = {act_id: act_name(kind, name, detail) for act_id, kind, name, detail in rows}
    names = sorted({name_of.get(int(act), "") for act in store.act_ids})
    place = {name: number for number, name in enumerate(names)}
    return names, np.array([*(place[name_of.get(int(act), "")] for act in store.act_ids), -1], np.int64)


def act_name(kind: str, name: str | None, detail: str | None) -> str:
    """An act in the words of the step language."""
    match kind:
        case "page":
            return str(Act(kind, "", detail or ""))
        case "deal":
            return str(Act(kind, name or "", detail or ""))
        case "stage":
            return str(Act(kind, "", f"{detail}/{name}" if detail else name or ""))
        case "event" | "lead" | "call" | "message":
            return str(Act(kind, "", name or ""))
        case _:
            return kind
