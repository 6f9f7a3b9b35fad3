"""Yandex Direct, invented: reports in a queue, the services that name things, points, limits and errors."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems._direct_reports import Layout, cells_of, is_in, table
from longfunnel.demo.systems._direct_request import DirectError, read_object, understood
from longfunnel.demo.systems._direct_services import service
from longfunnel.demo.systems._http import Answer, Asked, served, told
from longfunnel.demo.systems._yandex_oauth import YandexOAuth
from longfunnel.demo.systems.company import ZONE, Campaign, Company, Spend

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.demo.systems.serving import App


@dataclass
class Knobs:
    """How the invented Direct behaves; may be turned while it runs."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    oauth: YandexOAuth = field(default_factory=YandexOAuth)
    clients: tuple[str, ...] = ("mebel-les",)
    """The advertisers; the company's campaigns go to them in turn."""
    is_agency: bool = False
    """Whether the token is an agency's: every request must then name an advertiser."""
    currency: str = "RUB"
    polls: int = 2
    """How many times a report is not ready yet after it was ordered; 0: it is there at once."""
    retry_in: str = "0.05"
    """Seconds, as the header tells them."""
    requests_in_10_seconds: int = 20
    """0: no limit."""
    queue: int = 5
    points: int = 160_000
    heaviest_days: int = 0
    """A longer report is given up with 502; 0: none is."""
    vat_percent: int = 22
    kept_seconds: float = 5 * 3600
    failures: deque[str] = field(default_factory=deque)
    """What the next requests for reports meet: 502, 500, cut, slow, html, or the number of an error."""
    restated: Callable[[Spend], Spend | None] = lambda spend: spend
    """What the statistics say of a day now."""
    names: dict[int, str] = field(default_factory=dict)
    """Campaigns that were renamed."""
    ordered: list[str] = field(default_factory=list)
    """Names of the reports that were ordered."""


@dataclass
class _Report:
    login: str
    body: str
    polls: int
    made_at: datetime
    answer: bytes | None = None


def app(company: Company, knobs: Knobs) -> App:
    """The application; ``/token`` and ``/authorize`` are those of Yandex OAuth."""
    return served(_Direct(company, knobs).answer)


class _Direct:
    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._company, self._knobs = company, knobs
        self._reports: dict[tuple[str, str], _Report] = {}
        self._asked_at: deque[float] = deque()
        self._requests = 0
        self._spent = 0

    async def answer(self, asked: Asked) -> Answer:
        self._requests += 1
        own = {"RequestId": str(8_000_000_000_000_000_000 + self._requests)}
        if oauth := self._knobs.oauth.answer(asked):
            return oauth
        is_report = asked.path in ("/json/v5/reports", "/json/v501/reports")
        try:
            login = self._login(asked)
            answer = self._report(asked, login) if is_report else self._service(asked, login)
            self._spent += 10
        except DirectError as trouble:
            self._spent += 20
            error = {
                "request_id": own["RequestId"],
                "error_code": trouble.code,
                "error_string": trouble.words,
                "error_detail": trouble.detail,
            }
            answer = told({"error": error}, trouble.status if is_report else 200)
        units = f"10/{max(0, self._knobs.points - self._spent)}/{self._knobs.points}"
        headers = {**own, "Units": units, "Units-Used-Login": self._knobs.clients[0], **answer.headers}
        return Answer(answer.status, answer.body, headers, answer.seconds)

    def _login(self, asked: Asked) -> str:
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not self._knobs.oauth.is_good(token):
            raise DirectError(53, "Authorization error", "Invalid OAuth token")
        if asked.method != "POST":
            raise DirectError(8000, "Invalid request", "Requests are POST")
        if not asked.headers.get("content-type", "").startswith("application/json"):
            raise DirectError(8000, "Invalid request", "Content-Type must be application/json")
        if self._spent >= self._knobs.points:
            raise DirectError(152, "Not enough units")
        login = asked.headers.get("client-login", "")
        if login and login not in self._knobs.clients:
            raise DirectError(54, "No rights", "No rights to access the specified client")
        if self._knobs.is_agency and not login and not asked.path.endswith("/agencyclients"):
            raise DirectError(8000, "Invalid request", "The Client-Login header is required")
        return login or self._knobs.clients[0]

    def _report(self, asked: Asked, login: str) -> Answer:
        self._take_turn()
        if failed := self._failed():
            return failed
        params = read_object(asked.body).get("params")
        layout, criteria, order_by, page = understood(
            params, asked.headers, self._knobs.clock().astimezone(ZONE).date()
        )
        assert isinstance(params, dict)  # noqa: S101 - understood
        print_ = hashlib.sha256(asked.body + login.encode()).hexdigest()
        key = (login, layout.name)
        known = self._reports.get(key)
        if known and (self._knobs.clock() - known.made_at).total_seconds() > self._knobs.kept_seconds:
            known = self._reports.pop(key) and None
        if known and known.body != print_:
            raise DirectError(4000, "Inconsistent parameters", "ReportName must be unique")
        heavy = self._knobs.heaviest_days
        if heavy and (layout.until - layout.since).days + 1 > heavy:
            return Answer(502, b"<html><body>502 Bad Gateway</body></html>", {"content-type": "text/html"})
        mode = asked.headers.get("processingmode", "auto").lower()
        if mode == "online" and self._knobs.polls:
            raise DirectError(8312, "The report cannot be built online", "Use processingMode: offline")
        if known is None:
            waiting = sum(one.answer is None and one.login == login for one in self._reports.values())
            if self._knobs.polls and waiting >= self._knobs.queue:
                raise DirectError(9000, "The maximum number of reports in the queue is exceeded")
            known = self._reports[key] = _Report(login, print_, self._knobs.polls, self._knobs.clock())
            self._knobs.ordered.append(layout.name)
            if known.polls:
                return Answer(201, b"", self._queued(login))
        elif known.answer is None and known.polls > 1:
            known.polls -= 1
            return Answer(202, b"", self._queued(login))
        if known.answer is None:
            spends = self._spends(login, layout)
            vat = None if params["IncludeVAT"] == "YES" else self._knobs.vat_percent
            cells = [
                cell
                for cell in cells_of(spends, login, self._knobs.names, vat)
                if all(is_in(cell, criterion) for criterion in criteria)
            ]
            known.answer = table(cells, layout, order_by, page).encode()
        return Answer(200, known.answer, {"content-type": "text/tab-separated-values; charset=utf-8"})

    def _take_turn(self) -> None:
        limit, now = self._knobs.requests_in_10_seconds, time.monotonic()
        while self._asked_at and now - self._asked_at[0] > 10:
            self._asked_at.popleft()
        if limit and len(self._asked_at) >= limit:
            raise DirectError(56, "Method request limit exceeded")
        self._asked_at.append(now)

    def _failed(self) -> Answer | None:
        if not self._knobs.failures:
            return None
        match self._knobs.failures.popleft():
            case "502":
                return Answer(502, b"<html><body>502 Bad Gateway</body></html>", {"content-type": "text/html"})
            case "500":
                return Answer(500, b"", {})
            case "html":
                return Answer(200, b"<html>Service works</html>", {"content-type": "text/html"})
            case "cut":
                return Answer(200, b"Date\tCampaignId\n2026-10-0")
            case "slow":
                return Answer(500, b"", {}, seconds=1.0)
            case code:
                raise DirectError(int(code), f"Error {code}")

    def _queued(self, login: str) -> dict[str, str]:
        waiting = sum(one.answer is None and one.login == login for one in self._reports.values())
        return {"retryIn": self._knobs.retry_in, "reportsInQueue": str(waiting)}

    def _spends(self, login: str, layout: Layout) -> list[Spend]:
        own = self._campaigns(login)
        stated = (self._knobs.restated(spend) for spend in self._company.spend_of("direct"))
        return [
            spend for spend in stated
            if spend and spend.campaign in own and layout.since <= spend.day <= layout.until and spend.impressions + spend.clicks + spend.cost
        ]  # fmt: skip

    def _campaigns(self, login: str) -> list[Campaign]:
        direct = [campaign for campaign in self._company.campaigns if campaign.system == "direct"]
        return direct[self._knobs.clients.index(login) :: len(self._knobs.clients)]

    def _clients(self, asked: Asked, login: str) -> list[dict[str, Any]]:
        logins = self._knobs.clients if asked.path.endswith("/agencyclients") else (login,)
        return [
            {"Login": one, "Currency": self._knobs.currency, "ClientInfo": f"ООО «{one}» 🪑", "ClientId": 7_000_000 + place, "Type": "CLIENT"}
            for place, one in enumerate(logins)
        ]  # fmt: skip

    def _service(self, asked: Asked, login: str) -> Answer:
        knobs = self._knobs
        clients = self._clients(asked, login)
        return service(asked, self._campaigns(login), clients, knobs.names, is_agency=knobs.is_agency)
