"""What a visit of Metrika means."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from longfunnel.connect._engine import Record, Row
from longfunnel.connect._engine.understanding import content_key
from longfunnel.connect.yandex_metrika._table import SHORT, items_of, text_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from longfunnel.connect._engine import Shaping

_MARKS: Final = {
    "utm_source": "source", "utm_medium": "medium", "utm_campaign": "campaign", "utm_content": "content", "utm_term": "term",
    "yclid": "yclid", "ymclid": "yclid", "gclid": "gclid", "gbraid": "gclid", "wbraid": "gclid", "fbclid": "fbclid",
    "rb_clickid": "vkclid", "vkclid": "vkclid",
}  # fmt: skip
_DEVICES: Final = {"1": "desktop", "2": "mobile", "3": "tablet", "4": "tv"}
_NOWHERE: Final = frozenset({"0", "undefined", "not specified", "не определено", "не указано"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~-]+")
Zone = str | int | None
"""A counter's zone as the record keeps it: its IANA name, else its minutes ahead of UTC, else unknown."""


def key(record: Record) -> str:
    """The visit's id; of a line that has none, its content."""
    return text_of(record["values"].get("visitID")) or content_key(record)


def shape(record: Record, shaping: Shaping) -> Iterable[Row]:
    """The visit of a record: ``values`` are the Logs API's, raw, by field; ``zone`` and ``goal_names`` are the counter's."""
    values: Mapping[str, str] = record["values"]
    if SHORT in values:
        given, wanted = re.findall(r"\d+", values[SHORT])
        counts = Text(values[SHORT], f"значений {given}, а полей {wanted}")
        raise ValueError(Text("the line has {counts}", "в строке {counts}").format(counts=counts))
    started_at = begin(values, record.get("zone"), shaping)
    address = text_of(values.get("startURL"))
    duration = text_of(values.get("visitDuration"))
    names: Mapping[str, str] = record.get("goal_names") or {}
    goals = list(dict.fromkeys(items_of(values.get("goalsID"))))
    orders = [order for order in items_of(values.get("purchaseID")) if order]
    paid = [Decimal(amount) for amount in items_of(values.get("purchaseRevenue")) if amount]
    currencies = [currency for currency in items_of(values.get("purchaseCurrency")) if currency]
    in_address = _read_address(address)
    yield Row(
        "visit",
        {
            "visit_id": text_of(values["visitID"]),
            "started_at": started_at,
            "ended_at": started_at + timedelta(seconds=int(duration)) if duration else None,
            "ym_client_id": text_of(values.get("clientID")),
            **{name: in_address.get(name) for name in ("yclid", "gclid", "fbclid", "vkclid")},
            **_marks(values, in_address),
            "referrer": text_of(values.get("referer")),
            "landing_page": address,
            "pages": text_of(values.get("pageViews")),
            "duration_seconds": duration,
            "is_bounce": text_of(values.get("bounce")),
            "device": _device(text_of(values.get("deviceCategory"))),
            "region": _place(values, "regionCity") or _place(values, "regionCountry"),
            "goals": ", ".join(names.get(goal, goal).replace(",", " ") for goal in goals) or None,
            "order_id": orders[0] if orders else None,
            "revenue": sum(paid, Decimal(0)) if paid else None,
            "currency": (currencies[0] if currencies else shaping.currency) if paid else None,
            "props": _props(record, values, goals, orders) or None,
        },
    )


def begin(values: Mapping[str, str], zone: Zone, shaping: Shaping) -> datetime:
    """When a visit began. ``dateTimeUTC`` is, despite its name, ahead of UTC by a number of hours that is a setting; where the
    counter's zone says otherwise of ``dateTime``, the zone is believed. Raises KeyError where neither is there."""
    local, ahead = text_of(values.get("dateTime")), text_of(values.get("dateTimeUTC"))
    by_zone = _in_zone(local, zone) if local and zone is not None else []
    if ahead:
        told = datetime.fromisoformat(ahead) - timedelta(hours=float(shaping.options["utc_field_offset"]))
        told = told.replace(tzinfo=UTC)
        if not by_zone or told in by_zone:
            return told
    if by_zone:
        return by_zone[0]
    if local:
        return _in_zone(local, str(shaping.zone))[0]
    raise KeyError("dateTime")


def disagrees(values: Mapping[str, str], zone: Zone, shaping: Shaping) -> bool:
    """Whether the two times of a visit contradict each other by more than a minute."""
    local, ahead = text_of(values.get("dateTime")), text_of(values.get("dateTimeUTC"))
    if not local or not ahead or zone is None:
        return False
    told = datetime.fromisoformat(ahead) - timedelta(hours=float(shaping.options["utc_field_offset"]))
    return all(abs(told.replace(tzinfo=UTC) - one) > timedelta(minutes=1) for one in _in_zone(local, zone))


def _in_zone(local: str, zone: str | int) -> list[datetime]:
    """The instants that a clock of the zone shows so: two in the hour that autumn repeats."""
    moment = datetime.fromisoformat(local)
    own = timezone(timedelta(minutes=zone)) if isinstance(zone, int) else ZoneInfo(zone)
    both = [moment.replace(tzinfo=own, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return list(dict.fromkeys(both))


def _marks(values: Mapping[str, str], in_address: Mapping[str, str]) -> dict[str, str | None]:
    """Where the visit came from: Metrika's UTM marks, else those of its address, else what kind of source Metrika found."""
    told = {
        name: text_of(values.get(f"UTM{name.title()}")) for name in ("source", "medium", "campaign", "content", "term")
    }
    if not any(told.values()):
        told = {name: in_address.get(name) for name in told}
    if not any(told.values()):
        told = {**told, **_found(values)}
    source, medium = told["source"], told["medium"]
    return {
        **told,
        "source": source.lower() if source and _TOKEN.fullmatch(source) else source,
        "medium": medium.lower() if medium else None,
    }


def _found(values: Mapping[str, str]) -> dict[str, str | None]:
    """The source that Metrika found by itself, in the words of marks."""

    def word(name: str) -> str | None:
        text = (text_of(values.get(name)) or "").strip().lower()
        return None if text in ("", "none", "undefined", "0") else text

    match (text_of(values.get("TrafficSource")) or "").lower():
        case "ad":
            engine = word("AdvEngine") or ""
            names = (("ya", "yandex"), ("direct", "yandex"), ("google", "google"), ("vk", "vk"))
            return {
                "source": next((name for start, name in names if engine.startswith(start)), engine or None),
                "medium": "cpc",
                "campaign": _id(values, "DirectClickOrder"),
                "content": _id(values, "DirectClickBanner"),
                "term": text_of(values.get("DirectPhraseOrCond")),
            }
        case "organic":
            engine = word("SearchEngine") or ""
            return {"source": re.split(r"[^a-zа-я0-9.]", engine)[0] or None, "medium": "organic"}
        case "social":
            return {"source": word("SocialNetwork"), "medium": "social"}
        case "referral":
            return {"source": word("ReferalSource"), "medium": "referral"}
        case "email" | "messenger" | "recommend" as kind:
            return {"medium": kind}
        case _:
            return {}


def _props(record: Record, values: Mapping[str, str], goals: list[str], orders: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "counter_id": record.get("counter"),
        "is_new": {"1": True, "0": False}.get(values.get("isNewUser", "")),
        "traffic_source": text_of(values.get("TrafficSource")),
        "adv_engine": text_of(values.get("AdvEngine")),
        "direct_campaign_id": _id(values, "DirectClickOrder"),
        "direct_ad_group_id": _id(values, "DirectBannerGroup"),
        "direct_ad_id": _id(values, "DirectClickBanner"),
        "direct_condition": text_of(values.get("DirectPhraseOrCond")),
        "country": _place(values, "regionCountry"),
        "goal_ids": goals,
        "order_ids": orders if len(orders) > 1 else None,
    }
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _id(values: Mapping[str, str], name: str) -> str | None:
    told = text_of(values.get(name))
    return None if told in (None, "0") else told


def _place(values: Mapping[str, str], name: str) -> str | None:
    told = text_of(values.get(name))
    return None if told is None or told.strip().lower() in _NOWHERE else told


def _device(told: str | None) -> str | None:
    return _DEVICES.get(told, told.lower()) if told else None


def _read_address(address: str | None) -> dict[str, str]:
    """Marks and click ids in an address, in its query and, where a site routes by it, in its fragment. The first of a kind wins."""
    if not address:
        return {}
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, errors="replace") + parse_qsl(
            parts.fragment.rpartition("?")[2], errors="replace"
        )
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for name, value in pairs:
        mark = _MARKS.get(name.lower())
        if mark and value:
            found.setdefault(mark, value)
    return found
