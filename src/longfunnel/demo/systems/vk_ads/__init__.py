"""VK Ads, invented: tokens of which there are five at most, listings with ``count``, statistics by day, lead forms."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from longfunnel.demo.systems._http import Answer, Asked, served, told
from longfunnel.demo.systems.vk_ads._advertising import Advertising
from longfunnel.demo.systems.vk_ads._answers import VkError, page_of, told_trouble
from longfunnel.demo.systems.vk_ads._knobs import Knobs, Lead
from longfunnel.demo.systems.vk_ads._leads import leads_table, offline
from longfunnel.demo.systems.vk_ads._tokens import Tokens

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.demo.systems.company import Company
    from longfunnel.demo.systems.serving import App

__all__ = ["Knobs", "Lead", "app"]

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


def app(company: Company, knobs: Knobs) -> App:
    """The application."""
    return served(_Vk(company, knobs).answer)


class _Vk:
    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._knobs = knobs
        self._tokens, self._advertising = Tokens(knobs), Advertising(company, knobs)
        self._asked_at: deque[datetime] = deque()

    async def answer(self, asked: Asked) -> Answer:
        self._knobs.asked.append(asked.path)
        try:
            answer = self._ill() or self._answer(asked)
        except VkError as trouble:
            answer = told_trouble(trouble)
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
                return told_trouble(VkError(int(failure), "ERR_INTERNAL", "Внутренняя ошибка"))
            case "429" | "hour":
                answer = told_trouble(VkError(429, "too_many_requests", "Too many requests"))
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
                return self._tokens.give(asked)
            case ["api", "v2", "oauth2", "token", "delete.json"]:
                return self._tokens.take_back(asked)
        client = self._tokens.client_of(asked)
        self._count()
        if asked.path.strip("/") == "api/v2/remarketing/offline_goals.json":
            return offline(self._knobs, asked)
        if asked.method != "GET":
            raise VkError(405, "method_not_allowed", "Method not allowed")
        match asked.path.strip("/").split("/"):
            case ["api", "v2", ("ad_plans.json" | "ad_groups.json" | "banners.json") as what]:
                kind = what.removesuffix(".json")
                return page_of(self._advertising.objects(kind), asked.params, _FIELDS[kind], _SHORT[kind])
            case ["api", "v2", "statistics", "banners", ("day.json" | "summary.json") as how]:
                if self._knobs.clients and client not in self._knobs.clients:
                    raise VkError(403, "ERR_ACCESS_DENIED", "Access denied")
                return self._advertising.statistics(asked.params, is_by_day=how == "day.json")
            case ["api", "v2", "throttling.json"]:
                return told({"STATISTICS": {"v2": {"READ": {"remaining": {"3600": 200}, "limits": {"3600": 200}}}}})
            case ["api", "v1", "lead_ads", "lead_forms.json"] if self._knobs.has_forms:
                return page_of([{"id": 77, "name": "Заявка на замер 📐"}], asked.params, {"id", "name"}, ("id", "name"))
            case ["api", "v1", "lead_ads", "lead_forms", "77", "leads.csv"] if self._knobs.has_forms:
                return leads_table(self._knobs, asked.params)
        raise VkError(404, "ERR_WRONG_RESOURCE", "Resource not found")

    def _count(self) -> None:
        now = self._knobs.clock()
        while self._asked_at and now - self._asked_at[0] >= timedelta(seconds=1):
            self._asked_at.popleft()
        if self._knobs.requests_a_second and len(self._asked_at) >= self._knobs.requests_a_second:
            raise VkError(429, "too_many_requests", "Too many requests")
        self._asked_at.append(now)
