"""Checking: every alert's number is looked at, and its episode begun, gone on with or ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from longfunnel.app.letters.episodes import Standing, after_check
from longfunnel.app.letters.reading import read
from longfunnel.core.errors import LongfunnelError, NothingYetError, words_of
from longfunnel.core.text import NOTHING

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.answering import Answering
    from longfunnel.state import Alert

logger = logging.getLogger(__name__)


def check_alerts(answering: Answering, at: datetime) -> int:
    """Look at every alert that is not paused; how many could be looked at. What there is to tell is written down as letters."""
    checked = 0
    for alert in answering.business.state.alerts.all():
        if alert.paused_at is None:
            checked += check_alert(answering, alert, at)
    return checked


def check_alert(answering: Answering, alert: Alert, at: datetime) -> bool:
    """Look at one alert; False when its number could not be asked for, which the alert then says."""
    state = answering.business.state
    try:
        found, reading = read(answering, alert, at)
    except NothingYetError:
        return False
    except LongfunnelError as error:
        state.alerts.change(alert.id, trouble=words_of(error), checked_at=at)
        logger.warning("alert_not_checked", extra={"alert": alert.id, "reason": error.code})
        return False
    before = Standing(alert.state, alert.episode, alert.alarm_at, alert.normal_at)
    after, event = after_check(before, found, at)
    standing = {
        "state": after.state, "episode": after.episode, "alarm_at": after.alarm_at, "normal_at": after.normal_at,
        "checked_at": at, "trouble": NOTHING, "reading": reading.to_json(),
    }  # fmt: skip
    if event:
        state.letters.write_alert(alert.id, alert.recipients, event, at, reading.to_json(), **standing)
    else:
        state.alerts.change(alert.id, **standing)
    return True
