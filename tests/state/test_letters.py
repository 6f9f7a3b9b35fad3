"""Subscriptions, alerts and their letters, the same over SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    from longfunnel.state import Alert, State, Subscription

NINE = datetime.fromisoformat("2026-03-02T06:00:00")
NO_MAILBOX = Text("No such mailbox.", "Такого ящика нет.")
WEEK = timedelta(days=7)
BOTH = ("a@x.test", "b@x.test")


@pytest.fixture
def user(state: State) -> int:
    return state.users.add(email="anna@cedar.test", name="Anna", role="owner", password_hash="x").id


@pytest.fixture
def weekly(state: State, user: int) -> Subscription:
    return state.subscriptions.add(
        user, made_at=NINE - WEEK, name="Channels", page="/channels", query="report=channels", language="en",
        recipients=BOTH, every="week", on_day=1, minute=540, next_at=NINE,
    )  # fmt: skip


@pytest.fixture
def alert(state: State, user: int) -> Alert:
    return state.alerts.add(
        user, made_at=NINE, name="CPL", page="/channels", query="report=channels", language="ru", recipients=BOTH,
        metric="cpl", rule="above", threshold=Decimal("1000.50"),
    )  # fmt: skip


def test_a_subscription_and_an_alert_come_back_as_they_were_kept(
    state: State, weekly: Subscription, alert: Alert
) -> None:
    assert state.subscriptions.get(weekly.id) == weekly
    assert (weekly.recipients, weekly.next_at, weekly.sent_at) == (BOTH, NINE, None)
    assert state.alerts.get(alert.id) == alert
    assert (alert.threshold, alert.state, alert.episode) == (Decimal("1000.50"), "unknown", 0)
    assert state.subscriptions.all(user_id=weekly.user_id + 1) == []


def test_what_is_due_is_written_down_once_for_each_recipient(state: State, weekly: Subscription) -> None:
    assert [one.id for one in state.subscriptions.due(NINE)] == [weekly.id]
    for _ in range(2):
        state.letters.write_reports(weekly.id, BOTH, NINE, next_at=NINE + WEEK)
    assert [one.recipient for one in state.letters.waiting(NINE)] == list(BOTH)
    assert state.subscriptions.due(NINE) == []
    assert state.letters.waiting(NINE - timedelta(microseconds=1)) == []


def test_a_newer_time_takes_the_place_of_a_letter_that_still_waits(state: State, weekly: Subscription) -> None:
    state.letters.write_reports(weekly.id, BOTH, NINE, next_at=NINE + WEEK)
    state.letters.note_sent(state.letters.waiting(NINE)[0], NINE)
    state.letters.write_reports(weekly.id, BOTH, NINE + WEEK, next_at=NINE + 2 * WEEK)
    assert {(one.recipient, one.due_at) for one in state.letters.waiting(NINE + WEEK)} == {
        (to, NINE + WEEK) for to in BOTH
    }


def test_a_letter_is_leased_to_one_and_comes_back_when_the_lease_is_over(state: State, weekly: Subscription) -> None:
    state.letters.write_reports(weekly.id, BOTH[:1], NINE)
    (letter,) = state.letters.waiting(NINE)
    later = NINE + timedelta(minutes=10)
    assert state.letters.lease(letter, later)
    assert not state.letters.lease(letter, later)
    assert state.letters.waiting(NINE) == []
    assert [one.id for one in state.letters.waiting(later)] == [letter.id]


def test_what_became_of_a_letter_is_noted(state: State, weekly: Subscription) -> None:
    state.letters.write_reports(weekly.id, BOTH, NINE)
    first, second = state.letters.waiting(NINE)
    state.letters.note_failed(first, NO_MAILBOX, try_at=None)
    state.letters.note_sent(second, NINE)
    kept = state.subscriptions.get(weekly.id)
    assert kept is not None
    assert (kept.trouble, kept.sent_at) == (NO_MAILBOX, NINE)
    assert state.letters.waiting(NINE + WEEK) == []
    assert [(one.sent_at, one.tries, one.trouble) for one in state.letters.of(subscription_id=weekly.id)] == [
        (None, 1, NO_MAILBOX),
        (NINE, 1, NOTHING),
    ]


def test_an_episodes_letters_and_the_alerts_standing_are_one(state: State, alert: Alert) -> None:
    state.letters.write_alert(alert.id, BOTH, "alarm", NINE, "{}", state="alarm", episode=1, alarm_at=NINE)
    kept = state.alerts.get(alert.id)
    assert kept is not None
    assert (kept.state, kept.episode, kept.alarm_at) == ("alarm", 1, NINE)
    assert [(one.kind, one.recipient) for one in state.letters.waiting(NINE)] == [("alarm", to) for to in BOTH]
    state.letters.give_up(f"alert {alert.id}", BOTH[0])
    assert [one.recipient for one in state.letters.waiting(NINE)] == [BOTH[1]]


def test_letters_go_with_what_they_are_about_and_when_they_are_old(
    state: State, weekly: Subscription, alert: Alert
) -> None:
    state.letters.write_reports(weekly.id, BOTH[:1], NINE)
    state.letters.write_alert(alert.id, BOTH[:1], "alarm", NINE, "{}", state="alarm")
    state.letters.forget(NINE + WEEK)
    assert len(state.letters.waiting(NINE)) == 2, "what waits is not forgotten"
    state.subscriptions.remove(weekly.id)
    state.letters.note_sent(state.letters.waiting(NINE)[0], NINE)
    state.letters.forget(NINE + WEEK)
    assert state.letters.of(alert_id=alert.id) == state.letters.of(subscription_id=weekly.id) == []
    state.alerts.remove(alert.id)
    assert state.alerts.all() == []
