"""Yandex Metrika, invented: counters, goals, the Logs API with its queue and quota, offline conversions."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from longfunnel.demo.systems._http import Answer, Asked, served, told
from longfunnel.demo.systems._metrika_logs import LogQueue, LogRequest, MetrikaError, only
from longfunnel.demo.systems._metrika_table import ATTRIBUTIONS, Writing
from longfunnel.demo.systems._metrika_uploads import KINDS, UploadError, Uploading, read_upload
from longfunnel.demo.systems._yandex_oauth import YandexOAuth
from longfunnel.demo.systems.company import GOALS, Company, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.demo.systems.serving import App

COUNTER = 98_765_432


@dataclass
class Knobs:
    """How the invented Metrika behaves; may be turned while it runs."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    oauth: YandexOAuth = field(default_factory=YandexOAuth)
    counters: dict[int, str] = field(default_factory=lambda: {COUNTER: "Europe/Moscow"})
    """Counter → its zone; the company's visits go to them in turn."""
    tells_zones: bool = True
    writing: Writing = field(default_factory=Writing)
    attributions: tuple[str, ...] = ATTRIBUTIONS
    """Before which fields an attribution may stand."""
    names_fields: bool = True
    """Whether the refusal of a field names it."""
    polls: int = 1
    """How many looks the oldest request of the queue takes to be processed."""
    parts: int = 2
    quota_days: int = 0
    """Days of all requests that a counter keeps; 0: as many as one likes."""
    requests_a_second: int = 30
    """0: no limits of frequency at all."""
    log_requests_a_second: int = 10
    requests_a_day: int = 5000
    at_once: int = 3
    seconds: float = 0.0
    """How long each answer takes."""
    failures: deque[str] = field(default_factory=deque)
    """What the next requests of the Logs API meet: a status, or cut (a part that breaks off), html."""
    becomes: deque[str] = field(default_factory=deque)
    """What becomes of the next log requests instead of processed."""
    restated: Callable[[Visit], Visit | None] = lambda visit: visit
    """What is told of a visit now."""
    loses_orders: int = 0
    """So many log requests are taken and answered with 503."""
    loses_answers: int = 0
    """So many uploads are taken and answered with 503."""
    uploadings: list[Uploading] = field(default_factory=list)
    requests: list[LogRequest] = field(default_factory=list)


def app(company: Company, knobs: Knobs) -> App:
    """The application; ``/token`` and ``/authorize`` are those of Yandex OAuth."""
    return served(_Metrika(company, knobs).answer)


class _Metrika:
    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._company, self._knobs = company, knobs
        self._under_way = 0
        self._today = 0
        self._asked_at: dict[str, deque[float]] = {"logs": deque(), "all": deque()}
        logs = LogQueue(company, knobs)
        own = r"/management/v1/counter/(?P<counter>\d+)"
        self._paths: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            ("GET", re.compile(r"/management/v1/counters"), self._counters),
            ("GET", re.compile(f"{own}/goals"), self._goals),
            ("GET", re.compile(f"{own}/logrequests/evaluate"), logs.evaluate),
            ("GET", re.compile(f"{own}/logrequests"), logs.listed),
            ("POST", re.compile(f"{own}/logrequests"), logs.create),
            ("GET", re.compile(rf"{own}/logrequest/(?P<request>\d+)"), logs.look),
            ("GET", re.compile(rf"{own}/logrequest/(?P<request>\d+)/part/(?P<part>\d+)/download"), logs.download),
            ("POST", re.compile(rf"{own}/logrequest/(?P<request>\d+)/(?P<act>clean|cancel)"), logs.end),
            ("POST", re.compile(f"{own}/offline_conversions/upload"), self._upload),
            ("GET", re.compile(f"{own}/offline_conversions/uploadings"), self._uploadings),
            ("GET", re.compile(rf"{own}/offline_conversions/uploading/(?P<uploading>\d+)"), self._uploading),
        ]

    async def answer(self, asked: Asked) -> Answer:
        if oauth := self._knobs.oauth.answer(asked):
            return oauth
        self._under_way += 1
        try:
            answer = self._answer(asked)
            await asyncio.sleep(self._knobs.seconds)
        except MetrikaError as error:
            said = {
                "errors": [{"error_type": error.kind, "message": error.words}],
                "code": error.status,
                "message": error.words,
            }
            return told(said, error.status)
        finally:
            self._under_way -= 1
        return answer

    def _answer(self, asked: Asked) -> Answer:
        self._take_turn(asked)
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind != "OAuth" or not self._knobs.oauth.is_good(token):
            raise MetrikaError(403, "invalid_token", "Invalid oauth_token")
        for method, path, act in self._paths:
            if method == asked.method and (found := path.fullmatch(asked.path)):
                named = {name: int(value) if value.isdigit() else value for name, value in found.groupdict().items()}
                if "counter" in named and named["counter"] not in self._knobs.counters:
                    raise MetrikaError(403, "access_denied", "Access is denied")
                if "logrequest" in asked.path and (failed := self._failed(asked)):
                    return failed
                answer = act(asked, **named)
                if asked.method == "POST" and asked.path.endswith("/logrequests") and self._knobs.loses_orders:
                    self._knobs.loses_orders -= 1
                    return Answer(503, b"upstream request timeout")
                return answer
        raise MetrikaError(404, "not_found", "Not found")

    def _take_turn(self, asked: Asked) -> None:
        knobs, now = self._knobs, time.monotonic()
        if not knobs.requests_a_second:
            return
        self._today += 1
        if self._today > knobs.requests_a_day:
            raise MetrikaError(429, "quota_requests_by_uid", "Quota exceeded")
        if self._under_way > knobs.at_once:
            raise MetrikaError(429, "quota_parallel_requests", "Quota exceeded: too many requests at once")
        kinds = {
            "all": knobs.requests_a_second,
            **({"logs": knobs.log_requests_a_second} if "logrequest" in asked.path else {}),
        }
        for kind, limit in kinds.items():
            times = self._asked_at[kind]
            while times and now - times[0] > 1:
                times.popleft()
            if len(times) >= limit:
                raise MetrikaError(429, "quota_requests_by_ip", "Quota exceeded")
            times.append(now)

    def _failed(self, asked: Asked) -> Answer | None:
        failures = self._knobs.failures
        if not failures or (failures[0] == "cut" and not asked.path.endswith("/download")):
            return None
        match failures.popleft():
            case "cut":
                return Answer(200, b"ym:s:visitID\tym:s:clientID\tym:s:dateTime\n1\t2\t2026-10-01 10:00:00\n23456")
            case "html":
                return Answer(200, b"<html>captcha</html>", {"content-type": "text/html"})
            case "429" | "420" as status:
                raise MetrikaError(int(status), "quota_requests_by_uid", "Quota exceeded")
            case status:
                return Answer(int(status), b"upstream connect error", {"content-type": "text/plain"})

    def _counters(self, asked: Asked) -> Answer:
        only(asked, "per_page", "offset")
        params = asked.params
        start, many = int(params.get("offset", 1)) - 1, int(params.get("per_page", 100))
        if start < 0 or not 0 < many <= 1000:
            raise MetrikaError(400, "invalid_parameter", "offset begins with 1, per_page is 1000 at most")
        counters = [
            {
                "id": number, "name": f"Мебель «Лес» {number}", "site": "mebel-les.example", "status": "Active",
                **({"time_zone_name": zone, "time_zone_offset": _minutes(zone)} if self._knobs.tells_zones else {}),
            }
            for number, zone in self._knobs.counters.items()
        ]  # fmt: skip
        return told({"rows": len(counters), "counters": counters[start : start + many]})

    def _goals(self, asked: Asked, counter: int) -> Answer:
        del counter
        only(asked)
        return told({"goals": [{"id": goal, "name": name, "type": "action"} for goal, name in GOALS.items()]})

    def _upload(self, asked: Asked, counter: int) -> Answer:
        del counter
        only(asked, "type", "comment", "client_id_type")
        now = self._knobs.clock()
        if asked.params.get("type") not in KINDS:
            raise MetrikaError(400, "invalid_parameter", f"type must be one of {', '.join(KINDS)}")
        try:
            rows = read_upload(asked, now)
        except UploadError as error:
            raise MetrikaError(400, "invalid_uploading", str(error)) from error
        clients = {visit.person.ym_client_id for visit in self._company.visits}
        clicks = {visit.click_id for visit in self._company.visits if visit.click_id}
        linked = sum(row.get("ClientId") in clients or row.get("Yclid") in clicks for row in rows)
        taken = Uploading(
            101 + len(self._knobs.uploadings), asked.params["type"], asked.params.get("comment", ""), now, rows, linked
        )
        self._knobs.uploadings.append(taken)
        if self._knobs.loses_answers:
            self._knobs.loses_answers -= 1
            return Answer(503, b"upstream request timeout")
        return told({"uploading": taken.told()})

    def _uploadings(self, asked: Asked, counter: int) -> Answer:
        del counter
        only(asked)
        return told({"uploadings": [one.told() for one in self._knobs.uploadings]})

    def _uploading(self, asked: Asked, counter: int, uploading: int) -> Answer:
        del counter
        only(asked)
        found = next((one for one in self._knobs.uploadings if one.id == uploading), None)
        if found is None:
            raise MetrikaError(404, "not_found", "Uploading is not found")
        answer = told({"uploading": found.told()})
        found.move_on()
        return answer


def _minutes(zone: str) -> int:
    offset = datetime.now(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0
