"""The store gives kernels the same rows as plain Python picks from the timeline, in slices of whole persons."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.journeys import store as store_module
from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step
from longfunnel.journeys.funnels.properties import Passing
from longfunnel.journeys.funnels.step_language import Act
from longfunnel.journeys.funnels.steps import act_ids, alternatives_of
from longfunnel.journeys.kernels.totals import NO_AMOUNT
from longfunnel.journeys.store import Keyed, Reading, Slice, Store

Row = tuple[int, int, str, int, int, int | None]  # person, seconds, act, key, origin, amount
FIRST = datetime(2026, 1, 1)
MICROS = int(np.datetime64(FIRST, "us").astype(np.int64))
ACTS = {
    "a": ("event", "a", None),
    "b": ("event", "b", None),
    "v": ("visit", "visit", None),
    "p": ("page", "page_view", "/x_y"),
    "l": ("lead", "form", None),
}
FUNNEL = Funnel(
    steps=(Step(predicate="event:a"), Step(predicate="event:b | page:/x_*")), exclusions=(Exclusion(predicate="lead"),)
)


def act_id(name: str) -> int:
    return zlib.crc32(name.encode()) << 32 | zlib.adler32(name.encode())


def put(connection: duckdb.DuckDBPyConnection, rows: list[Row], *, appended: tuple[int, ...] = ()) -> list[Row]:
    """Write the timeline as builds leave it: sorted, then the persons of later builds appended. Returns its order."""
    placed = sorted(
        enumerate(rows), key=lambda item: (item[1][0] in appended, item[1][0] % 64, item[1][0], item[1][1], item[0])
    )
    ordered = [row for _, row in placed]
    table = pa.table(
        {
            "bucket": pa.array([row[0] % 64 for row in ordered], pa.uint8()),
            "person_id": pa.array([row[0] for row in ordered], pa.uint64()),
            "at": pa.array([FIRST + timedelta(seconds=row[1]) for row in ordered], pa.timestamp("us")),
            "seq": pa.array(range(len(ordered)), pa.uint32()),
            "act_id": pa.array([act_id(row[2]) for row in ordered], pa.uint64()),
            "fact_key": pa.array([row[3] for row in ordered], pa.uint64()),
            "amount": pa.array([row[5] for row in ordered], pa.decimal128(18, 4)),
            "origin_id": pa.array([row[4] or None for row in ordered], pa.uint64()),
        }
    )
    connection.register("given", table)
    connection.execute("DELETE FROM live.timeline; INSERT INTO live.timeline BY NAME SELECT * FROM given")
    connection.unregister("given")
    return ordered


@pytest.fixture(scope="module")
def connection() -> Any:
    with duckdb.connect(config={"threads": 2}) as opened:
        opened.execute("CREATE SCHEMA live; USE live")
        opened.execute(
            files("longfunnel.journeys.derive")
            .joinpath("tables.sql")
            .read_text("utf-8")
            .replace(" at TIMESTAMP", ' "at" TIMESTAMP')
        )
        opened.execute("USE memory.main")
        for name, (kind, word, detail) in ACTS.items():
            opened.execute("INSERT INTO live.acts VALUES (?, ?, ?, ?)", [act_id(name), kind, word, detail])
        yield opened


def reading(connection: duckdb.DuckDBPyConnection, **more: Any) -> Reading:
    found = alternatives_of(connection, "live", FUNNEL)
    return Reading(alternatives=found, passing=[None] * len(found), **more)


def flat(pieces: list[Slice]) -> list[tuple[int, int, int, int]]:
    """(person, seconds, steps, exclusions) of every row."""
    found = []
    for piece in pieces:
        journeys = piece.journeys
        whose = np.repeat(piece.person_id, np.diff(journeys.starts))
        exclusions = journeys.exclusions if journeys.exclusions is not None else np.zeros(len(whose), np.uint64)
        found += [
            (int(person), (int(at) - MICROS) // 1_000_000, int(steps), int(excluded))
            for person, at, steps, excluded in zip(whose, journeys.at, journeys.steps, exclusions, strict=True)
        ]
    return found


_ROWS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 65, 66, 2**63 + 1]),
        st.integers(0, 50),
        st.sampled_from("abvpl"),
        st.integers(1, 9),
        st.integers(0, 3),
        st.sampled_from([None, -5, 0, 7]),
    ),
    max_size=40,
)
_MASKS = {"a": (1, 0), "b": (2, 0), "p": (2, 0), "l": (0, 1), "v": (0, 0)}


@settings(deadline=None, max_examples=60)
@given(
    rows=_ROWS,
    chunk=st.sampled_from([1, 2, 3, 7, 2048]),
    since=st.integers(0, 30),
    length=st.integers(0, 40),
    everything=st.booleans(),
)
def test_rows_are_those_that_plain_python_picks(
    connection: Any, rows: list[Row], chunk: int, since: int, length: int, everything: bool
) -> None:
    ordered = put(connection, rows, appended=(65,))
    entry_from, entry_to, window = MICROS + since * 1_000_000, MICROS + (since + length) * 1_000_000, 5_000_000
    kinds = {"visit": act_ids(connection, "live", Act("visit"))}
    asked = reading(
        connection, entry_from=entry_from, entry_to=entry_to, window=window, everything=everything, kinds=kinds
    )
    before, store_module.CHUNK = store_module.CHUNK, chunk
    try:
        pieces = list(Store(connection, "live", asked))
    finally:
        store_module.CHUNK = before
    wanted = []
    for person, at, act, *_ in ordered:
        steps, excluded = _MASKS[act]
        if since <= at <= since + length + 5 and (steps or excluded or (everything and act != "v")):
            wanted.append((person, at, steps & ~1 if at > since + length else steps, excluded))
    assert flat(pieces) == wanted
    persons = [int(person) for piece in pieces for person in piece.person_id]
    assert len(persons) == len(set(persons))  # nobody is cut in two


@settings(deadline=None, max_examples=60)
@given(rows=_ROWS, chunk=st.sampled_from([1, 3, 2048]))
def test_origins_sessions_and_amounts_are_those_of_a_walk_in_plain_python(
    connection: Any, rows: list[Row], chunk: int
) -> None:
    ordered = put(connection, rows)
    kinds = {kind: act_ids(connection, "live", Act(kind)) for kind in ("visit", "page", "event")}
    credited = {"lead": Keyed(np.array([3, 5], np.uint64), np.array([30, 50]))}
    asked = reading(
        connection, kinds=kinds, origins=True, sessions=True, amounts=True, silence=10_000_000, credited=credited
    )
    before, store_module.CHUNK = store_module.CHUNK, chunk
    try:
        pieces = list(Store(connection, "live", asked))
    finally:
        store_module.CHUNK = before
    found = []
    for piece in pieces:
        assert piece.origin is not None
        assert piece.amount is not None
        assert piece.journeys.session is not None
        found += list(zip(piece.origin.tolist(), piece.journeys.session.tolist(), piece.amount.tolist(), strict=True))
    wanted, state = [], {}
    for person, at, act, key, origin, amount in ordered:
        current, session, seen = state.get(person, (0, -1, None))
        if act == "v":
            current, session, seen = origin, session + 1, at
        elif act in "abp":
            seen = at
        state[person] = (current, session, seen)
        is_inside = act in "vabp" or (seen is not None and at - seen <= 10)
        came_from = {3: 30, 5: 50}.get(key, 0) if act == "l" else current
        if act != "v":
            wanted.append((came_from, session if is_inside else -1, NO_AMOUNT if amount is None else amount * 10_000))
    assert found == wanted


@settings(deadline=None, max_examples=30)
@given(rows=_ROWS, keys=st.sets(st.integers(1, 9)), origins=st.sets(st.integers(0, 3)))
def test_conditions_keep_the_facts_and_origins_that_pass(
    connection: Any, rows: list[Row], keys: set[int], origins: set[int]
) -> None:
    ordered = put(connection, rows)
    asked = reading(connection, kinds={"visit": act_ids(connection, "live", Act("visit"))}, origins=True)
    passing = Passing(np.array(sorted(keys), np.uint64), np.array(sorted(origins), np.uint64))
    asked = replace(asked, passing=[passing, *asked.passing[1:]])
    current: dict[int, int] = {}
    wanted = []
    for person, at, act, key, origin, _ in ordered:
        current[person] = origin if act == "v" else current.get(person, 0)
        steps, excluded = _MASKS[act]
        if act == "a" and not (key in keys and current[person] in origins):
            steps = 0
        if act in "abpl":
            wanted.append((person, at, steps, excluded))
    assert flat(list(Store(connection, "live", asked))) == wanted


def test_one_person_is_read_alone(connection: Any) -> None:
    put(connection, [(1, 0, "a", 1, 0, None), (65, 0, "a", 2, 0, None), (2, 0, "a", 3, 0, None)])
    assert flat(list(Store(connection, "live", reading(connection, person=65)))) == [(65, 0, 1, 0)]


def test_signs_of_patterns_are_taken_as_they_stand(connection: Any) -> None:
    def named(name: str) -> int:
        return len(act_ids(connection, "live", Act("page", "", name)))

    assert (named("/x_y"), named("/x*"), named("*"), named("/x_"), named("/x%"), named("/xzy"), named("\\*")) == (
        1,
        1,
        1,
        0,
        0,
        0,
        0,
    )
