"""Calltouch, invented: the journal of calls in pages, the requests of a day in one list, each with its own order of day and month."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from longfunnel.demo.systems._http import Answer, Asked, served, told
from longfunnel.demo.systems.company import SITE, ZONE, Call, Company, Request, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.demo.systems.serving import App

_FLAGS = {"uniqueOnly", "targetOnly", "uniqTargetOnly", "callbackOnly", "withMapVisits", "withOrders", "withCallTags", "withComments",
          "withYandexDirect", "withGoogleAdwords", "withText", "withDcm"}  # fmt: skip
_CALL_PARAMS = {"clientApiId", "dateFrom", "dateTo", "page", "limit", "attribution", *_FLAGS}
_REQUEST_FLAGS = {"withMapVisits", "withRequestTags", "withYandexDirect", "withGoogleAdwords", "withDcm"}
_REQUEST_PARAMS = {"clientApiId", "siteId", "dateFrom", "dateTo", "timeFrom", "timeTo", *_REQUEST_FLAGS}
_MOST = 1000


@dataclass
class Knobs:
    """How the invented Calltouch behaves; may be turned while it runs."""

    token: str = "calltouch-token"  # noqa: S105 - of an invented system
    sites: tuple[int, ...] = (12345,)
    """The company's calls and requests go to them in turn."""
    most: int = _MOST
    """Calls of a page at most; a smaller page than asked for is given where this is smaller."""
    failures: deque[str] = field(default_factory=deque)
    """What the next requests meet: 500, 429, html, slow."""
    tags: dict[int, list[str]] = field(default_factory=dict)
    """Call or request id → marks that were put on it since."""
    targets: set[int] = field(default_factory=set)
    """Calls and requests that were marked as target ones since."""
    twice: bool = False
    """Whether the last call of a page comes again on the next one."""
    created: list[Mapping[str, Any]] = field(default_factory=list)
    """Requests and orders that were written into it."""
    asked: list[str] = field(default_factory=list)


class _CalltouchError(Exception):
    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


def app(company: Company, knobs: Knobs) -> App:
    """The application."""
    return served(_Calltouch(company, knobs).answer)


def webhook_fields(call: Call, site: int, phase: str = "calldisconnected") -> dict[str, str]:
    """What the webhook of a call carries, under the names of the journal; form-encoded or in the query, empty ones too."""
    whole = _call(call, site, [], is_target=False)
    names = ("callId", "date", "duration", "waitingConnect", "callerNumber", "phoneNumber", "manager", "successful", "uniqueCall",
             "source", "medium", "utmSource", "utmMedium", "utmCampaign", "utmTerm", "url", "sessionId", "yaClientId", "clientId")  # fmt: skip
    plain = {name: "" if whole[name] is None else str(whole[name]) for name in names}
    if phase == "callconnected":
        plain |= {"duration": "", "waitingConnect": "", "successful": ""}
    return {**plain, "siteId": str(site), "callphase": phase}


class _Calltouch:
    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._company, self._knobs = company, knobs

    async def answer(self, asked: Asked) -> Answer:
        self._knobs.asked.append(f"{asked.path}?{asked.params.get('dateFrom', '')}")
        failure = self._knobs.failures.popleft() if self._knobs.failures else ""
        if failure in ("500", "429"):
            return Answer(
                int(failure), "Сервис временно недоступен".encode(), {"content-type": "text/plain; charset=utf-8"}
            )
        if failure == "html":
            return Answer(200, b"<html></html>", {"content-type": "text/html"})
        try:
            answer = self._answer(asked)
        except _CalltouchError as trouble:
            return told({"errorCode": trouble.status, "message": trouble.words}, trouble.status)
        return Answer(answer.status, answer.body, answer.headers, 0.5 if failure == "slow" else 0.0)

    def _answer(self, asked: Asked) -> Answer:
        match asked.path.strip("/").split("/"):
            case ["lead-service", "v1", "api", "request", "create"]:
                return self._write(asked, "requests")
            case ["lead-service", "v1", "api", "client-order", ("create" | "update")]:
                return self._write(asked, "orders")
        if asked.method != "GET":
            raise _CalltouchError(405, "Method Not Allowed")
        if asked.params.get("clientApiId") != self._knobs.token:
            raise _CalltouchError(401, "Неверный токен")
        match asked.path.strip("/").split("/"):
            case ["calls-service", "RestAPI", site, "calls-diary", "calls"]:
                return self._calls(self._site(site), asked.params)
            case ["calls-service", "RestAPI", "requests"]:
                return self._requests(self._site(asked.params.get("siteId", "")), asked.params)
        raise _CalltouchError(404, "Not Found")

    def _site(self, text: str) -> int:
        if not text.isdecimal() or int(text) not in self._knobs.sites:
            raise _CalltouchError(403, f"Нет доступа к сайту {text}")
        return int(text)

    def _calls(self, site: int, params: Mapping[str, str]) -> Answer:
        _check(params, _CALL_PARAMS, _FLAGS)
        first, last = _day(params.get("dateFrom"), "%d/%m/%Y"), _day(params.get("dateTo"), "%d/%m/%Y")
        is_paged = "page" in params and "limit" in params
        if not is_paged and first != last:
            raise _CalltouchError(422, "Без page и limit можно запросить только один день")
        place = self._knobs.sites.index(site)
        mine = [call for number, call in enumerate(self._company.calls) if number % len(self._knobs.sites) == place]
        found = [
            _call(
                call, site, self._knobs.tags.get(call.id, []), is_target=call.id in self._knobs.targets, params=params
            )
            for call in mine
            if first <= call.at.astimezone(ZONE).date() <= last
        ]
        if not is_paged:
            return told(found)
        if not params["page"].isdecimal() or not params["limit"].isdecimal() or not 1 <= int(params["limit"]) <= _MOST:
            raise _CalltouchError(422, "Неверные page или limit")
        number, size = int(params["page"]), min(int(params["limit"]), self._knobs.most)
        begin = max(0, (number - 1) * size - (self._knobs.twice and number > 1))
        total = -(-len(found) // size)
        return told(
            {
                "page": number,
                "pageTotal": total,
                "pageSize": size,
                "recordsTotal": len(found),
                "records": found[begin : number * size],
            }
        )

    def _requests(self, site: int, params: Mapping[str, str]) -> Answer:
        _check(params, _REQUEST_PARAMS, _REQUEST_FLAGS)
        first, last = _day(params.get("dateFrom"), "%m/%d/%Y"), _day(params.get("dateTo"), "%m/%d/%Y")
        place = self._knobs.sites.index(site)
        mine = [one for number, one in enumerate(self._company.requests) if number % len(self._knobs.sites) == place]
        return told(
            [
                _request(one, self._knobs.tags.get(one.id, []), is_target=one.id in self._knobs.targets, params=params)
                for one in mine
                if first <= one.at.astimezone(ZONE).date() <= last
            ]
        )

    def _write(self, asked: Asked, what: str) -> Answer:
        if asked.headers.get("access-token") != self._knobs.token:
            raise _CalltouchError(401, "Неверный токен")
        self._site(asked.headers.get("siteid", ""))
        try:
            given = json.loads(asked.body)[what]
        except (ValueError, KeyError, TypeError):
            raise _CalltouchError(400, f"Нет поля {what}") from None
        if what == "requests" and (wrong := [one for one in given if not _is_moment(one.get("requestDate"))]):
            return told(
                {"data": {"validationErrorData": {"violations": [{"field": "requestDate", "count": len(wrong)}]}}}, 400
            )
        self._knobs.created += given
        number = "requestNumber" if what == "requests" else "orderNumber"
        return told({"data": {what: [{number: one.get(number), "imported": True} for one in given]}})


def _check(params: Mapping[str, str], known: set[str], flags: set[str]) -> None:
    unknown = set(params) - known
    odd = {name for name in flags & set(params) if params[name] not in ("true", "false")}
    if unknown or odd or params.get("attribution", "0") not in ("0", "1"):
        raise _CalltouchError(422, f"Неизвестные параметры: {', '.join(sorted(unknown | odd))}")


def _day(text: str | None, layout: str) -> date:
    try:
        return datetime.strptime(text or "", layout).replace(tzinfo=ZONE).date()
    except ValueError:
        raise _CalltouchError(422, "Неверный формат даты") from None


def _is_moment(text: Any) -> bool:
    try:
        return bool(datetime.strptime(str(text), "%d-%m-%Y %H:%M:%S").replace(tzinfo=ZONE))
    except ValueError:
        return False


def _written(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%d/%m/%Y %H:%M:%S")


def _address(visit: Visit) -> str:
    marks = {
        "utm_source": visit.source,
        "utm_medium": visit.medium,
        "utm_campaign": visit.campaign,
        "utm_term": visit.term,
    }
    clicks = {"yclid" if visit.source == "yandex" else "rb_clickid": visit.click_id}
    query = "&".join(f"{name}={quote(value)}" for name, value in {**marks, **clicks}.items() if value and visit.spend)
    return f"{SITE}/kuhni/?{query}" if query else f"{SITE}/"


def _visit(visit: Visit) -> dict[str, Any]:
    """What Calltouch knows of a visit; what no link said is null, what it could not make out has its own words."""
    has_link = visit.spend is not None
    return {
        "sessionId": visit.id % 10**12, "source": visit.source or "(direct)", "medium": visit.medium or "<не указано>",
        "city": "Москва", "ip": "192.0.2.7", "url": _address(visit), "ref": "https://yandex.ru/" if visit.source == "yandex" else "",
        "utmSource": visit.source if has_link else None, "utmMedium": visit.medium if has_link else "<не указано>",
        "utmCampaign": visit.campaign or None, "utmContent": None, "utmTerm": visit.term or "<не указано>",
        "yaClientId": visit.person.ym_client_id if visit.person.number % 5 else None, "attribution": 1, "attrs": None,
    }  # fmt: skip


def _call(
    call: Call, site: int, tags: list[str], *, is_target: bool, params: Mapping[str, str] | None = None
) -> dict[str, Any]:
    visit = call.visit
    asked = params or {}
    return {
        "callId": call.id, "callphase": "calldisconnected", "date": _written(call.at), "duration": call.seconds,
        "waitingConnect": call.id % 20, "callerNumber": visit.person.phone.removeprefix("+"), "phoneNumber": call.number.removeprefix("+"),
        "redirectNumber": "74957654321", "manager": call.manager, "successful": call.is_answered, "uniqueCall": True, "targetCall": is_target,
        "uniqTargetCall": is_target, "callbackCall": False, "statusDetails": "Успешный" if call.is_answered else "Абонент не ответил",
        **_visit(visit), "keyword": visit.term or None, "callUrl": f"{SITE}/contacts", "hostname": "mebel-les.example", "siteId": site,
        "ctCallerId": f"c{call.id}", "ctClientId": visit.person.number, "ctGlobalId": None,
        "clientId": visit.person.ga_client_id if visit.person.number % 3 else None,
        "callTags": [{"category": "Итог", "type": "MANUAL", "names": tags}] if asked.get("withCallTags") == "true" and tags else None,
        "additionalTags": [], "orders": [] if asked.get("withOrders") == "true" else None, "callbackInfo": None, "dcm": None,
    }  # fmt: skip


def _request(one: Request, tags: list[str], *, is_target: bool, params: Mapping[str, str]) -> dict[str, Any]:
    person = one.visit.person
    session = _visit(one.visit)
    return {
        "requestId": one.id, "requestNumber": f"form-{one.id}", "date": int((one.at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)),
        "dateStr": _written(one.at), "subject": "Заявка с сайта 🛋", "manager": "", "status": None, "uniqueRequest": True,
        "targetRequest": is_target, "uniqTargetRequest": is_target,
        "session": {**session, "keywords": one.visit.term or None, "guaClientId": person.ga_client_id, "browser": "Chrome"},
        "client": {"clientId": person.number, "fio": person.name, "phones": [{"phoneNumber": person.phone.removeprefix("+"), "phoneType": "MOBILE"}],
                   "contacts": [{"contactType": "EMAIL", "contactValue": person.email}]},
        "comments": [], "orders": None, "RequestTags": [{"category": "", "type": "AUTO", "names": tags}] if params.get("withRequestTags") == "true" else None,
        "ctClientId": person.number, "ctGlobalId": None, "yandexDirect": None, "googleAdWords": None, "mapVisits": None, "dcm": None, "widgetInfo": None,
    }  # fmt: skip
