"""A preview is what the next build does: as two full builds say, with the decisions and without."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as given_random
from hypothesis import strategies as st
from tests.people.people_facts import START
from tests.people.people_oracle import STRENGTH, Oracle
from tests.people.test_people_oracle import ROWS, decisions, put_batch

from longfunnel.core.settings import Business, Guards, Settings
from longfunnel.people import Group, Preview, decision, parse_identifier, preview

if TYPE_CHECKING:
    from tests.people.people_facts import Facts

    from longfunnel.state import Decision

GUARDS = Guards(phone=2, email=2, visitor=2, other=3)
SETTINGS = Settings(business=Business(country="RU"), guards=GUARDS)


def lead(number: str, **named: str) -> tuple[str, dict[str, Any]]:
    return "lead", {"lead_id": number, "created_at": START, **named}


def decide(verb: Any, a: str, b: str = "") -> Decision:
    return decision(verb, parse_identifier(a), parse_identifier(b) if b else None, by="", why="", at=START)


def groups(given: Facts, taken: list[Decision]) -> list[Group]:
    """Everybody, by a union-find over all facts."""
    oracle = Oracle(given.connection, GUARDS, taken)
    found: dict[Any, Group] = {}
    for one, person_id in oracle.person.items():
        found.setdefault(one if person_id is None else person_id, Group(person_id, [])).identifiers.append(one)
    for group in found.values():
        group.identifiers.sort(key=lambda one: (STRENGTH.index(one.kind), one.value, one.system))
    return list(found.values())


def by_person(groups: list[Group]) -> list[tuple[int, list[str]]]:
    return sorted((group.person_id or 0, [str(one) for one in group.identifiers]) for group in groups)


def expected(given: Facts, taken: list[Decision], proposed: list[Decision]) -> Preview:
    before, after = groups(given, taken), groups(given, proposed)
    return Preview([one for one in before if one not in after], [one for one in after if one not in before])


CHAIN = [lead("1", email="a@x.ru", phone="+79120000001"), lead("2", phone="+79120000001", visitor_id="v1")]
BRIDGED = [
    lead("1", email="a@x.ru", visitor_id="v1"),
    lead("2", email="b@x.ru", visitor_id="v1"),
    lead("3", email="c@x.ru"),
]
CUT = decide("cut", "email:a@x.ru", "phone:+79120000001")


@pytest.mark.slow
@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given_random(
    batches=st.lists(st.lists(ROWS, min_size=1, max_size=8), min_size=1, max_size=2),
    stacked=st.lists(decisions(), max_size=3),
    undone=st.sets(st.integers(0, 2)),
    proposal=st.one_of(decisions(), st.integers(0, 2)),
)
@example(batches=[CHAIN], stacked=[], undone=set(), proposal=CUT)
@example(batches=[CHAIN], stacked=[CUT], undone=set(), proposal=0)
@example(batches=[BRIDGED], stacked=[], undone=set(), proposal=decide("join", "email:a@x.ru", "email:c@x.ru"))
@example(batches=[BRIDGED], stacked=[decide("block", "visitor:v1")], undone=set(), proposal=0)
@example(
    batches=[BRIDGED], stacked=[decide("join", "email:b@x.ru", "email:c@x.ru")], undone=set(),
    proposal=decide("cut", "email:b@x.ru", "visitor:v1"),
)  # fmt: skip
def test_a_preview_is_what_two_full_builds_say(
    given: Facts,
    batches: list[list[tuple[str, dict[str, Any]]]],
    stacked: list[Decision],
    undone: set[int],
    proposal: Decision | int,
) -> None:
    given.clear()
    taken = [
        replace(
            one, id=place + 1, decided_at=START + timedelta(days=place), undone_at=START if place in undone else None
        )
        for place, one in enumerate(stacked)
    ]
    for batch in batches:
        put_batch(given, batch, 1)
        given.build(taken, guards=GUARDS)
    built = given.tables()
    if isinstance(proposal, int):
        proposed = [one for place, one in enumerate(taken) if place != proposal]
    else:
        proposed = [*taken, replace(proposal, decided_at=START + timedelta(days=9))]
    shown, right = preview(given.connection, SETTINGS, proposed), expected(given, taken, proposed)
    assert by_person(shown.before) == by_person(right.before)
    assert by_person(shown.after) == by_person(right.after)
    assert given.tables() == built
    given.build(proposed, guards=GUARDS)
    assert preview(given.connection, SETTINGS, proposed) == Preview([], [])
