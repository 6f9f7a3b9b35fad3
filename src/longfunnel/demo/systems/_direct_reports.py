"""The table of an invented Direct report."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from longfunnel.demo.systems.company import Spend

UNKNOWN = "--"
SEGMENTS = (
    "Date", "CampaignId", "CampaignName", "CampaignType", "AdGroupId", "AdGroupName", "AdId", "AdNetworkType", "CriterionId",
    "Criterion", "CriterionType", "Device", "ClientLogin",
)  # fmt: skip
MEASURES = ("Impressions", "Clicks", "Cost", "Ctr", "AvgCpc", "Conversions")
_DEVICES = (("DESKTOP", 0.5), ("MOBILE", 0.5))
_KOPECK = Decimal("0.01")


@dataclass(frozen=True)
class Cell:
    """What one device has seen of one day of one keyword."""

    segments: dict[str, str]
    impressions: int
    clicks: int
    cost: Decimal


@dataclass(frozen=True)
class Layout:
    """How a report is to be laid out."""

    name: str
    fields: list[str]
    since: date
    until: date
    with_title: bool
    with_header: bool
    with_total: bool
    in_micros: bool


def cells_of(spends: Iterable[Spend], login: str, names: dict[int, str], vat_percent: int | None) -> list[Cell]:
    """The spend, cut by device; its cost without VAT where the percent is given."""
    cells = []
    for spend in spends:
        segments = {
            "Date": spend.day.isoformat(),
            "CampaignId": str(spend.campaign.id),
            "CampaignName": names.get(spend.campaign.id, spend.campaign.name),
            "CampaignType": "UNIFIED_CAMPAIGN",
            "AdGroupId": str(spend.group.id),
            "AdGroupName": spend.group.name,
            "AdId": str(spend.group.ad_id),
            "AdNetworkType": "AD_NETWORK" if spend.campaign.id % 2 else "SEARCH",
            "CriterionId": str(spend.keyword.id) if spend.keyword else UNKNOWN,
            "Criterion": spend.keyword.text if spend.keyword else UNKNOWN,
            "CriterionType": "AUTOTARGETING" if spend.keyword and spend.keyword.text.startswith("---") else "KEYWORD",
            "ClientLogin": login,
        }
        cost = spend.cost
        if vat_percent is not None:
            cost = (cost * 100 / (100 + vat_percent)).quantize(_KOPECK, ROUND_HALF_UP)
        left = (spend.impressions, spend.clicks, cost)
        for place, (device, share) in enumerate(_DEVICES):
            is_last = place == len(_DEVICES) - 1
            part = (
                left
                if is_last
                else (int(left[0] * share), int(left[1] * share), (left[2] * Decimal(share)).quantize(_KOPECK))
            )
            left = (left[0] - part[0], left[1] - part[1], left[2] - part[2])
            if any(part):
                cells.append(Cell({**segments, "Device": device}, *part))
    return cells


def is_in(cell: Cell, criterion: dict[str, Any]) -> bool:
    """Whether a cell passes one filter of SelectionCriteria."""
    own, values = cell.segments.get(criterion["Field"], UNKNOWN), [str(value) for value in criterion["Values"]]
    match criterion["Operator"]:
        case "EQUALS" | "IN":
            return own in values
        case "NOT_EQUALS" | "NOT_IN":
            return own not in values
        case "STARTS_WITH_IGNORE_CASE" | "STARTS_WITH_ANY_IGNORE_CASE":
            return own.lower().startswith(tuple(value.lower() for value in values))
        case _:
            return not own.lower().startswith(tuple(value.lower() for value in values))


def table(cells: Iterable[Cell], layout: Layout, order_by: list[dict[str, str]], page: tuple[int, int]) -> str:
    """The report as text, its lines added up by the segments that are asked for."""
    segments = [name for name in layout.fields if name in SEGMENTS]
    sums: dict[tuple[str, ...], list[Any]] = {}
    for cell in cells:
        place = tuple(_clean(cell.segments[name]) for name in segments)
        have = sums.setdefault(place, [0, 0, Decimal(0)])
        have[0] += cell.impressions
        have[1] += cell.clicks
        have[2] += cell.cost
    lines = [
        {**dict(zip(segments, place, strict=True)), **_measures(*measured, in_micros=layout.in_micros)}
        for place, measured in sums.items()
    ]
    for one in reversed(order_by):
        lines.sort(key=lambda line: line[one["Field"]], reverse=one.get("SortOrder") == "DESCENDING")
    limit, offset = page
    lines = lines[offset : offset + limit]
    rows = [f'"{layout.name} ({layout.since} - {layout.until})"'] if layout.with_title else []
    rows += ["\t".join(layout.fields)] if layout.with_header else []
    rows += ["\t".join(line[name] for name in layout.fields) for line in lines]
    rows += [f"Total rows: {len(lines)}"] if layout.with_total else []
    return "".join(f"{row}\n" for row in rows)


def _measures(impressions: int, clicks: int, cost: Decimal, *, in_micros: bool) -> dict[str, str]:
    def money(amount: Decimal) -> str:
        return str(int(amount * 1_000_000)) if in_micros else f"{amount:.2f}"

    return {
        "Impressions": str(impressions),
        "Clicks": str(clicks),
        "Cost": money(cost),
        "Ctr": f"{100 * clicks / impressions:.2f}" if impressions else UNKNOWN,
        "AvgCpc": money((cost / clicks).quantize(_KOPECK)) if clicks else UNKNOWN,
        "Conversions": UNKNOWN,
    }


def _clean(text: str) -> str:
    return text.replace("\t", " ").replace("\n", " ").replace("\r", " ") or UNKNOWN
