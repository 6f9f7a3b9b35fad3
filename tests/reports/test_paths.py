"""Paths against plain Python: after a point, before it, between two; links for a Sankey diagram; chains before orders."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.derived import warehouse
from tests.reports.timelines import DAY, Did, filled, instant, put

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import Answer, answer, read_question
from longfunnel.reports.paths import fold


@pytest.fixture(scope="module")
def connection() -> Any:
    with filled([]) as opened:
        yield opened


def ask(connection: Any, **fields: Any) -> Answer:
    return answer(connection, Settings(), read_question("paths", fields))


def slow_trails(
    events: list[Did], after: str, before: str, window: float, depth: int, collapse: bool, repeated: bool
) -> Counter[tuple[str, ...]]:
    """Every trail, by the words of the specification."""
    found: Counter[tuple[str, ...]] = Counter()
    for person in {row.person for row in events}:
        own = sorted((row for row in events if row.person == person), key=lambda row: row.at)
        if not after:  # the same trail backwards
            turned = [Did(row.person, -row.at, name=row.name) for row in reversed(own)]
            for trail, n in slow_trails(turned, before, "", window, depth, collapse, repeated).items():
                found[trail[::-1]] += n
            continue
        row = 0
        while row < len(own):
            if own[row].name != after:
                row += 1
                continue
            reach = [n for n in range(row, len(own)) if own[n].at - own[row].at <= window]
            if before:
                ends = [n for n in reach if n > row and own[n].name == before]
                if not ends:
                    row += 1
                    continue
                reach = [n for n in reach if n <= ends[0]]
            trail: list[str] = []
            used = row
            for n in reach:
                if not before and len(trail) == depth:
                    break
                used = n
                if not (collapse and trail and trail[-1] == own[n].name):
                    trail.append(own[n].name)
            found[tuple(f"event:{name}" for name in trail[:depth])] += 1
            if not repeated:
                break
            row = used + 1
    return found


_EVENTS = st.lists(
    st.builds(Did, person=st.sampled_from([1, 2, 65]), at=st.integers(0, 8).map(float), name=st.sampled_from("abc")),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, max_examples=40)
@given(
    events=_EVENTS,
    points=st.sampled_from([("a", ""), ("", "b"), ("a", "b"), ("a", "a")]),
    window=st.sampled_from([2, 5, 100]),
    depth=st.integers(2, 4),
    collapse=st.booleans(),
    repeated=st.booleans(),
)
def test_paths_are_those_found_step_by_step(
    connection: Any, events: list[Did], points: tuple[str, str], window: int, depth: int, collapse: bool, repeated: bool
) -> None:
    put(connection, events)
    named = {name: f"event:{point}" for name, point in zip(("after", "before"), points, strict=True) if point}
    found = ask(
        connection,
        **named,
        window=f"{window}s",
        depth=depth,
        loops="collapse" if collapse else "keep",
        count="all" if repeated else "persons",
        limit=1000,
    )
    wanted = slow_trails(events, *points, window, depth, collapse, repeated)
    assert {tuple(row["path"].split(" → ")): row["count"] for row in found.rows} == dict(wanted)


ROWS = [
    Did(person, at, name=name)
    for person, names in enumerate(("abc", "abd", "aab", "ax"), 1)
    for at, name in enumerate(names)
]


def test_links_say_who_goes_on_where_and_who_stops() -> None:
    with filled(ROWS) as connection:
        rows = ask(connection, after="event:a", view="links", depth=3).rows
    assert {(row["position"], row["from"], row["to"]): row["count"] for row in rows} == {
        (1, "event:a", "event:b"): 3, (1, "event:a", "event:x"): 1, (2, "event:b", "event:c"): 1, (2, "event:b", "event:d"): 1,
        (2, "event:b", "end"): 1, (2, "event:x", "end"): 1,
    }  # fmt: skip


def test_paths_beyond_the_limit_are_one_row_so_that_shares_add_up() -> None:
    with filled(ROWS) as connection:
        rows = ask(connection, after="event:a", limit=1).rows
    assert [(row["path"], row["count"], row["share"]) for row in rows][1] == ("others", 3, 0.75)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from([f"n{n}" for n in range(12)]), min_size=2, max_size=5), min_size=1, max_size=60)
)
def test_folding_keeps_the_flow_through_every_position(paths: list[list[str]]) -> None:
    counts: Counter[tuple[int, str, str]] = Counter()
    for path in paths:
        for place, (one, two) in enumerate(pairwise(path), 1):
            counts[place, one, two] += 1
    folded = fold(counts, 8, "others")
    assert len(folded) <= 8
    for place in range(1, 5):
        assert sum(n for (at, _, _), n in folded.items() if at == place) == sum(
            n for (at, _, _), n in counts.items() if at == place
        )
    if len(counts) <= 8:
        assert folded == dict(counts)


def test_the_period_is_of_the_point_and_what_leads_to_it_may_be_earlier() -> None:
    rows = [Did(1, -60, name="b"), Did(1, 60, name="a"), Did(2, -60, name="a")]
    with filled(rows) as connection:
        assert [row["path"] for row in ask(connection, before="event:a", since="2026-01-01").rows] == [
            "event:b → event:a"
        ]


def test_chains_hold_the_touches_after_the_order_before() -> None:
    def touch(key: int, day: float, origin: int | None, person: int = 1) -> dict[str, Any]:
        return {"touch_id": key, "person_id": person, '"at"': instant(day * DAY), "kind": "visit", "origin_id": origin}

    def order(key: int, day: float, revenue: str, person: int = 1) -> dict[str, Any]:
        at = instant(day * DAY)
        return {
            "order_key": key,
            "person_id": person,
            "ordered_at": at,
            "ordered_on": at.date(),
            "paid_on": at.date(),
            "revenue": revenue,
        }

    tables = {
        "origins": [{"origin_id": 1, "channel": "Email"}, {"origin_id": 2, "channel": "Direct"}],
        "touches": [touch(1, 0, 1), touch(2, 1, 1), touch(3, 2, 2), touch(4, 5, 2), touch(5, -200, 1)],
        "orders": [order(1, 3, "10"), order(2, 6, "5"), order(3, 7, "1", person=2)],
    }
    with warehouse(tables) as connection:
        found = ask(connection)
        kept = ask(connection, loops="keep")
    shown = [
        (row["chain"], row["length"], row["orders"], row["revenue"], row["median_days"], row["mean_touches"])
        for row in found.rows
    ]
    assert shown == [
        ("Direct", 1, 1, Decimal(5), 1.0, 1.0), ("Email → Direct", 2, 1, Decimal(10), 3.0, 3.0), (None, 0, 1, Decimal(1), None, 0.0),
    ]  # fmt: skip
    assert (found.totals["orders"], found.totals["revenue"]) == (3, Decimal(16))
    assert kept.rows[1]["chain"] == "Email → Email → Direct"
    assert timedelta(days=found.totals["median_days"]) == timedelta(days=2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"view": "links"}, "Name after, before, or both"),
        ({"view": "lnks"}, "Did you mean «links»"),
        ({"after": "evnt:a"}, "Did you mean «event»"),
        ({"after": "event:a", "depth": "1"}, "from 2 to 20"),
        ({"after": "event:a", "window": "0d"}, "longer than zero"),
    ],
)
def test_what_cannot_be_walked_is_said_plainly(connection: Any, fields: dict[str, str], said: str) -> None:
    put(connection, ROWS)
    with pytest.raises(QuestionError, match=said):
        ask(connection, **fields)


def test_a_point_that_nothing_matches_is_an_answer_with_a_suggestion(connection: Any) -> None:
    put(connection, [Did(1, 0, name="signup")])
    found = ask(connection, after="event:sinup")
    assert found.rows == []
    assert [item.text.en for item in found.caveats] == ["Nothing matches «event:sinup» today. «event:signup»?"]
