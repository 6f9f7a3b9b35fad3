"""Persons are what a plain union-find says, whatever arrives, is decided or undone, and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people.people_facts import START, Facts
from tests.people.people_oracle import Oracle, current_rows

from longfunnel.core.settings import Guards
from longfunnel.people import decision, row_node_sql, shared_kinds
from longfunnel.people.components import components
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import Identifier

if TYPE_CHECKING:
    from longfunnel.state import Decision

SLOW_BUT_SURE = settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

EMAILS = st.sampled_from(["a@x.ru", "b@x.ru", "c@x.ru", "d@x.ru"])
PHONES = st.sampled_from(["+79120000001", "+79120000002", "+79120000003"])
VISITORS = st.sampled_from(["v1", "v2", "v3"])
NUMBERS = st.sampled_from(["1", "2", "3"])
TIMES = st.integers(0, 5).map(lambda day: START + timedelta(days=day))
NAMED = {"email": EMAILS, "phone": PHONES, "visitor": VISITORS, "contact": NUMBERS, "lead": NUMBERS, "deal": NUMBERS}


def rows_of(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Rows of one fact, with any of its identifiers missing."""
    maybe = {"email": EMAILS, "phone": PHONES, "visitor_id": VISITORS, "contact_id": NUMBERS}
    shapes: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "lead": ({"lead_id": NUMBERS, "created_at": TIMES}, maybe),
        "deal": ({"deal_id": NUMBERS, "created_at": TIMES}, {**maybe, "lead_id": NUMBERS}),
        "call": (
            {"call_id": NUMBERS, "started_at": TIMES},
            {name: maybe[name] for name in ("phone", "contact_id", "visitor_id")},
        ),
        "stage_entry": ({"deal_id": NUMBERS, "entered_at": TIMES, "stage": st.just("s")}, {}),
        "event": (
            {"event_id": st.integers(0, 30).map(str), "happened_at": TIMES, "name": st.just("page_view")},
            {name: maybe[name] for name in ("email", "phone", "visitor_id")},
        ),
    }
    required, optional = shapes[name]
    return st.fixed_dictionaries(required, optional=optional).map(lambda row: (name, row))


@st.composite
def identity_links(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind_a, kind_b = draw(st.sampled_from(sorted(NAMED))), draw(st.sampled_from(sorted(NAMED)))
    values = {
        "value_a": draw(NAMED[kind_a]).upper(),
        "value_b": draw(NAMED[kind_b]),
        "seen_at": draw(st.none() | TIMES),
    }
    return "identity_link", {"kind_a": kind_a, "kind_b": kind_b, **values}


ROWS = st.one_of(identity_links(), *(rows_of(name) for name in ("lead", "deal", "call", "stage_entry", "event")))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    def identifier() -> Identifier:
        kind = draw(st.sampled_from(sorted(NAMED)))
        return Identifier(kind, draw(NAMED[kind]), "crm" if kind in ("contact", "lead", "deal") else "")

    verb = draw(st.sampled_from(["cut", "cut", "join", "block"]))
    a, b = identifier(), identifier()
    return decision("block" if a == b else verb, a, b, by="", why="", at=START)


STEPS = st.one_of(
    st.lists(ROWS, min_size=1, max_size=6),
    st.lists(ROWS, min_size=1, max_size=6),
    decisions(),
    st.integers(0, 3).map(lambda place: ("undo", place)),
    st.builds(
        Guards, phone=st.integers(1, 3), email=st.integers(1, 3), visitor=st.integers(1, 3), other=st.integers(1, 3)
    ),
)


def put_batch(facts_given: Facts, batch: list[tuple[str, dict[str, Any]]], day: int) -> None:
    for name in sorted({name for name, _ in batch}):
        # one import holds one row of a key
        rows = {tuple(row.get(part) for part in facts()[name].key): row for kind, row in batch if kind == name}
        facts_given.put(name, *rows.values(), day=day)


def row_persons(facts_given: Facts) -> dict[tuple[str, int, int], int | None]:
    """The person of every current fact row, by fact and version."""
    found = {}
    guarded = shared_kinds(facts_given.connection)
    for name, fact in facts().items():
        current = {(row["key_hash"], row["import_id"]) for row in current_rows(facts_given.connection, name)}
        query = f"""SELECT t.key_hash, t.import_id, i.person_id, {row_node_sql(fact, "t")} IS NOT DISTINCT FROM {row_node_sql(fact, "t", guarded=guarded)}
            FROM facts.{name} t LEFT JOIN live.identifiers i ON i.node = {row_node_sql(fact, "t")}"""
        for key_hash, import_id, person_id, is_same in facts_given.rows(query):
            assert is_same
            if (key_hash, import_id) in current:
                found[name, key_hash, import_id] = person_id
    return found


@pytest.mark.slow
@SLOW_BUT_SURE
@given(steps=st.lists(STEPS, min_size=1, max_size=6), days=st.permutations(range(6)))
def test_every_build_is_what_the_oracle_says_and_an_incremental_one_equals_a_full_one(
    given: Facts, steps: list[Any], days: list[int]
) -> None:
    given.clear()
    guards, taken = Guards(phone=2, email=2, visitor=2, other=3), []
    before: dict[tuple[str, int, int], int | None] = {}
    for step, day in zip(steps, days, strict=False):
        match step:
            case list():
                put_batch(given, step, day)
            case Guards():
                guards = step
            case ("undo", place) if place < len(taken):
                taken[place] = replace(taken[place], undone_at=START)
            case ("undo", _):
                pass
            case _:
                taken.append(replace(step, id=len(taken) + 1))
        change = given.build(taken, guards=guards)
        oracle = Oracle(given.connection, guards, taken)
        assert given.rows("SELECT node, person_id, is_shared FROM live.identifiers ORDER BY node") == sorted(
            (one.node, person_id, one in oracle.shared) for one, person_id in oracle.person.items()
        )
        assert given.rows("SELECT node FROM live.shared_nodes ORDER BY node") == sorted(
            (one.node,) for one in oracle.shared
        )
        dirty = {person_id for (person_id,) in given.rows("SELECT person_id FROM dirty_persons")}
        assert change.dirty == len(dirty)
        after = row_persons(given)
        moved = {row for row in before.keys() | after.keys() if before.get(row) != after.get(row)}
        assert {
            person_id for row in moved for person_id in (before.get(row), after.get(row)) if person_id is not None
        } <= dirty
        before = after
    incremental = given.tables()
    assert given.build(taken, guards=guards, full=True).is_full
    assert given.tables() == incremental
    assert given.build(taken, guards=guards).dirty == 0


@pytest.mark.slow
@SLOW_BUT_SURE
@given(rows=st.lists(ROWS, min_size=2, max_size=12), order=st.randoms(use_true_random=False))
def test_order_of_arrival_never_matters(given: Facts, rows: list[tuple[str, dict[str, Any]]], order: Any) -> None:
    rows = list(
        {(name, tuple(row.get(part) for part in facts()[name].key)): (name, row) for name, row in rows}.values()
    )
    seen = []
    for _ in range(2):
        given.clear()
        order.shuffle(rows)
        half = len(rows) // 2
        for batch in (rows[:half], rows[half:]):
            if batch:
                put_batch(given, batch, 1)
                given.build()
        seen.append(given.tables())
    assert seen[0] == seen[1]


@pytest.mark.slow
@SLOW_BUT_SURE
@given(rows=st.lists(ROWS, min_size=1, max_size=8), link=identity_links())
def test_a_merge_that_is_cut_equals_never_having_merged(
    given: Facts, rows: list[tuple[str, dict[str, Any]]], link: tuple[str, dict[str, Any]]
) -> None:
    named = link[1]
    a, b = (
        Identifier(
            named[f"kind_{end}"],
            named[f"value_{end}"].lower(),
            "crm" if named[f"kind_{end}"] in ("contact", "lead", "deal") else "",
        )
        for end in "ab"
    )
    given.clear()
    put_batch(given, [row for row in rows if row[0] != "identity_link"], 1)
    given.build()
    person = {
        (kind, value): person_id
        for kind, value, person_id in given.rows("SELECT kind, value, person_id FROM live.identifiers")
    }
    known = person.keys() >= {(a.kind, a.value), (b.kind, b.value)}
    if not known or person[a.kind, a.value] == person[b.kind, b.value]:
        return  # nothing would be merged
    apart = given.rows("SELECT * FROM live.identifiers ORDER BY ALL")
    put_batch(given, [link], 2)
    given.build()
    given.build([decision("cut", a, b, by="", why="", at=START)])
    assert given.rows("SELECT * FROM live.identifiers ORDER BY ALL") == apart


@settings(deadline=None)
@given(edges=st.lists(st.tuples(st.integers(0, 2**64 - 1) | st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_components_are_named_by_their_smallest_node(edges: list[tuple[int, int]]) -> None:
    leader: dict[int, int] = {}

    def find(node: int) -> int:
        leader.setdefault(node, node)
        return node if leader[node] == node else find(leader[node])

    for a, b in edges:
        low, high = sorted((find(a), find(b)))
        leader[high] = low
    nodes, persons = components(np.array([a for a, _ in edges], np.uint64), np.array([b for _, b in edges], np.uint64))
    assert dict(zip(nodes.tolist(), persons.tolist(), strict=True)) == {node: find(node) for node in leader}
