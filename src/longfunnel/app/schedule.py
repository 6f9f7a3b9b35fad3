"""What a running server does by itself: builds soon after facts came, looks at the sources, keeps facts no longer than asked."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import duckdb

from longfunnel.app.business import Business
from longfunnel.app.retention import retain
from longfunnel.collect.plan import WEBHOOK
from longfunnel.core.errors import LongfunnelError, NothingYetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longfunnel.core.settings import Settings

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.25
_REST = 9.0
"""After a build, so many times its length is left to others: a large business is not built all the time."""
_LONGEST_REST = 60.0
_RETENTION_SECONDS = 86_400.0


class Work:
    """One kind of work: how often it was done, how long the last time took, and why it failed, if it did."""

    def __init__(self, name: str, do: Callable[[], object]) -> None:
        self.name, self._do = name, do
        self.done = self.failed = 0
        self.seconds = 0.0
        self.trouble = ""

    def run(self) -> None:
        """Do it. A failure is logged, and tried again next time."""
        began = time.monotonic()
        try:
            told = self._do()
            self.done += 1
            self.trouble = ""
            logger.info(
                "scheduled", extra={"work": self.name, "told": str(told), "seconds": round(time.monotonic() - began, 3)}
            )
        except NothingYetError:
            self.trouble = ""
        except (LongfunnelError, duckdb.Error, OSError) as error:
            self.failed += 1
            self.trouble = str(error).splitlines()[0]
            logger.error("scheduled_failed", extra={"work": self.name, "reason": type(error).__name__})  # noqa: TRY400 - a message may quote a row
        self.seconds = time.monotonic() - began


class Schedule:
    """The work of one server, in a thread of its own, on connections of its own.

    ``follow`` is told the settings when longfunnel.toml has changed; it raises SettingsError for what it cannot follow.
    """

    def __init__(self, folder: Path) -> None:
        self._business = Business(folder)
        self.follow: Callable[[Settings], None] = lambda _: None
        self._read = 0
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule")
        self.build = Work("build", self._business.build)
        self.sync = Work("sync", self._sync)
        self.retention = Work("retention", lambda: retain(self._business))

    @property
    def works(self) -> tuple[Work, ...]:
        """All kinds of work."""
        return self.build, self.sync, self.retention

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def tell(self, records: int) -> None:  # noqa: ARG002 - that some came is enough
        """Facts came in: a build is due soon."""
        self._news.set()

    def stop(self) -> None:
        """End, after what is under way."""
        self._stop.set()
        self._thread.join()
        self._business.close()

    def _run(self) -> None:
        next_build = time.monotonic()
        next_sync: float | None = None
        next_retention = time.monotonic() + 60  # not while everybody waits for the start
        settings = self._settings()
        while not self._stop.wait(_LOOK_SECONDS):
            settings = self._settings() or settings
            if settings is None:
                continue
            now = time.monotonic()
            pause = settings.schedule.build_seconds
            if pause and self._news.is_set() and now >= next_build:
                self._news.clear()
                self.build.run()
                # the first one also loads the compiler
                rest = min(_REST * self.build.seconds, _LONGEST_REST) if self.build.done > 1 else 0.0
                next_build = time.monotonic() + max(pause, rest)
            period = settings.schedule.sync_minutes * 60
            next_sync = next_sync or now + period
            if period and now >= next_sync and any(source.type != WEBHOOK for source in settings.source):
                self.sync.run()
                next_sync = time.monotonic() + period
            if now >= next_retention:
                if settings.retention:
                    self.retention.run()
                next_retention = now + _RETENTION_SECONDS

    def _settings(self) -> Settings | None:
        """The settings where the file has changed and makes sense; what makes none is logged, once."""
        try:
            changed = self._business.settings_file.stat().st_mtime_ns
            if changed == self._read:
                return None
            is_first, self._read = not self._read, changed
            settings = self._business.settings
            if not is_first:
                self.follow(settings)
                logger.info("settings_followed")
        except LongfunnelError as error:
            logger.error("settings_not_followed", extra={"reason": error.message})  # noqa: TRY400 - the message says all
            return None
        except OSError:
            return None  # it is being replaced
        return settings

    def _sync(self) -> str:
        reports = self._business.sync()
        rows = sum(report.added + report.changed for report in reports)
        if rows:
            self._news.set()
        return f"{rows} rows of {len(reports)} sources"
