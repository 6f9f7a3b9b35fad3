"""The table of raw visits of an invented Metrika."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from longfunnel.demo.systems.company import SITE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from longfunnel.demo.systems.company import Visit

PLAIN = (
    "visitID", "counterID", "clientID", "watchIDs", "date", "dateTime", "dateTimeUTC", "isNewUser", "startURL", "endURL", "pageViews",
    "visitDuration", "bounce", "referer", "regionCountry", "regionCity", "deviceCategory", "goalsID", "goalsSerialNumber", "goalsDateTime",
    "purchaseID", "purchaseRevenue", "purchaseCurrency",
)  # fmt: skip
ATTRIBUTED = (
    "UTMSource", "UTMMedium", "UTMCampaign", "UTMContent", "UTMTerm", "TrafficSource", "AdvEngine", "ReferalSource", "SearchEngine",
    "SocialNetwork", "DirectClickOrder", "DirectBannerGroup", "DirectClickBanner", "DirectPhraseOrCond",
)  # fmt: skip
ATTRIBUTIONS = ("lastsign", "last", "first", "")
_CITIES = ("Москва", "Saint Petersburg", "Набережные Челны", "0")
_ESCAPES = str.maketrans(
    {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "'": r"\'", "\0": r"\0", "\b": r"\b", "\f": r"\f"}
)


@dataclass(frozen=True)
class Purchase:
    """What a visit has bought."""

    order: str
    revenue: str
    currency: str = "RUB"


@dataclass
class Writing:
    """How visits are written."""

    zone: str = "Europe/Moscow"
    counter: str = ""
    ahead_hours: float = 3
    """By how much dateTimeUTC is ahead of UTC."""
    has_escaped_quotes: bool = False
    """Whether the quotes of an array's items are escaped once more."""
    purchases: Mapping[int, list[Purchase]] = field(default_factory=dict)
    changed: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Visit → field → what stands there instead, unescaped."""


def is_known(name: str, attributions: Iterable[str]) -> bool:
    """Whether there is a field of that name, with one of these attributions where it has one."""
    own = name.removeprefix("ym:s:")
    return name.startswith("ym:s:") and (
        own in PLAIN or any(own == f"{one}{field}" for one in attributions for field in ATTRIBUTED)
    )


def address_of(visit: Visit) -> str:
    """The address at which a visit began."""
    marks = {
        "utm_source": visit.source if visit.spend else "", "utm_medium": visit.medium if visit.spend else "",
        "utm_campaign": visit.campaign, "utm_term": visit.term,
    }  # fmt: skip
    if visit.click_id:
        marks["yclid" if visit.source == "yandex" else "rb_clickid"] = visit.click_id
    query = urlencode({name: value for name, value in marks.items() if value})
    return f"{SITE}/catalog/{'?' + query if query else ''}"


def part(visits: list[Visit], fields: list[str], writing: Writing) -> bytes:
    """The visits as one part of a log request."""
    rows = ["\t".join(fields)]
    for visit in visits:
        values = {**_values(visit, writing), **writing.changed.get(visit.id, {})}
        arrays = _arrays(visit, writing)
        cells = []
        for name in fields:
            plain = _plain(name)
            cells.append(arrays[plain] if plain in arrays else values.get(plain, "").translate(_ESCAPES))
        rows.append("\t".join(cells))
    return "".join(f"{row}\n" for row in rows).encode()


def _plain(name: str) -> str:
    own = name.removeprefix("ym:s:")
    return own if own in PLAIN else next(field for field in ATTRIBUTED if own.endswith(field))


def _values(visit: Visit, writing: Writing) -> dict[str, str]:
    local = visit.at.astimezone(ZoneInfo(writing.zone))
    ahead = visit.at.replace(tzinfo=None) + timedelta(hours=writing.ahead_hours)
    own = {
        "visitID": str(visit.id), "counterID": writing.counter, "clientID": visit.person.ym_client_id,
        "date": local.date().isoformat(), "dateTime": f"{local:%Y-%m-%d %H:%M:%S}", "dateTimeUTC": f"{ahead:%Y-%m-%d %H:%M:%S}",
        "isNewUser": str(int(visit.id % 3 == 0)), "startURL": address_of(visit), "endURL": f"{SITE}/thanks", "pageViews": str(visit.pages),
        "visitDuration": str(visit.seconds), "bounce": str(int(visit.pages == 1)), "regionCountry": "Россия",
        "regionCity": _CITIES[visit.id % len(_CITIES)], "deviceCategory": str(visit.id % 3 + 1),
    }  # fmt: skip
    if visit.spend:
        campaign = visit.spend.campaign
        own |= {
            "UTMSource": visit.source, "UTMMedium": visit.medium, "UTMCampaign": visit.campaign, "UTMTerm": visit.term,
            "TrafficSource": "ad", "AdvEngine": "ya_direct" if visit.source == "yandex" else "vk_ads", "referer": f"https://{visit.source}.ru/",
        }  # fmt: skip
        if campaign.system == "direct":
            own |= {
                "DirectClickOrder": str(campaign.id), "DirectBannerGroup": str(visit.spend.group.id),
                "DirectClickBanner": str(visit.spend.group.ad_id), "DirectPhraseOrCond": visit.term,
            }  # fmt: skip
    elif visit.medium == "organic":
        own |= {
            "TrafficSource": "organic",
            "SearchEngine": f"{visit.source}_search",
            "referer": f"https://www.{visit.source}.com/",
        }
    else:
        own |= {"TrafficSource": "direct", "DirectClickOrder": "0"}
    return own


def _arrays(visit: Visit, writing: Writing) -> dict[str, str]:
    bought = writing.purchases.get(visit.id, [])

    def texts(values: Iterable[str]) -> str:
        quoted = ",".join(f"'{value.translate(_ESCAPES)}'" for value in values)
        return f"[{quoted}]".translate(_ESCAPES) if writing.has_escaped_quotes else f"[{quoted}]"

    return {
        "watchIDs": f"[{','.join(str(visit.id * 4 + place) for place in range(visit.pages))}]",
        "goalsID": f"[{','.join(map(str, visit.goals))}]",
        "goalsSerialNumber": f"[{','.join(str(place + 1) for place in range(len(visit.goals)))}]",
        "goalsDateTime": texts(f"{visit.at:%Y-%m-%d %H:%M:%S}" for _ in visit.goals),
        "purchaseID": texts(one.order for one in bought),
        "purchaseRevenue": f"[{','.join(one.revenue for one in bought)}]",
        "purchaseCurrency": texts(one.currency for one in bought),
    }
