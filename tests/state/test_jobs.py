"""Jobs that are remembered: what came of each, over SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.state.jobs import _KEPT

if TYPE_CHECKING:
    from longfunnel.state import State

NOON = datetime(2026, 10, 1, 12)


def test_what_came_of_a_job_is_remembered(state: State) -> None:
    number = state.jobs.add("sync", "leads", "anna@cedar.test", NOON)
    asked = state.jobs.get(number)
    assert asked is not None
    assert (asked.state, asked.by, asked.subject) == ("waiting", "anna@cedar.test", "leads")
    over = replace(asked, state="failed", ended_at=NOON, trouble=Text("The key has ended.", "Ключ истёк."), result="{}")
    state.jobs.note(over)
    assert state.jobs.get(number) == over
    assert state.jobs.get(number + 1) is None


def test_what_a_gone_process_left_in_the_middle_is_interrupted(state: State) -> None:
    waiting, done = state.jobs.add("sync", "a", "", NOON), state.jobs.add("sync", "b", "", NOON)
    kept = state.jobs.get(done)
    assert kept is not None
    state.jobs.note(replace(kept, state="done"))
    state.jobs.interrupt(NOON)
    assert [(job.number, job.state) for job in state.jobs.latest(9)] == [(done, "done"), (waiting, "interrupted")]


def test_the_oldest_are_forgotten(state: State) -> None:
    first = state.jobs.add("sync", "first", "", NOON)
    state.jobs.interrupt(NOON)
    last = [state.jobs.add("sync", str(number), "", NOON) for number in range(_KEPT)][-1]
    assert state.jobs.get(first) is None
    assert state.jobs.latest(1)[0].number == last
