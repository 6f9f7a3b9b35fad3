"""The services of an invented Direct that give names to ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems._direct_request import DirectError, read_object
from longfunnel.demo.systems._http import Answer, Asked, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.demo.systems.company import Campaign

_ADS = {"Id", "CampaignId", "AdGroupId", "Status", "State", "Type"}
_SERVICES: dict[str, tuple[str, set[str]]] = {
    "campaigns": ("Campaigns", {"Id", "Name", "Status", "State", "Type", "Currency"}),
    "adgroups": ("AdGroups", {"Id", "Name", "CampaignId", "Status"}),
    "ads": ("Ads", _ADS),
    "keywords": ("Keywords", {"Id", "Keyword", "CampaignId", "AdGroupId", "State"}),
    "clients": ("Clients", {"Login", "Currency", "ClientInfo", "ClientId", "Type"}),
    "agencyclients": ("Clients", {"Login", "Currency", "ClientInfo", "ClientId", "Type"}),
}


def service(
    asked: Asked, campaigns: list[Campaign], clients: list[dict[str, Any]], names: Mapping[int, str], *, is_agency: bool
) -> Answer:
    """The answer of a service's ``get`` about campaigns, or about clients. Raises DirectError."""
    name = asked.path.rpartition("/")[2]
    if asked.path not in (f"/json/v5/{name}", f"/json/v501/{name}") or name not in _SERVICES:
        raise DirectError(55, "Unknown service", asked.path)
    body = read_object(asked.body)
    params = body.get("params")
    if body.get("method") != "get" or not isinstance(params, dict):
        raise DirectError(8000, "Invalid request", "method get with params")
    title, known = _SERVICES[name]
    wanted = params.get("FieldNames") or []
    if not wanted or set(wanted) - known:
        raise DirectError(
            8000, "Invalid request", f"FieldNames: {', '.join(map(str, set(wanted) - known)) or 'is empty'}"
        )
    if name != "clients" and "SelectionCriteria" not in params:
        raise DirectError(8000, "Invalid request", "SelectionCriteria is missing")
    if name == "agencyclients" and not is_agency:
        raise DirectError(54, "No rights", "You are not an agency")
    rows = clients if name.endswith("clients") else _rows(name, campaigns, names, params.get("SelectionCriteria") or {})
    limit = int(params.get("Page", {}).get("Limit", 10_000))
    offset = int(params.get("Page", {}).get("Offset", 0))
    if not 0 < limit <= 10_000:
        raise DirectError(8000, "Invalid request", "Limit is 1 to 10000")
    some = [{field: row[field] for field in wanted if field in row} for row in rows[offset : offset + limit]]
    more = {"LimitedBy": offset + limit} if offset + limit < len(rows) else {}
    return told({"result": {title: some, **more}})


def _rows(
    name: str, campaigns: list[Campaign], names: Mapping[int, str], criteria: dict[str, Any]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for campaign in campaigns:
        said = names.get(campaign.id, campaign.name)
        state = {"Status": "ACCEPTED", "State": "ON"}
        if name == "campaigns":
            rows.append({"Id": campaign.id, "Name": said, "Type": "UNIFIED_CAMPAIGN", **state})
        for group in campaign.groups:
            own = {"CampaignId": campaign.id, **state}
            if name == "adgroups":
                rows.append({"Id": group.id, "Name": group.name, **own})
            elif name == "ads":
                rows.append({"Id": group.ad_id, "AdGroupId": group.id, "Type": "TEXT_AD", **own})
            elif name == "keywords":
                rows += [{"Id": one.id, "Keyword": one.text, "AdGroupId": group.id, **own} for one in group.keywords]
    chosen = {
        "Id": criteria.get("Ids"),
        "CampaignId": criteria.get("CampaignIds"),
        "AdGroupId": criteria.get("AdGroupIds"),
    }
    return [row for row in rows if all(row.get(field) in ids for field, ids in chosen.items() if ids)]
