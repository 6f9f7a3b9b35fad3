"""The letters of a running server: due ones go out, alerts are looked at after a build, and a broken state does not end it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.app.letters.conftest import URL
from tests.app.letters.test_checking import plan

from longfunnel.app.business import now
from longfunnel.app.letters.alerts import add_alert
from longfunnel.app.letters.work import LetterWork
from longfunnel.app.serving import schedule
from longfunnel.app.serving.schedule import Schedule

if TYPE_CHECKING:
    from tests.app.letters.conftest import PostOffice

    from longfunnel.app.answering import Answering
    from longfunnel.app.business import Business
    from longfunnel.state import Subscription, User

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def test_a_server_sends_what_fell_due_while_it_was_off(
    business: Business, weekly: Subscription, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_LETTER_SECONDS", 0.1)
    business.state.subscriptions.change(weekly.id, next_at=now() - timedelta(days=20))
    business.close()
    running = Schedule(business.folder, URL)
    running.start()
    try:
        end = time.monotonic() + 60
        while len(post_office.letters) < 2 and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        running.stop()
    assert sorted(post_office.recipients) == ["a@x.test", "b@x.test"]
    assert running.letters.failed == 0


def test_alerts_are_looked_at_and_silence_tells_nothing(
    business: Business, answering: Answering, owner: User, post_office: PostOffice
) -> None:
    add_alert(answering, owner, plan("leads", "above", "1"))
    work = LetterWork(business.folder, URL)
    try:
        assert work() == "1 alerts checked, 0 subscriptions due, 1 letters sent, 0 not"
        assert work() == "", "at most once a minute"
    finally:
        work.close()
    assert [letter["Subject"] for letter in post_office.letters] == ["⚠ Leads: above 1"]
