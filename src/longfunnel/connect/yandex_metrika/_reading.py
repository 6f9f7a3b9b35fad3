"""One reading of one counter: its days, request by request, at any place to be stopped and gone on with."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from longfunnel.connect._engine import ChangedSchemaError, GoneError, Page, TemporaryError
from longfunnel.connect.yandex_metrika._counters import goals_of
from longfunnel.connect.yandex_metrika._logs import NEEDED, READY, Fields, LogRequest, Logs, plain_name
from longfunnel.connect.yandex_metrika._table import SHORT, items_of, read_lines
from longfunnel.connect.yandex_metrika._visit import disagrees
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from longfunnel.connect._engine import Reading, Record
    from longfunnel.connect.yandex_metrika._counters import Counter

logger = logging.getLogger(__name__)

_RECORDS_AT_ONCE: Final = 2000
_TRIES: Final = 3
Places = dict[str, dict[str, Any]]
"""The cursor: counter → ``day``, the last that was read; ``on``, the day on which; ``request``, the log request under way (``id``,
``since``, ``until``, ``part``: the next to take); ``clean``: one that is taken and to be cleaned away."""


class CounterReading:
    """The visits of one counter that are due. ``places`` is the cursor of all counters, and moves on."""

    def __init__(self, reading: Reading, counter: Counter, places: Places) -> None:
        zone = counter.zone
        now = reading.now - timedelta(seconds=reading.api.clock_skew)
        own = (
            timezone(timedelta(minutes=zone)) if isinstance(zone, int) else ZoneInfo(zone or str(reading.shaping.zone))
        )
        self._reading, self._counter, self._places = reading, counter, places
        self._place = places.setdefault(counter.id, {})
        self._today = now.astimezone(own).date()
        self._last = self._today - timedelta(days=1)  # today is not whole yet
        self._first = self._begin()
        self._logs = Logs(reading.api, counter.id, Fields(str(reading.options["attribution"])))
        self._goals: dict[str, str] = {}
        self._has_compared = False

    async def pages(self) -> AsyncIterator[Page]:
        """The visits, each request's last page with the place that is reached."""
        self._goals = await goals_of(self._reading.api, self._counter.id)
        place, since, failures = self._place, self._first, 0
        if "clean" in place:
            await self._logs.drop(place.pop("clean"))
        while "request" in place or since <= self._last:
            if "request" not in place:
                await self._order(since)
                # a run that is stopped from here on finds it again: it orders no other, and leaves none behind
                yield self._page(is_written_first=True)
            try:
                async for page in self._taken():
                    yield page
            except GoneError as error:
                since = date.fromisoformat(place.pop("request")["since"])
                failures += 1
                if failures == _TRIES:
                    raise TemporaryError(
                        Text(
                            "Metrika does not give the visits from {since} on: {why}",
                            "Метрика не отдаёт визиты с {since}: {why}",
                        ).format(since=since, why=error.said)
                    ) from error
                continue
            failures, done = 0, place.pop("request")
            place |= {"day": done["until"], "on": self._today.isoformat(), "clean": done["id"]}
            yield self._page(is_written_first=True)  # only what is on disk is cleaned away
            await self._logs.drop(place.pop("clean"))
            since = date.fromisoformat(done["until"]) + timedelta(days=1)
        yield self._page()

    def _begin(self) -> date:
        place = self._place
        if "request" in place:
            return date.fromisoformat(place["request"]["since"])
        if place.get("on") == self._today.isoformat() and place["day"] < self._last.isoformat():
            return date.fromisoformat(place["day"]) + timedelta(
                days=1
            )  # a run of today was stopped between two requests
        return replace(self._reading, cursor=place.get("day")).first_day

    async def _order(self, since: date) -> None:
        days = max(1, int(self._reading.options["days_at_once"]))
        request, until = await self._logs.ordered(since, min(self._last, since + timedelta(days=days - 1)))
        self._place["request"] = {"id": request.id, "since": since.isoformat(), "until": until.isoformat(), "part": 0}

    async def _taken(self) -> AsyncIterator[Page]:
        """The pages of the request under way. Raises GoneError where it came to nothing."""
        under_way = self._place["request"]
        patience = float(self._reading.options["wait_minutes"]) * 60
        async for answer in self._logs.ready(under_way["id"], patience=patience):
            if answer is None:
                yield Page([], share=self._share())
                continue
            if answer.status != READY:
                said = Text("log request {id} is «{status}».", "запрос логов {id} в состоянии «{status}».")
                raise GoneError(said.format(id=answer.id, status=answer.status))
            for part in answer.parts[under_way["part"] :]:
                async for page in self._part(answer, part):
                    yield page
                under_way["part"] += 1
                yield self._page()

    async def _part(self, request: LogRequest, part: int) -> AsyncIterator[Page]:
        for attempt in range(1, _TRIES + 1):
            body = await self._logs.download(request.id, part)
            try:
                for records in self._records(body):
                    yield Page(records, share=self._share())
            except TemporaryError:
                if attempt == _TRIES:
                    raise
            else:
                return

    def _records(self, body: bytes) -> Iterator[list[Record]]:
        records: list[Record] = []
        for line in read_lines(body):
            values = {plain_name(field): value for field, value in line.items()}
            if SHORT not in line and (missing := [name for name in NEEDED if name not in values]):
                said = Text("Metrika's table of visits lacks {missing}.", "В таблице визитов Метрики нет {missing}.")
                raise ChangedSchemaError(said.format(missing=", ".join(missing)))
            record = {
                "counter": self._counter.id, "zone": self._counter.zone,
                "values": {name: value for name, value in values.items() if value}, "goal_names": self._names_in(values),
            }  # fmt: skip
            self._compare_times(record)
            records.append(record)
            if len(records) == _RECORDS_AT_ONCE:
                yield records
                records = []
        if records:
            yield records

    def _names_in(self, values: dict[str, str]) -> dict[str, str]:
        try:
            reached = items_of(values.get("goalsID"))
        except ValueError:  # ``shape`` says so, and the visit goes to the quarantine
            return {}
        return {goal: self._goals[goal] for goal in reached if goal in self._goals}

    def _compare_times(self, record: Record) -> None:
        if self._has_compared:
            return
        self._has_compared = True
        try:
            is_odd = disagrees(record["values"], record["zone"], self._reading.shaping)
        except ValueError:
            return
        if is_odd:
            logger.warning(
                "dateTimeUTC contradicts dateTime", extra={"counter": self._counter.id, "zone": record["zone"]}
            )

    def _page(self, *, is_written_first: bool = False) -> Page:
        """A place without records; a copy, as the place moves on before it is written."""
        cursor = {
            counter: {name: dict(value) if isinstance(value, dict) else value for name, value in place.items()}
            for counter, place in self._places.items()
        }
        return Page([], cursor, self._share(), is_written_first=is_written_first)

    def _share(self) -> float:
        days = (self._last - self._first).days + 1
        at = self._place.get("request", {}).get("since")
        done = (date.fromisoformat(at) if at else self._first) - self._first
        return min(1.0, max(0.0, done.days / days)) if days > 0 else 1.0
