"""VK Ads, invented: tokens of which there are five at most, listings with ``count``, statistics by day, lead forms."""

from __future__ import annotations

import csv
import io
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.demo.systems._http import Answer, Asked, served, told
from longfunnel.demo.systems._vk_offline import taken_list
from longfunnel.demo.systems.company import ZONE, Company, Spend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longfunnel.demo.systems.serving import App

_TOKENS, _IDS, _DAYS, _LIMIT = 5, 200, 366, 50
_FIELDS = {
    "ad_plans": {"id", "name", "status", "created", "updated", "objective", "budget_limit_day", "vkads_status", "date_start", "date_end"},
    "ad_groups": {"id", "name", "status", "ad_plan_id", "utm", "enable_utm", "package_id", "objective", "last_updated"},
    "banners": {"id", "name", "status", "ad_group_id", "created", "updated", "moderation_status", "urls", "textblocks", "content", "delivery"},
}  # fmt: skip
_SHORT = {
    "ad_plans": ("id", "name"),
    "ad_groups": ("id", "name"),
    "banners": ("id", "ad_group_id", "moderation_status"),
}
_METRICS = {"all", "base", "events", "video", "uniques", "romi"}


@dataclass(frozen=True)
class Lead:
    """A lead that was left in a lead form of VK."""

    spend: Spend
    at: datetime
    """Aware."""
    name: str
    phone: str
    answer: str = "Да"


@dataclass
class Knobs:
    """How the invented VK Ads behaves; may be turned while it runs."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    client_id: str = "vk-client"
    client_secret: str = "vk-secret"  # noqa: S105 - of an invented system
    clients: tuple[str, ...] = ()
    """An agency's clients; with any, statistics need the token of one."""
    token_seconds: int = 86_400
    requests_a_second: int = 0
    """0: no limit."""
    failures: deque[str] = field(default_factory=deque)
    """What the next requests meet: 500, 503, 429, hour (the hour's limit), html, slow."""
    restated: Callable[[Spend], Spend | None] = lambda spend: spend
    """What the statistics say of a day now."""
    names: dict[int, str] = field(default_factory=dict)
    """Campaigns, groups and ads that were renamed."""
    utm: str = "utm_source=vk&utm_medium=cpc&utm_campaign={utm}&utm_content={{{{banner_id}}}}"
    """Of every group; ``{utm}`` is its campaign's."""
    deleted: set[int] = field(default_factory=set)
    """Ads that were deleted: listed only where they are asked for."""
    gone: set[int] = field(default_factory=set)
    """Ads that nobody knows any more."""
    offline: list[dict[str, Any]] = field(default_factory=list)
    """Lists of offline conversions that were uploaded, with their rows."""
    has_forms: bool = True
    leads: list[Lead] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    """Those that were given: ``access``, ``refresh``, ``until``, ``client``."""
    asked: list[str] = field(default_factory=list)
    """Paths, in order."""


class _VkError(Exception):
    def __init__(self, status: int, code: str, words: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.code, self.words, self.fields = status, code, words, fields or {}


def app(company: Company, knobs: Knobs) -> App:
    """The application."""
    return served(_Vk(company, knobs).answer)


class _Vk:
    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._company, self._knobs = company, knobs
        self._spend = {(spend.group.ad_id, spend.day): spend for spend in company.spend_of("vk")}
        self._asked_at: deque[datetime] = deque()

    async def answer(self, asked: Asked) -> Answer:
        self._knobs.asked.append(asked.path)
        try:
            answer = self._ill() or self._answer(asked)
        except _VkError as trouble:
            answer = _trouble(trouble)
        limit = self._knobs.requests_a_second or 1000
        left = {
            "X-RateLimit-RPS-Limit": str(limit),
            "X-RateLimit-RPS-Remaining": str(max(0, limit - len(self._asked_at))),
            "X-RateLimit-Hourly-Limit": "20000",
            "X-RateLimit-Hourly-Remaining": "19000",
            "X-RateLimit-Daily-Limit": "200000",
            "X-RateLimit-Daily-Remaining": "190000",
        }
        return Answer(answer.status, answer.body, {**left, **answer.headers}, answer.seconds)

    def _ill(self) -> Answer | None:
        failure = self._knobs.failures.popleft() if self._knobs.failures else ""
        match failure:
            case "500" | "503":
                return _trouble(_VkError(int(failure), "ERR_INTERNAL", "Внутренняя ошибка"))
            case "429" | "hour":
                answer = _trouble(_VkError(429, "too_many_requests", "Too many requests"))
                used_up = {"429": "RPS", "hour": "Hourly"}[failure]
                return Answer(429, answer.body, {**answer.headers, f"X-RateLimit-{used_up}-Remaining": "0"})
            case "html":
                return Answer(502, "<html>Плохой шлюз</html>".encode(), {"content-type": "text/html"})
            case "slow":
                return Answer(503, b"", seconds=1.0)
        return None

    def _answer(self, asked: Asked) -> Answer:
        match asked.path.strip("/").split("/"):
            case ["api", "v2", "oauth2", "token.json"]:
                return self._token(asked)
            case ["api", "v2", "oauth2", "token", "delete.json"]:
                self._own(_form(asked))
                self._knobs.tokens.clear()
                return Answer(204)
        client = self._client(asked)
        self._count()
        if asked.path.strip("/") == "api/v2/remarketing/offline_goals.json":
            return self._offline(asked)
        if asked.method != "GET":
            raise _VkError(405, "method_not_allowed", "Method not allowed")
        match asked.path.strip("/").split("/"):
            case ["api", "v2", ("ad_plans.json" | "ad_groups.json" | "banners.json") as what]:
                kind = what.removesuffix(".json")
                return _page(self._objects(kind), asked.params, _FIELDS[kind], _SHORT[kind])
            case ["api", "v2", "statistics", "banners", ("day.json" | "summary.json") as how]:
                if self._knobs.clients and client not in self._knobs.clients:
                    raise _VkError(403, "ERR_ACCESS_DENIED", "Access denied")
                return self._statistics(asked.params, is_by_day=how == "day.json")
            case ["api", "v2", "throttling.json"]:
                return told({"STATISTICS": {"v2": {"READ": {"remaining": {"3600": 200}, "limits": {"3600": 200}}}}})
            case ["api", "v1", "lead_ads", "lead_forms.json"] if self._knobs.has_forms:
                return _page([{"id": 77, "name": "Заявка на замер 📐"}], asked.params, {"id", "name"}, ("id", "name"))
            case ["api", "v1", "lead_ads", "lead_forms", "77", "leads.csv"] if self._knobs.has_forms:
                return self._table(asked.params)
        raise _VkError(404, "ERR_WRONG_RESOURCE", "Resource not found")

    def _offline(self, asked: Asked) -> Answer:
        """Lists of offline conversions: taken whole, listed by name."""
        if asked.method == "GET":
            return told(
                {
                    "items": [
                        {name: value for name, value in one.items() if name != "rows"} for one in self._knobs.offline
                    ]
                }
            )
        taken = taken_list(asked.headers.get("content-type", ""), asked.body)
        if taken is None:
            raise _VkError(
                400,
                "ERR_VALIDATION",
                "list_users and data are required",
                {"list_users": "required", "data": "required"},
            )
        number = len(self._knobs.offline) + 1
        at = f"{self._knobs.clock():%Y-%m-%d %H:%M:%S}"
        self._knobs.offline.append({"id": number, "created": at, "updated": at, "load_status": "matched", **taken})
        return Answer(204)

    def _token(self, asked: Asked) -> Answer:
        form = _form(asked)
        kind = form.get("grant_type", "")
        now = self._knobs.clock()
        if kind == "refresh_token":
            self._own(form)
            found = next((one for one in self._knobs.tokens if one["refresh"] == form.get("refresh_token")), None)
            if found is None:
                raise _VkError(401, "invalid_token", "Unknown refresh token")
            found |= {"access": secrets.token_hex(16), "until": now + timedelta(seconds=self._knobs.token_seconds)}
            return self._given(found)
        client = ""
        if kind == "agency_client_credentials":
            client = form.get("agency_client_name", "")
            if client not in self._knobs.clients:
                raise _VkError(401, "invalid_user", "Unknown agency client")
        elif kind not in ("client_credentials", "authorization_code"):
            raise _VkError(400, "unsupported_grant_type", "Unsupported grant type")
        self._own(form, needs_secret=kind != "authorization_code")
        if kind == "authorization_code" and form.get("code") != "good-code":
            raise _VkError(401, "invalid_grant", "Unknown code")
        if len(self._knobs.tokens) >= _TOKENS:
            raise _VkError(403, "token_limit_exceeded", "Active access token limit reached")
        made = {
            "access": secrets.token_hex(16),
            "refresh": secrets.token_hex(16),
            "until": now + timedelta(seconds=self._knobs.token_seconds),
            "client": client,
        }
        self._knobs.tokens.append(made)
        return self._given(made, is_number=kind == "authorization_code")

    def _own(self, form: Mapping[str, str], *, needs_secret: bool = True) -> None:
        is_known = form.get("client_id") == self._knobs.client_id
        if not is_known or (needs_secret and form.get("client_secret") != self._knobs.client_secret):
            raise _VkError(401, "invalid_client", "Invalid client credentials")

    def _given(self, token: Mapping[str, Any], *, is_number: bool = False) -> Answer:
        seconds = self._knobs.token_seconds
        return told(
            {
                "access_token": token["access"],
                "token_type": "bearer",
                "scope": "read_ads read_payments",
                "expires_in": seconds if is_number else str(seconds),
                "refresh_token": token["refresh"],
            }
        )

    def _client(self, asked: Asked) -> str:
        kind, _, access = asked.headers.get("authorization", "").partition(" ")
        found = next((one for one in self._knobs.tokens if one["access"] == access), None)
        if kind != "Bearer" or found is None:
            raise _VkError(401, "invalid_token", "Unknown access token")
        if found["until"] <= self._knobs.clock():
            raise _VkError(401, "expired_token", "Access token is expired")
        client: str = found["client"]
        return client

    def _count(self) -> None:
        now = self._knobs.clock()
        while self._asked_at and now - self._asked_at[0] >= timedelta(seconds=1):
            self._asked_at.popleft()
        if self._knobs.requests_a_second and len(self._asked_at) >= self._knobs.requests_a_second:
            raise _VkError(429, "too_many_requests", "Too many requests")
        self._asked_at.append(now)

    def _objects(self, kind: str) -> list[dict[str, Any]]:
        names, made = self._knobs.names, f"{self._company.since} 09:00:00"
        rows: list[dict[str, Any]] = []
        for campaign in self._company.campaigns:
            if campaign.system != "vk":
                continue
            if kind == "ad_plans":
                rows.append(
                    {
                        "id": campaign.id,
                        "name": names.get(campaign.id, campaign.name),
                        "status": "active",
                        "created": made,
                    }
                )
            for group in campaign.groups:
                if kind == "ad_groups":
                    utm = self._knobs.utm.format(utm=campaign.utm)
                    rows.append({"id": group.id, "name": names.get(group.id, group.name), "status": "active", "ad_plan_id": campaign.id,
                                 "utm": utm, "enable_utm": bool(utm)})  # fmt: skip
                if kind == "banners" and group.ad_id not in self._knobs.gone:
                    status = "deleted" if group.ad_id in self._knobs.deleted else "active"
                    name = names.get(group.ad_id, f"Объявление «{group.name}»")
                    rows.append({"id": group.ad_id, "name": name, "status": status, "ad_group_id": group.id, "created": made,
                                 "moderation_status": "allowed"})  # fmt: skip
        return rows

    def _statistics(self, params: Mapping[str, str], *, is_by_day: bool) -> Answer:
        _known(params, {"id", "date_from", "date_to", "metrics", "attribution"})
        if set(params.get("metrics", "base").split(",")) - _METRICS or params.get("attribution", "conversion") not in (
            "conversion",
            "impression",
        ):
            raise _VkError(400, "ERR_WRONG_PARAMETER", "Wrong parameter")
        ids = [int(text) for text in params.get("id", "").split(",") if text.isdecimal()]
        if not ids:
            raise _VkError(400, "ERR_WRONG_PARAMETER", "id is required")
        if len(ids) > _IDS:
            raise _VkError(400, "ERR_LIMIT_EXCEEDED", "Too many ids")
        since, until = _day(params.get("date_from")), _day(params.get("date_to"))
        today = self._knobs.clock().astimezone(ZONE).date()
        if since > until or (until - since).days >= _DAYS or (today - since).days >= _DAYS:
            raise _VkError(400, "ERR_WRONG_DATE", "Wrong date")
        known = {
            group.ad_id for one in self._company.campaigns if one.system == "vk" for group in one.groups
        } - self._knobs.gone
        if set(ids) - known:
            raise _VkError(400, "ERR_WRONG_BANNERS", "Wrong banners")
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        items = []
        for ad in ids:
            rows = [{"date": day.isoformat(), "base": self._base([(ad, day)])} for day in days]
            total = {"base": self._base([(ad, day) for day in days])}
            items.append({"id": ad, "rows": rows, "total": total} if is_by_day else {"id": ad, "total": total})
        return told({"items": items, "total": {"base": self._base([(ad, day) for ad in ids for day in days])}})

    def _base(self, places: list[tuple[int, date]]) -> dict[str, Any]:
        told = [self._knobs.restated(self._spend[place]) for place in places if place in self._spend]
        spends = [spend for spend in told if spend is not None]
        shows, clicks = sum(spend.impressions for spend in spends), sum(spend.clicks for spend in spends)
        spent = sum((spend.cost for spend in spends), Decimal(0))
        goals = sum(spend.clicks // 7 for spend in spends)
        return {
            "shows": shows, "clicks": clicks, "goals": goals, "spent": str(spent) if spent else "0",
            "cpm": str(round(spent * 1000 / shows, 2)) if shows else "0", "cpc": str(round(spent / clicks, 2)) if clicks else "0",
            "cpa": "0", "ctr": round(100 * clicks / shows, 3) if shows else 0, "cr": 0, "vk": {"goals": goals, "cpa": 0, "cr": 0},
        }  # fmt: skip

    def _table(self, params: Mapping[str, str]) -> Answer:
        _known(
            params, {"_created_at__gte", "_created_at__lte", "_ad_plan_id__in", "_ad_group_id__in", "_banner_id__in"}
        )
        since = datetime.fromisoformat(params.get("_created_at__gte", "1970-01-01 00:00:00")).replace(tzinfo=UTC)
        written = io.StringIO()
        table = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(
            ["ID Кампании", "ID Группы", "ID Объявления", "Время лида", "Имя", "Телефон", "Есть ли планировка?"]
        )
        for lead in self._knobs.leads:
            if lead.at >= since:
                at = lead.at.astimezone(UTC)
                moment = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} +0000 UTC"
                table.writerow(
                    [
                        lead.spend.campaign.id,
                        lead.spend.group.id,
                        lead.spend.group.ad_id,
                        moment,
                        lead.name,
                        lead.phone,
                        lead.answer,
                    ]
                )
        return Answer(200, written.getvalue().encode(), {"content-type": "text/csv; charset=utf-8"})


def _form(asked: Asked) -> dict[str, str]:
    if (
        asked.method != "POST"
        or asked.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded"
    ):
        raise _VkError(400, "invalid_request", "A form is expected")
    return dict(parse_qsl(asked.body.decode()))


def _known(params: Mapping[str, str], known: set[str]) -> None:
    if wrong := [name for name in params if name not in known]:
        raise _VkError(400, "validation_failed", "Validation failed", dict.fromkeys(wrong, "unknown parameter"))


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise _VkError(400, "ERR_WRONG_DATE", "Wrong date") from None


def _page(rows: list[dict[str, Any]], params: Mapping[str, str], known: set[str], short: tuple[str, ...]) -> Answer:
    """A listing: filtered, sorted, cut to ``fields`` and to the page."""
    filters = {name: value for name, value in params.items() if name.startswith("_")}
    _known({name: "" for name in params if not name.startswith("_")}, {"fields", "limit", "offset", "sorting"})
    fields = params["fields"].split(",") if "fields" in params else list(short)
    limit, offset = params.get("limit", "20"), params.get("offset", "0")
    if set(fields) - known or not limit.isdecimal() or not offset.isdecimal() or not 1 <= int(limit) <= _LIMIT:
        raise _VkError(400, "validation_failed", "Validation failed", {"limit": "wrong fields, limit or offset"})
    if "status" in known and not any(name.startswith("_status") for name in filters):
        rows = [row for row in rows if row["status"] != "deleted"]
    for name, value in filters.items():
        column, _, how = name[1:].partition("__")
        if column not in known or how not in ("", "in", "ne"):
            raise _VkError(400, "validation_failed", "Validation failed", {name: "unknown filter"})
        rows = [row for row in rows if (str(row.get(column)) in value.split(",")) != (how == "ne")]
    sorting = params.get("sorting", "id")
    if sorting.lstrip("-") not in known:
        raise _VkError(400, "validation_failed", "Validation failed", {"sorting": "unknown field"})
    rows = sorted(rows, key=lambda row: row[sorting.lstrip("-")], reverse=sorting.startswith("-"))
    page = rows[int(offset) : int(offset) + int(limit)]
    items = [{name: row[name] for name in fields if name in row} for row in page]
    return told({"count": len(rows), "offset": int(offset), "items": items})


def _trouble(trouble: _VkError) -> Answer:
    if trouble.status == 401:
        header = {"WWW-Authenticate": f'Bearer realm="api", error="{trouble.code}"'}
        return told({"code": trouble.code, "message": trouble.words}, 401, **header)
    error: dict[str, Any] = {"message": trouble.words, "code": trouble.code}
    if trouble.fields:
        error["fields"] = {name: {"message": words, "code": "invalid"} for name, words in trouble.fields.items()}
    return told({"error": error}, trouble.status)
