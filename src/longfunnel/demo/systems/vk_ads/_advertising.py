"""Campaigns, groups, ads and their statistics by day, as the invented VK Ads tells them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems._http import Answer, told
from longfunnel.demo.systems.company import ZONE, Company
from longfunnel.demo.systems.vk_ads._answers import VkError, day_of, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.demo.systems.vk_ads._knobs import Knobs

_IDS, _DAYS = 200, 366
_METRICS = {"all", "base", "events", "video", "uniques", "romi"}


class Advertising:
    """What the company advertises at VK and what that cost."""

    def __init__(self, company: Company, knobs: Knobs) -> None:
        self._company, self._knobs = company, knobs
        self._spend = {(spend.group.ad_id, spend.day): spend for spend in company.spend_of("vk")}

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """Rows of ``ad_plans``, ``ad_groups`` or ``banners``."""
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

    def statistics(self, params: Mapping[str, str], *, is_by_day: bool) -> Answer:
        """Statistics of ads, by day or in sum."""
        refuse_unknown(params, {"id", "date_from", "date_to", "metrics", "attribution"})
        if set(params.get("metrics", "base").split(",")) - _METRICS or params.get("attribution", "conversion") not in (
            "conversion",
            "impression",
        ):
            raise VkError(400, "ERR_WRONG_PARAMETER", "Wrong parameter")
        ids = [int(text) for text in params.get("id", "").split(",") if text.isdecimal()]
        if not ids:
            raise VkError(400, "ERR_WRONG_PARAMETER", "id is required")
        if len(ids) > _IDS:
            raise VkError(400, "ERR_LIMIT_EXCEEDED", "Too many ids")
        since, until = day_of(params.get("date_from")), day_of(params.get("date_to"))
        today = self._knobs.clock().astimezone(ZONE).date()
        if since > until or (until - since).days >= _DAYS or (today - since).days >= _DAYS:
            raise VkError(400, "ERR_WRONG_DATE", "Wrong date")
        ads = {
            group.ad_id for one in self._company.campaigns if one.system == "vk" for group in one.groups
        } - self._knobs.gone
        if set(ids) - ads:
            raise VkError(400, "ERR_WRONG_BANNERS", "Wrong banners")
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
