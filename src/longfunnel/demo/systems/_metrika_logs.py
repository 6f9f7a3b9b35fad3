"""The Logs API of an invented Metrika: a queue that is worked off in order, a quota of days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from longfunnel.demo.systems._http import Answer, Asked, told
from longfunnel.demo.systems._metrika_table import Writing, is_known, part

if TYPE_CHECKING:
    from longfunnel.demo.systems.company import Company, Visit
    from longfunnel.demo.systems.yandex_metrika import Knobs

_STORED = ("created", "processed", "awaiting_retry")


@dataclass
class LogRequest:
    """A log request."""

    id: int
    counter: int
    since: date
    until: date
    fields: list[str]
    polls: int
    status: str = "created"
    parts: list[bytes] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As Metrika tells of it."""
        parts = [{"part_number": number, "size": len(body)} for number, body in enumerate(self.parts)]
        done = {"size": sum(map(len, self.parts)), "parts": parts} if self.status == "processed" else {}
        return {
            "request_id": self.id, "counter_id": self.counter, "source": "visits", "date1": self.since.isoformat(),
            "date2": self.until.isoformat(), "fields": self.fields, "status": self.status, **done,
        }  # fmt: skip


class MetrikaError(Exception):
    """A refusal in Metrika's words."""

    def __init__(self, status: int, kind: str, words: str) -> None:
        super().__init__(words)
        self.status, self.kind, self.words = status, kind, words


def only(asked: Asked, *names: str) -> None:
    """Raise MetrikaError for a parameter that is none of these."""
    if unknown := [name for name in asked.params if name not in names]:
        raise MetrikaError(400, "invalid_parameter", f"Unknown parameters: {', '.join(unknown)}")


class LogQueue:
    """The log requests of all counters."""

    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._company, self._knobs = company, knobs

    def evaluate(self, asked: Asked, counter: int) -> Answer:
        """How much of an order is possible."""
        since, until, _ = self._ordered(asked, counter)
        left = self._left(counter)
        days = (until - since).days + 1
        return told({"log_request_evaluation": {"possible": days <= left, "max_possible_day_quantity": left}})

    def create(self, asked: Asked, counter: int) -> Answer:
        """Take an order."""
        since, until, fields = self._ordered(asked, counter)
        if asked.body:
            raise MetrikaError(400, "invalid_parameter", "The body must be empty")
        if (until - since).days + 1 > self._left(counter):
            raise MetrikaError(
                400, "quota_exceeded", "The log request cannot be created: it exceeds the counter's quota"
            )
        requests = self._knobs.requests
        requests.append(LogRequest(1000 + len(requests), counter, since, until, fields, self._knobs.polls))
        return told({"log_request": requests[-1].told()})

    def listed(self, asked: Asked, counter: int) -> Answer:
        """All log requests of a counter."""
        only(asked)
        return told({"requests": [one.told() for one in self._knobs.requests if one.counter == counter]})

    def look(self, asked: Asked, counter: int, request: int) -> Answer:
        """One log request; each look brings the oldest of the queue on."""
        only(asked)
        waiting = next((one for one in self._knobs.requests if one.status in ("created", "awaiting_retry")), None)
        if waiting:
            waiting.polls -= 1
            if waiting.polls < 0:
                self._process(waiting)
        return told({"log_request": self._request(counter, request).told()})

    def _process(self, request: LogRequest) -> None:
        if self._knobs.becomes:
            request.status = self._knobs.becomes.popleft()
            request.polls = 1
            return
        visits = self._visits(request)
        size = -(-len(visits) // self._knobs.parts) or 1
        zone = self._knobs.counters[request.counter]
        writing = Writing(**{**vars(self._knobs.writing), "zone": zone, "counter": str(request.counter)})
        chunks = [visits[start : start + size] for start in range(0, len(visits), size)] or [[]]
        request.parts = [part(chunk, request.fields, writing) for chunk in chunks]
        request.status = "processed"

    def _visits(self, request: LogRequest) -> list[Visit]:
        place, many = list(self._knobs.counters).index(request.counter), len(self._knobs.counters)
        zone = ZoneInfo(self._knobs.counters[request.counter])
        stated = (self._knobs.restated(visit) for visit in self._company.visits if visit.id % many == place)
        return [
            visit for visit in stated if visit and request.since <= visit.at.astimezone(zone).date() <= request.until
        ]

    def download(self, asked: Asked, counter: int, request: int, part: int) -> Answer:
        """A part."""
        only(asked)
        found = self._request(counter, request)
        if found.status != "processed":
            raise MetrikaError(400, "invalid_parameter", "Only log of requests in status 'processed' can be downloaded")
        if part >= len(found.parts):
            raise MetrikaError(400, "invalid_parameter", "Incorrect part number")
        return Answer(200, found.parts[part], {"content-type": "application/x-unknown"})

    def end(self, asked: Asked, counter: int, request: int, act: str) -> Answer:
        """Clean or cancel."""
        only(asked)
        found = self._request(counter, request)
        if found.status not in (("processed",) if act == "clean" else ("created", "awaiting_retry")):
            raise MetrikaError(400, "invalid_parameter", f"A request in status '{found.status}' cannot be {act}ed")
        found.status, found.parts = ("cleaned_by_user" if act == "clean" else "canceled"), []
        return told({"log_request": found.told()})

    def _request(self, counter: int, request: int) -> LogRequest:
        found = next((one for one in self._knobs.requests if (one.id, one.counter) == (request, counter)), None)
        if found is None:
            raise MetrikaError(404, "not_found", "Log request is not found")
        return found

    def _left(self, counter: int) -> int:
        if not self._knobs.quota_days:
            return 365
        stored = [one for one in self._knobs.requests if one.counter == counter and one.status in _STORED]
        return max(0, self._knobs.quota_days - sum((one.until - one.since).days + 1 for one in stored))

    def _ordered(self, asked: Asked, counter: int) -> tuple[date, date, list[str]]:
        only(asked, "date1", "date2", "source", "fields", "attribution")
        params = asked.params
        if missing := [name for name in ("date1", "date2", "source", "fields") if not params.get(name)]:
            raise MetrikaError(400, "invalid_parameter", f"Parameters are missing: {', '.join(missing)}")
        try:
            since, until = date.fromisoformat(params["date1"]), date.fromisoformat(params["date2"])
        except ValueError as error:
            raise MetrikaError(400, "invalid_parameter", str(error)) from error
        today = self._knobs.clock().astimezone(ZoneInfo(self._knobs.counters[counter])).date()
        if not (since <= until < today) or (until - since).days >= 366:
            raise MetrikaError(
                400, "invalid_parameter", f"The period {since} … {until} must end before today and be a year at most"
            )
        if params["source"] != "visits":
            raise MetrikaError(400, "invalid_parameter", "This Metrika logs visits only")
        fields = params["fields"].split(",")
        if unknown := [name for name in fields if not is_known(name, self._knobs.attributions)]:
            named = f": {unknown[0]}" if self._knobs.names_fields else ""
            raise MetrikaError(400, "invalid_parameter", f"Unknown field{named}")
        return since, until, fields
