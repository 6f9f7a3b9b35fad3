"""Why a person is in a step or not: the rule that decided is the one whose absence would have let them in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.reports.timelines import DAY, Did, filled, visit

from longfunnel.core.errors import NothingYetError, QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import Answer, answer, read_question

ORIGINS = {"origins": [{"origin_id": 1, "channel": "Email"}]}


def why(rows: list[Did], steps: str = "event:a, event:b", person: str = "1", **fields: Any) -> Answer:
    with filled(rows, ORIGINS) as connection:
        return answer(connection, Settings(), read_question("why", {"steps": steps, "person": person, **fields}))


A, B, X = Did(1, 0), Did(1, 60, name="b"), Did(1, 30, name="x")
CASES: dict[str, tuple[list[Did], dict[str, Any]]] = {
    "reached": ([A, B], {}),
    "no_event": ([A, X], {}),
    "order": ([Did(1, 0, name="b"), Did(1, 5)], {}),
    "window": ([A, B], {"window": "30s"}),
    "exclusion": ([A, X, B], {"exclude": "event:x"}),
    "step_window": ([A, B], {"steps": "event:a, event:b within 30s"}),
    "strict": ([A, X, B], {"order": "strict"}),
    "ties": ([A, Did(1, 0, name="b")], {"ties": "after"}),
    "period": ([A, B], {"since": "2026-01-02"}),
    "filter": ([A, B], {"filters": ["channel is Email"]}),
    "hold": ([A, B], {"hold": "props.plan"}),
    "session": ([visit(1, -1), A, visit(1, 30), B], {"count": "sessions"}),
    "several": ([A, X, B], {"exclude": "event:x", "window": "30s"}),
    "nobody": ([Did(2, 0)], {}),
}


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_that_decided_is_named(rule: str) -> None:
    rows, fields = CASES[rule]
    if rule == "nobody":
        with pytest.raises(NothingYetError):
            why(rows, **fields)
        return
    found = why(rows, **fields)
    assert [item.code for item in found.caveats] == [f"why_{rule}"]
    assert found.caveats[0].text.en.endswith(".")
    assert found.caveats[0].text.ru.endswith(".")


def test_every_event_is_shown_with_the_step_that_it_serves() -> None:
    found = why([visit(1, -5, 1), Did(1, 0), Did(1, 1), X, B], exclude="event:x@1-2", window=f"{DAY}s")
    assert [(row["event"], row["matches"], row["excludes"], row["serves"]) for row in found.rows] == [
        ("visit", "", "", ""), ("event:a", "1", "", "1"), ("event:a", "1", "", ""), ("event:x", "", "1", ""), ("event:b", "2", "", ""),
    ]  # fmt: skip
    assert found.rows[0]["at"] == "2025-12-31 23:59:55"


def test_an_attempt_that_counts_is_shown_whole() -> None:
    found = why([Did(1, 0), Did(1, 100), Did(1, 130, name="b")], window="1m")
    assert [row["serves"] for row in found.rows] == ["", "1", "2"]


def test_a_person_must_be_named() -> None:
    with pytest.raises(QuestionError, match="Name a person"):
        why([A], person=" ")
