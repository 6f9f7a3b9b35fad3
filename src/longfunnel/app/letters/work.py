"""The letters of a running server, in a thread of their own: a slow mail server holds up nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from longfunnel.app.answering import Answering
from longfunnel.app.build import LIVE
from longfunnel.app.business import Business, now
from longfunnel.app.letters.checking import check_alerts
from longfunnel.app.letters.sending import deliver, write_due

if TYPE_CHECKING:
    from pathlib import Path

_CHECK_SECONDS = 900.0
"""Alerts are looked at so often where nothing was built: the days that they are about move on."""
_LEAST_SECONDS = 60.0
"""And at most so often where much is built."""


class LetterWork:
    """What is due, once each time it is called: on connections of its own."""

    def __init__(self, folder: Path, public_url: str) -> None:
        self._business = Business(folder)
        self._answering = Answering(self._business)
        self._public_url = public_url.rstrip("/")
        self._checked_at = float("-inf")
        self._checked_build = ""

    def __call__(self) -> str:
        """Check what is to be checked, write down what is due, send what waits; in words for the log, if anything was done."""
        checked = check_alerts(self._answering, now()) if self._is_time_to_check() else 0
        due = write_due(self._business, now())
        sent, failed = deliver(self._answering, now(), self._public_url)
        if not (checked or due or sent or failed):
            return ""
        return f"{checked} alerts checked, {due} subscriptions due, {sent} letters sent, {failed} not"

    def close(self) -> None:
        """Let go of the connections."""
        self._business.close()

    def _is_time_to_check(self) -> bool:
        if not any(alert.paused_at is None for alert in self._business.state.alerts.all()):
            return False
        passed = time.monotonic() - self._checked_at
        if passed < _LEAST_SECONDS:
            return False
        build = self._build()
        if build == self._checked_build and passed < _CHECK_SECONDS:
            return False
        self._checked_at, self._checked_build = time.monotonic(), build
        return True

    def _build(self) -> str:
        """Which build stands; empty before the first."""
        with self._business.cursor() as cursor:
            rows = cursor.execute("SELECT fingerprint FROM main.builds WHERE schema_name = ?", [LIVE]).fetchall()
        return str(rows[0][0]) if rows else ""
