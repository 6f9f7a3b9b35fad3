"""Answering: one open business asked by many at once, each on a cursor of its own; answers are remembered while nothing changes,
and what several ask at the same moment is made once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from longfunnel.app.build import LIVE, build, building, schema_of
from longfunnel.app.business import now
from longfunnel.app.single_flight import Flight, GivenUpError, SingleFlight, Stop
from longfunnel.core.calendar import day_in_zone
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.reports import Answer, Question, answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Language, Settings
    from longfunnel.core.stages import Stage

_LOOK_EVERY_SECONDS = 2.0
_KEPT = 300
_STALE_DAYS = 7
_FRESH = Question("summary", metrics=("leads",))


Key = tuple[str, tuple["Stage", ...], bytes, "Language"]
"""Of an answer: the build, what the business calls the stages of its funnel, the question, the language."""


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
        self._known: OrderedDict[Key, Answer] = OrderedDict()
        self._once: dict[str, dict[str, Any]] = {}
        self._flights: SingleFlight[Answer] = SingleFlight()
        self._here = threading.local()

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

    def ask(self, question: Question, language: Language | None = None, stop: Stop | None = None) -> Answer:
        """The answer in ``language`` (None: the business's). ``stop`` is set when the reader gives up.

        Raises QuestionError, NothingYetError as ``app.ask`` does, and GivenUpError.
        """
        self._refresh()
        key = self._key(question, language)
        found = self._known.get(key)
        if found is None:
            found = self._flights.get(key, lambda flight: self._answer(key, question, flight), stop or Stop())
        return found

    @contextmanager
    def as_it_stands(self) -> Iterator[None]:
        """Inside, what this thread asks is answered from the last build, however new the facts are."""
        self._here.as_it_stands = True
        try:
            yield
        finally:
            self._here.as_it_stands = False

    @property
    def is_behind(self) -> bool:
        """Whether there is another build than the one that the last question found, or none was asked yet."""
        if not self._is_built:
            return True
        with closing(self.business.warehouse.cursor()) as cursor:
            return self._fingerprint(cursor) != self._version

    def once(self, schema: str) -> dict[str, Any]:
        """What is kept of a schema of derived tables while its build stands."""
        return self._once.setdefault(schema, {})

    def knows(self, question: Question, language: Language | None = None) -> bool:
        """Whether the answer is remembered."""
        return self._is_built and self._key(question, language) in self._known

    def _key(self, question: Question, language: Language | None) -> Key:
        settings = self.settings
        return self._version, settings.stage, msgspec.json.encode(question), language or settings.business.language

    def _answer(self, key: Key, question: Question, flight: Flight[Answer]) -> Answer:
        if key in self._known:  # made between the reader's look and the flight
            return self._known[key]
        if question.as_of is not None:
            with self._building:
                build(self.business, as_of=question.as_of)
        schema, once = schema_of(question.as_of), self._once
        cursor = self.business.warehouse.cursor()
        flight.reach = cursor.interrupt
        try:
            found = answer(cursor, self._spoken(key[3]), question, schema=schema, once=once.setdefault(schema, {}))
        except duckdb.InterruptException as error:
            if flight.is_wanted:
                raise
            raise GivenUpError(Text("Stopped.", "Остановлено.")) from error
        finally:
            flight.reach = None
            cursor.close()
        self._known[key] = found
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found

    def _spoken(self, language: Language) -> Settings:
        settings = self.settings
        return msgspec.structs.replace(settings, business=msgspec.structs.replace(settings.business, language=language))

    def last_day(self) -> date:
        """The last day that named periods end with: today, or the newest day of the data when that lies a week or more back."""
        today = day_in_zone(now(), self.settings.business.zone)
        try:
            fresh = self.ask(_FRESH).freshness
        except LongfunnelError:
            return today
        newest = max((item.latest_on for item in fresh if item.latest_on and item.latest_on <= today), default=today)
        return newest if (today - newest).days >= _STALE_DAYS else today

    @property
    def knows_last_day(self) -> bool:
        """Whether ``last_day`` needs no asking."""
        return self.knows(_FRESH)

    def forget(self, *, build: bool = True) -> None:
        """Remember no answer and, with ``build``, nothing else of the build."""
        self._known.clear()
        if build:
            self._once = {}

    def refresh(self) -> None:
        """Look for new facts at the next question, whenever the last look was."""
        self._looked_at = float("-inf")

    def _refresh(self) -> None:
        is_content = getattr(self._here, "as_it_stands", False)
        if self._is_built and (is_content or time.monotonic() - self._looked_at < _LOOK_EVERY_SECONDS):
            return
        # the first build is waited for; later ones are made by one thread while the others answer from what stands
        if not self._building.acquire(blocking=not self._is_built):
            return
        try:
            if time.monotonic() - self._looked_at < _LOOK_EVERY_SECONDS and self._is_built:
                return
            if not building.acquire(blocking=not self._is_built):  # a job builds: what stands answers meanwhile
                return
            try:
                build(self.business)
            finally:
                building.release()
            version = self._fingerprint(self.business.warehouse)
            if version != self._version:
                self.forget()
            self._version, self._is_built, self._looked_at = version, True, time.monotonic()
        finally:
            self._building.release()

    def _fingerprint(self, connection: duckdb.DuckDBPyConnection) -> str:
        sql = "SELECT fingerprint FROM main.builds WHERE schema_name = ?"
        return str(connection.execute(sql, [LIVE]).fetchall()[0][0])
