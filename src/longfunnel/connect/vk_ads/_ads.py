"""The ads of an account with their campaigns and groups; what links of an ad carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from longfunnel.connect._engine import Api, Reading, Record

_AT_ONCE = 50
_MACRO = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MARKS = ("source", "medium", "campaign", "content", "term")


async def listed(api: Api, path: str, params: Mapping[str, Any]) -> AsyncIterator[list[Record]]:
    """The pages of a listing with ``count`` and ``items``."""
    offset = 0
    while True:
        got = await api.get(path, {**params, "limit": _AT_ONCE, "offset": offset}) or {}
        items = [item for item in got.get("items") or [] if isinstance(item, dict) and item.get("id") is not None]
        if items:
            yield items
        told = len(got.get("items") or [])
        offset += told
        if not told or (got.get("count") is not None and offset >= int(got["count"])):
            return


async def ads_of(reading: Reading) -> dict[str, Record]:
    """Ad id → its names and those of its group and campaign, of deleted ones too. Asked once in a run."""
    if "ads" not in reading.memory:
        plans = await _all(reading.api, "/api/v2/ad_plans.json", "id,name,status")
        groups = await _all(reading.api, "/api/v2/ad_groups.json", "id,name,ad_plan_id,status,utm,enable_utm")
        banners = await _all(reading.api, "/api/v2/banners.json", "id,ad_group_id,name,status,created")
        reading.memory["ads"] = {ad: _named(banner, groups, plans) for ad, banner in banners.items()}
    known: dict[str, Record] = reading.memory["ads"]
    return known


async def _all(api: Api, path: str, fields: str) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for which in ({}, {"_status": "deleted"}):  # whether a listing holds the deleted ones by itself is not documented
        async for items in listed(api, path, {"fields": fields, "sorting": "id", **which}):
            found |= {str(item["id"]): item for item in items}
    return found


def _named(banner: Record, groups: Mapping[str, Record], plans: Mapping[str, Record]) -> Record:
    group = groups.get(str(banner.get("ad_group_id")), {})
    plan = plans.get(str(group.get("ad_plan_id")), {})
    named = {
        "ad_name": banner.get("name"),
        "created": banner.get("created"),
        "ad_group_id": banner.get("ad_group_id"),
        "ad_group": group.get("name"),
        "campaign_id": group.get("ad_plan_id"),
        "campaign": plan.get("name"),
        "utm": None if group.get("enable_utm") in (False, "false", "0") else group.get("utm"),
    }
    return {name: value for name, value in named.items() if value not in (None, "")}


def account_of(reading: Reading) -> str | None:
    """The account's name: as the settings say, else the agency's client."""
    credentials = reading.api.access.credentials
    named = (
        reading.options.get("account") or credentials.get("agency_client_name") or credentials.get("agency_client_id")
    )
    return str(named) if named else None


def marks_of(ad_id: str, ad: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The columns by which an ad's cost and its leads are known: what its links carry where its group says so, VK's own names
    elsewhere. A mark with a macro that only a click knows is unknown."""
    known = {
        "banner_id": ad_id,
        "ad_group_id": ad.get("ad_group_id"),
        "ad_plan_id": ad.get("campaign_id"),
        "campaign_id": ad.get("ad_group_id" if options.get("campaign_macro") == "ad_group" else "campaign_id"),
        "campaign_name": ad.get("campaign"),
    }
    query = dict(parse_qsl(str(ad.get("utm") or "").strip().lstrip("?&")))
    link = {name: _filled(query.get(f"utm_{name}", ""), known) for name in _MARKS}
    campaign = ad.get("campaign")
    if link["campaign"] and link["campaign"] not in (str(ad.get("campaign_id")), str(ad.get("ad_group_id"))):
        campaign = link["campaign"]  # an id in links meets the campaign by its id
    return {
        "source": link["source"] or "vk",
        "medium": link["medium"] or "cpc",
        "campaign": campaign,
        "content": link["content"],
        "term": link["term"],
    }


def _filled(template: str, known: Mapping[str, Any]) -> str | None:
    if any(known.get(name) in (None, "") for name in _MACRO.findall(template)):
        return None
    return _MACRO.sub(lambda found: str(known[found[1]]), template).strip() or None
