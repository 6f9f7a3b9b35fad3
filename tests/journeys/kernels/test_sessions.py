"""Sessions end where the rules say, by a plain-Python definition and by cases."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.core.errors import QuestionError
from longfunnel.journeys.kernels.sessions import GA4, MATOMO, SessionRules, number_sessions

MINUTE = 60_000_000
Event = tuple[int, int, int]  # minute, campaign, local day


def cut(events: list[Event], rules: SessionRules) -> list[list[Event]]:
    """The definition: an event joins the last session unless a rule ends it."""
    sessions: list[list[Event]] = []
    for event in events:
        if sessions and joins(sessions[-1], event, rules):
            sessions[-1].append(event)
        else:
            sessions.append([event])
    return sessions


def joins(session: list[Event], event: Event, rules: SessionRules) -> bool:
    """Whether an event belongs to the session before it."""
    minute, campaign, day = event
    campaigns = [c for _, c, _ in session if c != -1]
    return (
        timedelta(minutes=minute - session[-1][0]) <= rules.silence
        and not (rules.campaign and campaign != -1 and campaigns[-1:] != [campaign])
        and not (rules.midnight and day != session[-1][2])
        and not (rules.most_actions and len(session) >= rules.most_actions)
    )


def numbers(persons: list[list[Event]], rules: SessionRules) -> list[int]:
    """The engine's session numbers of all events."""
    events = [e for person in persons for e in person]
    minute, campaign, day = (np.array([e[i] for e in events], np.int64) for i in range(3))
    starts = np.cumsum([0, *(len(p) for p in persons)]).astype(np.int64)
    return number_sessions(starts, minute * MINUTE, rules, campaign=campaign, day=day).tolist()


@settings(deadline=None, max_examples=300)
@given(
    persons=st.lists(
        st.lists(st.tuples(st.integers(0, 120), st.integers(-1, 2), st.just(0)), max_size=12).map(
            lambda events: [(m, c, m // 50) for m, c, _ in sorted(events, key=lambda e: e[0])]
        ),
        max_size=3,
    ),
    rules=st.builds(
        SessionRules,
        silence=st.sampled_from([timedelta(minutes=5), timedelta(minutes=30)]),
        campaign=st.booleans(),
        midnight=st.booleans(),
        most_actions=st.none() | st.integers(1, 4),
    ),
)
def test_equal_to_the_definition(persons: list[list[Event]], rules: SessionRules) -> None:
    expected = [n for person in persons for n, session in enumerate(cut(person, rules)) for _ in session]
    assert numbers(persons, rules) == expected


@pytest.mark.parametrize(("silent", "session"), [(30, 0), (31, 1)])
def test_thirty_minutes_of_silence_end_a_session(silent: int, session: int) -> None:
    assert numbers([[(0, -1, 0), (silent, -1, 0)]], SessionRules())[1] == session


def test_a_new_campaign_ends_a_session_and_a_direct_event_does_not() -> None:
    events = [(0, 1, 0), (1, -1, 0), (2, 1, 0), (3, 2, 0), (4, -1, 0)]
    assert numbers([events], SessionRules()) == [0, 0, 0, 1, 1]
    assert numbers([events], GA4) == [0, 0, 0, 0, 0]


def test_only_matomo_ends_a_session_at_midnight() -> None:
    events = [(0, -1, 0), (1, -1, 1)]
    assert numbers([events], SessionRules()) == [0, 0]
    assert numbers([events], GA4) == [0, 0]
    assert numbers([events], MATOMO) == [0, 1]


def test_matomo_ends_a_session_after_ten_thousand_actions() -> None:
    events = [(0, -1, 0)] * 10_001
    assert numbers([events], MATOMO)[-2:] == [0, 1]


def test_a_missing_column_is_named() -> None:
    empty = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="campaign, day"):
        number_sessions(np.zeros(1, np.int64), empty, MATOMO)


def test_rules_without_meaning_are_refused_together() -> None:
    with pytest.raises(QuestionError, match=r"(?s)silence.*most_actions"):
        SessionRules(silence=timedelta(0), most_actions=0)
