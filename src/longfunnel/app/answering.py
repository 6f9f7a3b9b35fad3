"""Answering: one open business asked by many at once, each on a cursor of its own; answers are remembered while nothing changes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from longfunnel.app.build import LIVE, build, schema_of
from longfunnel.app.business import now
from longfunnel.core.calendar import day_in_zone
from longfunnel.core.errors import LongfunnelError
from longfunnel.reports import Answer, Question, answer

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Language, Settings

_LOOK_EVERY_SECONDS = 2.0
_KEPT = 300
_STALE_DAYS = 7


class Answering:
    """The business as a server asks it, from any thread. New facts are built at most every two seconds, by whoever asks
    first; the others meanwhile see the build before."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self._building = threading.Lock()
        self._settings: tuple[int, Settings] | None = None
        self._looked_at = float("-inf")
        self._version = ""
        self._is_built = False
        self._known: OrderedDict[tuple[str, bytes, str], Answer] = OrderedDict()

    @property
    def settings(self) -> Settings:
        """The settings as the file says now; read again only when it changed. Raises SettingsError."""
        changed = self.business.settings_file.stat().st_mtime_ns if self.business.settings_file.exists() else 0
        kept = self._settings
        if kept is None or kept[0] != changed:
            kept = self._settings = (changed, self.business.settings)
        return kept[1]

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own to the warehouse; close it after use. Builds first when facts are new."""
        self._refresh()
        return self.business.warehouse.cursor()

    def ask(self, question: Question, language: Language | None = None) -> Answer:
        """The answer in ``language`` (None: the business's). Raises QuestionError, NothingYetError as ``app.ask`` does."""
        self._refresh()
        settings = self.settings
        spoken = language or settings.business.language
        key = (self._version, msgspec.json.encode(question), spoken)
        found = self._known.get(key)
        if found is None:
            if question.as_of is not None:
                with self._building:
                    build(self.business, as_of=question.as_of)
            business = msgspec.structs.replace(settings.business, language=spoken)
            cursor = self.business.warehouse.cursor()
            try:
                found = answer(
                    cursor,
                    msgspec.structs.replace(settings, business=business),
                    question,
                    schema=schema_of(question.as_of),
                )
            finally:
                cursor.close()
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def last_day(self) -> date:
        """The last day that named periods end with: today, or the newest day of the data when that lies a week or more back."""
        today = day_in_zone(now(), self.settings.business.zone)
        try:
            fresh = self.ask(Question("summary", metrics=("leads",))).freshness
        except LongfunnelError:
            return today
        newest = max((item.latest_on for item in fresh if item.latest_on and item.latest_on <= today), default=today)
        return newest if (today - newest).days >= _STALE_DAYS else today

    def refresh(self) -> None:
        """Look for new facts at the next question, whenever the last look was."""
        self._looked_at = float("-inf")

    def _refresh(self) -> None:
        if time.monotonic() - self._looked_at < _LOOK_EVERY_SECONDS and self._is_built:
            return
        # the first build is waited for; later ones are made by one thread while the others answer from what stands
        if not self._building.acquire(blocking=not self._is_built):
            return
        try:
            if time.monotonic() - self._looked_at < _LOOK_EVERY_SECONDS and self._is_built:
                return
            build(self.business)
            version = self._fingerprint()
            if version != self._version:
                self._known.clear()
            self._version, self._is_built, self._looked_at = version, True, time.monotonic()
        finally:
            self._building.release()

    def _fingerprint(self) -> str:
        sql = "SELECT fingerprint FROM main.builds WHERE schema_name = ?"
        return str(self.business.warehouse.execute(sql, [LIVE]).fetchall()[0][0])
