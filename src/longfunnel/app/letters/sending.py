"""Sending: what is due is written down, what is written down is sent, what was sent is noted.

A letter is leased while it is being sent. A kill after the mail server took it and before that was noted leaves the lease to run
out, and the letter goes out once more with the same Message-ID: one letter doubled at most, none lost.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from longfunnel.app.business import now
from longfunnel.app.letters.message import message
from longfunnel.app.letters.stopping import stop_url
from longfunnel.app.letters.times import latest_time, next_time
from longfunnel.app.mail import MailError, RefusedMailError, password_of, post
from longfunnel.core.errors import LongfunnelError, NothingYetError, words_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.answering import Answering
    from longfunnel.app.business import Business
    from longfunnel.app.letters.message import Body
    from longfunnel.state import Letter, Subscription

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
_LONGEST = timedelta(hours=24)
"""After its time a letter that nobody takes is given up."""
_KEPT = timedelta(days=90)


def write_due(business: Business, at: datetime) -> int:
    """Write down the letters of every subscription whose time has come; of several missed times, those of the latest."""
    zone = business.settings.business.zone
    due = business.state.subscriptions.due(at)
    for one in due:
        when = one.every, one.on_day, one.minute, zone
        business.state.letters.write_reports(
            one.id, one.recipients, latest_time(*when, at), next_at=next_time(*when, at)
        )
    if due:
        business.state.letters.forget(at - _KEPT)
    return len(due)


def deliver(
    answering: Answering, at: datetime, public_url: str, *, about: tuple[int, datetime] | None = None
) -> tuple[int, int]:
    """Send the letters that wait, or only those of the subscription and the time ``about``: how many were sent, and how many not."""
    letters = answering.business.state.letters
    waiting = letters.waiting(at)
    if about is not None:
        waiting = [one for one in waiting if (one.subscription_id, one.due_at) == about]
    bodies: dict[tuple[int | None, int | None, str, datetime], Body] = {}
    sent = failed = 0
    for letter in waiting:
        if not letters.lease(letter, at + LEASE):
            continue  # somebody else sends it
        try:
            _send(answering, letter, bodies, public_url)
        except MailError as error:
            failed += 1
            is_over = isinstance(error, RefusedMailError)
            letters.note_failed(letter, words_of(error), try_at=None if is_over else _again(letter, at))
            logger.warning("letter_failed", extra={"letter": letter.id, "reason": error.code})
        except LongfunnelError as error:
            failed += 1
            is_early = isinstance(error, NothingYetError)
            letters.note_failed(letter, words_of(error), try_at=_again(letter, at) if is_early else None)
            logger.warning("letter_not_made", extra={"letter": letter.id, "reason": error.code})
        else:
            sent += 1
            letters.note_sent(letter, now())
    return sent, failed


def send_now(
    answering: Answering, subscription: Subscription, recipients: tuple[str, ...], at: datetime, public_url: str
) -> list[Letter]:
    """Send a subscription's letter to these recipients now, whatever its schedule: the letters, with what became of them."""
    letters = answering.business.state.letters
    letters.write_reports(subscription.id, recipients, at)
    deliver(answering, at, public_url, about=(subscription.id, at))
    return letters.of(subscription_id=subscription.id, due_at=at)


def _send(
    answering: Answering,
    letter: Letter,
    bodies: dict[tuple[int | None, int | None, str, datetime], Body],
    public_url: str,
) -> None:
    business = answering.business
    key = letter.subscription_id, letter.alert_id, letter.kind, letter.due_at
    if key not in bodies:
        bodies[key] = _body(answering, letter, public_url)
    name = f"subscription {letter.subscription_id}" if letter.subscription_id else f"alert {letter.alert_id}"
    made = message(
        business, bodies[key], letter.recipient, about=f"{letter.kind} {name}", due_at=letter.due_at, at=now(),
        stop_url=stop_url(business, name, letter.recipient, public_url),
        manage_url=f"{public_url}/{name.replace(' ', 's/')}" if letter.recipient == bodies[key].owner else "",
    )  # fmt: skip
    post(business.settings.mail, made, password=password_of(business))


def _body(answering: Answering, letter: Letter, public_url: str) -> Body:
    from longfunnel.app.letters.bodies import alert_body, report_body  # the drawing of pictures takes memory: at need

    state = answering.business.state
    if letter.subscription_id is not None:
        subscription = state.subscriptions.get(letter.subscription_id)
        if subscription:
            return report_body(answering, subscription, letter.due_at, public_url)
    elif letter.alert_id is not None:
        alert = state.alerts.get(letter.alert_id)
        if alert:
            return alert_body(answering, alert, letter, public_url)
    raise LongfunnelError(Text("What the letter was about has been deleted.", "То, о чём было письмо, уже удалено."))


def _again(letter: Letter, at: datetime) -> datetime | None:
    """When a letter is tried again; None once a day has passed since its time."""
    if at - letter.due_at >= _LONGEST:
        return None
    return at + _PAUSES[min(letter.tries, len(_PAUSES) - 1)]
