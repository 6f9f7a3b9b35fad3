"""Retention against plain Python: classic, rolling and unbounded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.timelines import DAY, Did, filled, instant, visit

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import Answer, answer, read_question


def ask(rows: list[Did], **fields: Any) -> Answer:
    visits = [
        {
            "visit_key": key,
            "person_id": row.person,
            "started_at": instant(row.at),
            "day_on": instant(row.at).date(),
            "origin_id": row.origin,
        }
        for key, row in enumerate(rows, 1)
        if row.kind == "visit"
    ]
    with filled(rows, {"visits": visits, "origins": [{"origin_id": 1, "channel": "Email"}]}) as connection:
        return answer(connection, Settings(), read_question("retention", fields))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@settings(deadline=None, max_examples=15)
@given(
    visits=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40)), min_size=1, max_size=14),
    kind=st.sampled_from(["classic", "rolling", "unbounded"]),
)
def test_each_cell_is_counted_as_in_plain_python(visits: list[tuple[int, int]], kind: str) -> None:
    found = ask([visit(person, day * DAY + 60) for person, day in visits], kind=kind, periods=5)
    weeks: dict[int, set[date]] = {}
    for person, day in visits:
        weeks.setdefault(person, set()).add(monday(date(2026, 1, 1) + timedelta(days=day)))
    last = date(2026, 1, 1) + timedelta(days=max(day for _, day in visits))
    for row in found.rows:
        people = [own for own in weeks.values() if min(own) == row["cohort"]]
        week = row["cohort"] + timedelta(weeks=row["age"])
        tests = {
            "classic": lambda own, week=week: week in own,
            "rolling": lambda own, week=week, age=row["age"]: all(
                week - timedelta(weeks=n) in own for n in range(age + 1)
            ),
            "unbounded": lambda own, week=week: any(one >= week for one in own),
        }
        assert row["people"] == len(people)
        is_over = week + timedelta(days=7) <= last
        assert row["active"] == (sum(map(tests[kind], people)) if is_over else None)
        assert row["retention"] == (row["active"] / len(people) if is_over else None)
    assert {row["cohort"] for row in found.rows} == {min(own) for own in weeks.values()}


def test_coming_back_can_be_any_step_and_cohorts_be_cut_by_channel() -> None:
    rows = [visit(1, 0, 1), visit(2, 0), Did(1, 8 * DAY, "order", "order"), visit(2, 8 * DAY), visit(3, 30 * DAY)]
    found = ask(rows, activity="order", by="channel", periods=1).rows
    assert [(row["channel"], row["age"], row["active"]) for row in found[:4]] == [
        ("Email", 0, 0),
        ("Email", 1, 1),
        (None, 0, 0),
        (None, 1, 0),
    ]


def test_coming_back_in_a_way_that_never_happens_is_an_answer_with_a_suggestion() -> None:
    found = ask([visit(1, 0), Did(1, 5, name="signup"), visit(1, 30 * DAY)], activity="event:sinup")
    assert ("step_matches_nothing", True) in [(item.code, "event:signup" in item.text.en) for item in found.caveats]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "clasic"}, "Did you mean «classic»"),
        ({"periods": "0"}, "from 1 to 60"),
        ({"activity": "vist"}, "«visit»"),
    ],
)
def test_what_cannot_be_counted_is_said_plainly(fields: dict[str, str], said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        ask([visit(1, 0)], **fields)
