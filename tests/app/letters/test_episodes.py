"""Episodes of an alert: random series against a slow reading of the whole history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.app.letters.episodes import CALM, Standing, after_check

if TYPE_CHECKING:
    from longfunnel.state import AlertState

START = datetime.fromisoformat("2026-05-01T00:00")


def told_slowly(checks: list[tuple[datetime, AlertState]]) -> list[tuple[int, str]]:
    """At which checks what is told: each time the whole history is read again from its beginning."""
    told: list[tuple[int, str]] = []
    for place, (at, found) in enumerate(checks):
        is_on = bool(told) and told[-1][1] == "alarm"
        if found == "alarm" and not is_on:
            told.append((place, "alarm"))
        if found == "normal" and is_on:
            began = told[-1][0]
            alarms = [number for number in range(began, place) if checks[number][1] == "alarm"]
            back = next(number for number in range(alarms[-1] + 1, place + 1) if checks[number][1] == "normal")
            if at - checks[back][0] >= CALM:
                told.append((place, "normal"))
    return told


@settings(deadline=None, max_examples=400)
@given(
    st.lists(
        st.tuples(st.integers(1, 90), st.sampled_from(["normal", "alarm", "unknown"])),
        max_size=40,
    )
)
def test_each_episode_is_told_once_and_its_end_once(steps: list[tuple[int, AlertState]]) -> None:
    at, checks = START, []
    for minutes, found in steps:
        at += timedelta(minutes=minutes)
        checks.append((at, found))
    standing, told = Standing(), []
    for place, (moment, found) in enumerate(checks):
        standing, event = after_check(standing, found, moment)
        if event:
            told.append((place, event))
    assert told == told_slowly(checks)
    assert standing.episode == sum(event == "alarm" for _, event in told)


def test_a_number_that_swings_around_its_threshold_is_one_episode() -> None:
    standing, told = Standing(), []
    for number in range(40):
        standing, event = after_check(
            standing, "alarm" if number % 2 else "normal", START + timedelta(minutes=10 * number)
        )
        told += [event] if event else []
    assert told == ["alarm"]


def test_a_check_that_cannot_tell_ends_nothing() -> None:
    standing, _ = after_check(Standing(), "alarm", START)
    standing, event = after_check(standing, "unknown", START + timedelta(days=2))
    assert (standing.state, event) == ("alarm", "")
