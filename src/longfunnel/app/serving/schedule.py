"""What a running server does by itself: builds soon after facts came, looks at the sources, keeps facts no longer than asked,
sends the letters that are due."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import duckdb

from longfunnel.app.business import Business
from longfunnel.app.letters.work import LetterWork
from longfunnel.app.privacy.retention import retain
from longfunnel.app.serving.jobs import StoppedError
from longfunnel.collect.plan import WEBHOOK
from longfunnel.core.errors import LongfunnelError, NothingYetError
from longfunnel.core.text import Text

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
_LETTER_SECONDS = 5.0
_WEBHOOK_SECONDS = 2.0
"""Webhooks of connected systems come in bursts: so long are they gathered before their records are fetched."""


class Work:
    """One kind of work: how often it was done, how long the last time took, and why it failed, if it did."""

    def __init__(self, name: str, do: Callable[[], object]) -> None:
        self.name, self._do = name, do
        self.done = self.failed = 0
        self.seconds = 0.0
        self.trouble = ""

    def run(self) -> None:
        """Do it. What it tells is logged, if anything; a failure is logged, too, and tried again next time."""
        began = time.monotonic()
        try:
            told = self._do()
            self.done += 1
            self.trouble = ""
            seconds = round(time.monotonic() - began, 3)
            if told != "":
                logger.info("scheduled", extra={"work": self.name, "told": str(told), "seconds": seconds})
        except NothingYetError:
            self.trouble = ""
        except (LongfunnelError, duckdb.Error, OSError) as error:
            self.failed += 1
            self.trouble = str(error).splitlines()[0]
            logger.error("scheduled_failed", extra={"work": self.name, "reason": type(error).__name__})  # noqa: TRY400 - a message may quote a row
        self.seconds = time.monotonic() - began


class Schedule:
    """The work of one server, in a thread of its own, on connections of its own; letters have another.

    ``public_url`` is how readers of letters reach the pages. ``follow`` is told the settings when longfunnel.toml has changed; it
    raises SettingsError for what it cannot follow.
    """

    def __init__(self, folder: Path, public_url: str = "") -> None:
        self._business, self._reader = Business(folder), Business(folder)
        self._letter_work = LetterWork(folder, public_url)
        self.follow: Callable[[Settings], None] = lambda _: None
        self._read = 0
        self._news, self._told = threading.Event(), threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule")
        self.build = Work("build", self._business.build)
        self.sync = Work("sync", self._sync)
        self.webhooks = Work("webhooks", self._follow_webhooks)
        self.retention = Work("retention", lambda: retain(self._business))
        self.write_back = Work("write_back", self._write_back)
        self.letters = Work("letters", self._letter_work)
        self._reading_thread = threading.Thread(target=self._run_reading, name="reading")
        self._followed: Settings | None = None
        self._letter_thread = threading.Thread(target=self._run_letters, name="letters")

    @property
    def works(self) -> tuple[Work, ...]:
        """All kinds of work."""
        return self.build, self.sync, self.webhooks, self.write_back, self.retention, self.letters

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._reading_thread.start()
        self._letter_thread.start()

    def tell(self, records: int) -> None:  # noqa: ARG002 - that some came is enough
        """Facts came in: a build is due soon, and webhooks may want their records fetched."""
        self._news.set()
        self._told.set()

    def stop(self) -> None:
        """End: a build after what is under way, reading of outside systems at the next page."""
        self._stop.set()
        self._thread.join()
        self._reading_thread.join()
        self._letter_thread.join()
        self._business.close()
        self._reader.close()
        self._letter_work.close()

    def _run(self) -> None:
        next_build = time.monotonic()
        next_retention = time.monotonic() + 60  # not while everybody waits for the start
        settings = self._settings()
        while not self._stop.wait(_LOOK_SECONDS):
            settings = self._followed = self._settings() or settings
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
                if not self.build.trouble and any(rule.automatic for rule in settings.write_back):
                    self.write_back.run()
            if now >= next_retention:
                if settings.retention:
                    self.retention.run()
                next_retention = now + _RETENTION_SECONDS

    def _run_reading(self) -> None:
        """Sources have a thread of their own: a first reading of a large system takes hours, and builds go on meanwhile."""
        next_look = time.monotonic()
        next_sync: float | None = None
        while not self._stop.wait(_LOOK_SECONDS):
            settings, now = self._followed, time.monotonic()
            if settings is None:
                continue
            if self._told.is_set() and now >= next_look:
                self._told.clear()
                self.webhooks.run()
                next_look = time.monotonic() + _WEBHOOK_SECONDS
            period = settings.schedule.sync_minutes * 60
            next_sync = next_sync or now + period
            if period and now >= next_sync and any(source.type != WEBHOOK for source in settings.source):
                self.sync.run()
                next_sync = time.monotonic() + period

    def _run_letters(self) -> None:
        while not self._stop.wait(_LETTER_SECONDS):
            try:
                self.letters.run()
            except Exception:  # the state database may be away for a while: what waits there is not lost
                logger.exception("letters_broke")

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

    def _follow_webhooks(self) -> str:
        from longfunnel.app.sources.connected import sources_told_of

        names = sources_told_of(self._reader)
        return self._sync(names) if names else ""

    def _write_back(self) -> str:
        from longfunnel.app.write_back import write_automatically

        return write_automatically(self._business)

    def _heed(self, what: str | Text, share: float) -> None:  # noqa: ARG002 - nobody looks
        if self._stop.is_set():
            raise StoppedError(Text("The server ends.", "Сервер завершает работу."))

    def _sync(self, names: list[str] | None = None) -> str:
        from longfunnel.app.sources.sync import SyncError

        try:
            reports = self._reader.sync(names, progress=self._heed)
        except SyncError as error:
            if any(report.added + report.changed for report in error.reports):
                self._news.set()  # what the other sources brought is built all the same
            raise
        rows = sum(report.added + report.changed for report in reports)
        if rows:
            self._news.set()
        return f"{rows} rows of {len(reports)} sources"
