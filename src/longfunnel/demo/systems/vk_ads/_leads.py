"""Leads of lead forms, and lists of offline conversions, as the invented VK Ads has them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from longfunnel.demo.systems._http import Answer, Asked, told
from longfunnel.demo.systems.vk_ads._answers import VkError, refuse_unknown
from longfunnel.demo.systems.vk_ads._offline import taken_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.demo.systems.vk_ads._knobs import Knobs


def leads_table(knobs: Knobs, params: Mapping[str, str]) -> Answer:
    """Leads since a moment, as a table."""
    refuse_unknown(
        params, {"_created_at__gte", "_created_at__lte", "_ad_plan_id__in", "_ad_group_id__in", "_banner_id__in"}
    )
    since = datetime.fromisoformat(params.get("_created_at__gte", "1970-01-01 00:00:00")).replace(tzinfo=UTC)
    written = io.StringIO()
    table = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(["ID Кампании", "ID Группы", "ID Объявления", "Время лида", "Имя", "Телефон", "Есть ли планировка?"])
    for lead in knobs.leads:
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


def offline(knobs: Knobs, asked: Asked) -> Answer:
    """Lists of offline conversions: taken whole, listed by name."""
    if asked.method == "GET":
        return told(
            {"items": [{name: value for name, value in one.items() if name != "rows"} for one in knobs.offline]}
        )
    taken = taken_list(asked.headers.get("content-type", ""), asked.body)
    if taken is None:
        raise VkError(
            400,
            "ERR_VALIDATION",
            "list_users and data are required",
            {"list_users": "required", "data": "required"},
        )
    number = len(knobs.offline) + 1
    at = f"{knobs.clock():%Y-%m-%d %H:%M:%S}"
    knobs.offline.append({"id": number, "created": at, "updated": at, "load_status": "matched", **taken})
    return Answer(204)
