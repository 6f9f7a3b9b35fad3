"""What a report's lines mean as spend."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from longfunnel.connect._engine import Record, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.connect._engine import Shaping
    from longfunnel.connect.yandex_direct._accounts import Account
    from longfunnel.connect.yandex_direct._reports import Line, Order

_MICROS: Final = Decimal(1_000_000)
AUTOTARGETING: Final = "---autotargeting"
_OPERATORS: Final = re.compile(r"(?<![^\s\"\[])[!+](?=\w)|[\"\[\]]")
_MINUS_WORD: Final = re.compile(r"(?<!\S)-(?!-)\S+")


def records_of(lines: list[Line], account: Account, order: Order, autotargeting: str) -> list[Record]:
    """The lines as records, one for each row of spend: Direct may cut finer than spend does (a phrase twice in one group)."""
    groups: dict[tuple[str | None, ...], list[Line]] = {}
    for line in lines:
        named = (
            "Date",
            "CampaignId",
            "CampaignName",
            "AdGroupName",
            "AdId",
            "Device",
            *(("AdNetworkType",) if order.with_network else ()),
        )
        place = (*(line.get(name) for name in named), _term(line, autotargeting))
        groups.setdefault(place, []).append(line)
    own = {
        "account": account.name,
        "currency": account.currency,
        "has_vat": order.with_vat,
        "in_micros": order.in_micros,
    }
    return [
        {
            "id": hashlib.sha256(json.dumps([account.name, *place]).encode()).hexdigest()[:24],
            **own,
            "lines": some,
        }
        for place, some in groups.items()
    ]


def shape(record: Record, shaping: Shaping) -> Iterable[Row]:
    lines = record["lines"]
    line = lines[0]
    options = shaping.options
    term = _term(line, str(options["autotargeting"]))
    criterion_ids = sorted({one["CriterionId"] for one in lines if one.get("CriterionId")})
    cost = _sum(lines, "Cost")
    is_network = line.get("AdNetworkType") == "AD_NETWORK"
    criterion = line.get("Criterion")
    props = {
        "ad_group_id": line.get("AdGroupId"),
        "ad_id": line.get("AdId"),
        "keyword_id": criterion_ids[0] if len(criterion_ids) == 1 else None,
        "criterion": criterion if criterion != term else None,
        "criterion_type": _lower(line.get("CriterionType")),
        "network": _lower(line.get("AdNetworkType")),
    }
    yield Row(
        "spend",
        {
            "day_on": line["Date"],
            "account": record["account"],
            "source": "yandex",
            "medium": str(options["network_medium"]) if is_network and options["network_medium"] else "cpc",
            "campaign_id": line.get("CampaignId"),
            "campaign": line.get("CampaignName"),
            "ad_group": line.get("AdGroupName"),
            "ad": line.get("AdId"),
            "term": term,
            "device": _lower(line.get("Device")),
            "impressions": _sum(lines, "Impressions"),
            "clicks": _sum(lines, "Clicks"),
            "cost": cost / _MICROS if cost is not None and record["in_micros"] else cost,
            "currency": record["currency"] or shaping.currency,
            "has_vat": record["has_vat"],
            "props": {name: value for name, value in props.items() if value} or None,
        },
    )


def _sum(lines: list[Line], name: str) -> Decimal | None:
    told = [Decimal(value) for line in lines if (value := line.get(name)) is not None]
    return sum(told, Decimal(0)) if told else None


def _lower(value: str | None) -> str | None:
    return value.lower() if value else None


def _term(line: Line, autotargeting: str) -> str | None:
    """The phrase as ``{keyword}`` puts it into a link: without its minus words and operators. What Direct has chosen by itself has no
    phrase, and gets the word of the settings. The name of an audience stays as it is."""
    criterion = line.get("Criterion")
    if criterion is None:
        return None
    phrase = criterion.replace(AUTOTARGETING, " ").strip()
    if not phrase:
        return autotargeting or None
    if (line.get("CriterionType") or "KEYWORD").upper() not in ("KEYWORD", "AUTOTARGETING"):
        return phrase
    return " ".join(_OPERATORS.sub("", _MINUS_WORD.sub("", phrase)).split()) or phrase
