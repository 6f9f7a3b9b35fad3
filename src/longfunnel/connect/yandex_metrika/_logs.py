"""The Logs API: a table of raw visits is ordered, waited for, taken part by part, and cleaned away."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from longfunnel.connect._engine import (
    ChangedSchemaError,
    ForbiddenError,
    GoneError,
    LimitedError,
    RefusedError,
    TemporaryError,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from longfunnel.connect._engine import Api

READY: Final = "processed"
_COMING: Final = ("created", "awaiting_retry")
_PLAIN: Final = (
    "visitID", "clientID", "dateTime", "dateTimeUTC", "startURL", "referer", "pageViews", "visitDuration", "bounce", "isNewUser",
    "deviceCategory", "regionCountry", "regionCity", "goalsID", "purchaseID", "purchaseRevenue", "purchaseCurrency",
)  # fmt: skip
NEEDED: Final = ("visitID", "dateTime")
_UTM: Final = ("UTMSource", "UTMMedium", "UTMCampaign", "UTMContent", "UTMTerm")
_ATTRIBUTED: Final = (
    "TrafficSource", "AdvEngine", "ReferalSource", "SearchEngine", "SocialNetwork", "DirectClickOrder", "DirectBannerGroup",
    "DirectClickBanner", "DirectPhraseOrCond",
)  # fmt: skip
_TRIES: Final = 4
_SHORTEST, _LONGEST = 0.3, 30.0
"""Seconds between two looks at a request."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """A table that was ordered."""

    id: str
    since: str
    until: str
    fields: tuple[str, ...]
    status: str
    parts: tuple[int, ...] = ()


def plain_name(field: str) -> str:
    """Our name of a field as the vendor spells it: ``ym:s:lastsignUTMSource`` is UTMSource."""
    name = field.removeprefix("ym:s:")
    return name if name in _PLAIN else next((one for one in (*_UTM, *_ATTRIBUTED) if name.endswith(one)), name)


class Fields:
    """The fields that are asked for. The vendor spells those of a traffic source in several ways, by an attribution or without one:
    a spelling that it refuses gives way to the next."""

    def __init__(self, attribution: str) -> None:
        prefixes = tuple(dict.fromkeys((attribution, "last", "")))
        self._left = {name: list(prefixes) for name in (*_UTM, *_ATTRIBUTED)} | {name: [""] for name in _PLAIN}
        self._sets = [("last", attribution), ("last", ""), ("", "")]
        """Prefixes of the fields of a source and of the marks, to try where a refusal names no field."""

    @property
    def asked(self) -> dict[str, str]:
        """Field as the vendor has it → our plain name."""
        return {f"ym:s:{prefixes[0]}{name}": name for name, prefixes in self._left.items() if prefixes}

    def give_way(self, refusal: str) -> bool:
        """Spell otherwise, or leave out, what the refusal names; False where nothing is left to try."""
        refused = [name for field, name in self.asked.items() if re.search(rf"\b{field}\b", refusal)]
        if any(name in NEEDED for name in refused):
            return False
        for name in refused:
            self._left[name].pop(0)
        if not refused and self._sets:
            of_source, of_marks = self._sets.pop(0)
            self._left |= {name: [of_source] for name in _ATTRIBUTED} | {name: [of_marks] for name in _UTM}
            return True
        return bool(refused)


class Logs:
    """The log requests of one counter."""

    def __init__(self, api: Api, counter: str, fields: Fields) -> None:
        self._api, self._counter, self.fields = api, counter, fields
        self._own = f"management/v1/counter/{counter}"

    async def possible_days(self, since: date, until: date) -> int:
        """How many days, from ``since`` on, may be ordered now; 0: the counter's quota is used up."""
        many = (until - since).days + 1
        said = await self._asked("GET", f"{self._own}/logrequests/evaluate", since, until)
        told = said.get("log_request_evaluation") if isinstance(said, dict) else None
        if not isinstance(told, dict) or told.get("possible") in (True, None):
            return many
        return max(0, min(many, int(told.get("max_possible_day_quantity") or 0)))

    async def create(self, since: date, until: date) -> LogRequest:
        """Order the days' table; once, also where the answer to the order is lost."""
        path = f"{self._own}/logrequests"
        for attempt in range(1, _TRIES + 1):
            try:
                return _request(await self._asked("POST", path, since, until, is_repeatable=False))
            except (TemporaryError, LimitedError):
                days = (since.isoformat(), until.isoformat())
                for request in await self.known():
                    if self._is_of_use(request) and (request.since, request.until) == days:
                        return request
                if attempt == _TRIES:
                    raise
        raise AssertionError  # the last attempt returns or raises

    async def known(self) -> list[LogRequest]:
        """All requests of the counter that the vendor tells of."""
        said = await self._api.get(f"{self._own}/logrequests")
        requests = said.get("requests") if isinstance(said, dict) else None
        return [_read(one) for one in requests or () if isinstance(one, dict)]

    async def look(self, request_id: str) -> LogRequest | None:
        """How a request fares; None where the vendor no longer knows it."""
        try:
            return _request(await self._api.get(f"{self._own}/logrequest/{request_id}"))
        except (GoneError, RefusedError):
            return None

    async def ready(self, request_id: str, *, patience: float) -> AsyncIterator[LogRequest | None]:
        """None at each look at a request that is still prepared; then the request, whatever became of it.

        Raises TemporaryError where nothing has become of it after ``patience`` seconds, GoneError where it is no more.
        """
        until, pause = time.monotonic() + patience, _SHORTEST
        while True:
            found = await self.look(request_id)
            if found is None:
                said = Text(
                    "Metrika no longer knows the log request {id}.", "Метрика больше не знает запроса логов {id}."
                )
                raise GoneError(said.format(id=request_id))
            if found.status not in _COMING:
                yield found
                return
            if time.monotonic() + pause > until:
                raise TemporaryError(
                    Text(
                        "Metrika has not prepared the visits of {since} … {until} yet (request {id}).",
                        "Метрика ещё не подготовила визиты за {since} … {until} (запрос {id}).",
                    ).format(since=found.since, until=found.until, id=request_id),
                    hint=Text("The next sync goes on waiting for it.", "Следующая загрузка будет ждать их дальше."),
                )
            yield None
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)

    async def download(self, request_id: str, part: int) -> bytes:
        """One part, as it comes."""
        path = f"{self._own}/logrequest/{request_id}/part/{part}/download"
        return (await self._api.request("GET", path)).content

    async def drop(self, request_id: str) -> None:
        """Free what a request takes of the counter's quota; one that is gone already is none to free."""
        found = await self.look(request_id)
        act = {READY: "clean", **dict.fromkeys(_COMING, "cancel")}.get(found.status) if found else None
        if act is None:
            return
        try:
            await self._api.request("POST", f"{self._own}/logrequest/{request_id}/{act}")
        except (GoneError, RefusedError, ForbiddenError):
            return

    async def drop_left_over(self) -> None:
        """Drop what earlier runs of ours have left behind."""
        for request in await self.known():
            if self._is_of_use(request):
                await self.drop(request.id)

    async def ordered(self, since: date, until: date) -> tuple[LogRequest, date]:
        """A request for the days from ``since`` on, and its last day, at most ``until``: one that is there already, else a new one.

        Raises LimitedError where the counter's quota is used up by others.
        """
        days = await self.possible_days(since, until)
        for request in await self.known():
            if self._is_of_use(request) and request.since == since.isoformat():
                ends = date.fromisoformat(request.until)
                if since <= ends <= until:
                    return request, ends
        if not days:
            await self.drop_left_over()
            days = await self.possible_days(since, until)
        if not days:
            raise LimitedError(
                Text(
                    "Counter {counter} has no room for another log request.",
                    "У счётчика {counter} нет места для ещё одного запроса логов.",
                ).format(counter=self._counter),
                hint=Text(
                    "Clean finished log requests of other programs, or wait until Metrika does.",
                    "Удалите готовые запросы логов других программ или подождите, пока это сделает Метрика.",
                ),
            )
        ends = date.fromordinal(since.toordinal() + days - 1)
        return await self.create(since, ends), ends

    def _is_of_use(self, request: LogRequest) -> bool:
        """Whether it asks for just the fields that we ask for, and is there or coming."""
        return set(request.fields) == set(self.fields.asked) and request.status in (READY, *_COMING)

    async def _asked(self, method: str, path: str, since: date, until: date, **more: bool) -> Any:
        while True:
            asked = {
                "date1": since.isoformat(), "date2": until.isoformat(), "source": "visits", "fields": ",".join(self.fields.asked),
            }  # fmt: skip
            try:
                return self._api.json(await self._api.request(method, path, params=asked, **more))
            except RefusedError as error:
                if not self.fields.give_way(error.message):
                    raise


def _request(said: Any) -> LogRequest:
    told = said.get("log_request") if isinstance(said, dict) else None
    if not isinstance(told, dict) or told.get("request_id") is None:
        raise ChangedSchemaError(
            Text("Metrika told of a log request without its id.", "Метрика сообщила о запросе логов без его номера.")
        )
    return _read(told)


def _read(told: dict[str, Any]) -> LogRequest:
    parts: Sequence[Any] = told.get("parts") or ()
    if told.get("parts") is None and told.get("status") == READY and told.get("size") != 0:
        parts = [{"part_number": 0}]
    fields = told.get("fields") or ()
    return LogRequest(
        id=str(told.get("request_id")),
        since=str(told.get("date1") or ""),
        until=str(told.get("date2") or ""),
        fields=tuple(str(one) for one in (fields.split(",") if isinstance(fields, str) else fields)),
        status=str(told.get("status") or ""),
        parts=tuple(sorted(int(part["part_number"]) for part in parts if isinstance(part, dict))),
    )
