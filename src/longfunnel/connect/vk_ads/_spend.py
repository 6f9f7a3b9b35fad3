"""Statistics of every ad by day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import GoneError, Page, RefusedError, Row, Window
from longfunnel.connect.vk_ads._ads import account_of, ads_of, marks_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from longfunnel.connect._engine import Reading, Record, Shaping

_IDS_AT_ONCE = 200
_DAYS_AT_ONCE = 30
_UNKNOWN_IDS = ("ERR_WRONG_IDS", "ERR_WRONG_BANNERS")


async def read_spend(reading: Reading) -> AsyncIterator[Page]:
    """Each window of days for all ads; the cursor moves on when a window is whole.

    Ads that had statistics in the days that are read again are kept with the cursor: one that VK no longer lists is asked
    about by its old names, and what VK no longer tells of it stays as it is known.
    """
    listed = await ads_of(reading)
    now = reading.now - timedelta(seconds=reading.api.clock_skew)  # VK refuses days that it has not reached
    today = now.astimezone(reading.shaping.zone).date()
    history = timedelta(days=int(reading.options.get("history_days") or 366) - 1)
    first = max(reading.first_day, today - history)
    recent: dict[str, Record] = (reading.cursor or {}).get("ads", {}) if isinstance(reading.cursor, dict) else {}
    ads = {**recent, **listed}
    account = account_of(reading)
    many = (today - first).days + 1
    for since, until in _windows(first, today):
        refused: list[str] = []
        told: dict[str, Record] = {}
        for some in _slices(
            [ad for ad, named in ads.items() if str(named.get("created") or "")[:10] <= until.isoformat()]
        ):
            items, unknown = await _statistics(reading, some, since, until)
            refused += unknown
            records = [record for item in items for record in _records(item, ads, account)]
            for record in records:
                last = max(str(record["date"]), told.get(str(record["id"]), {}).get("last", ""))
                told[str(record["id"])] = {**record["ad"], "last": last}
            yield Page(records)
        oldest = (until - timedelta(days=reading.reread_days)).isoformat()
        silent = {ad: recent[ad] for ad in recent if ad not in told and (ad in refused or ad not in listed)}
        recent = {ad: named for ad, named in {**silent, **told}.items() if named["last"] >= oldest}
        yield Page(
            [],
            cursor={"day": until.isoformat(), "ads": recent},
            share=((until - first).days + 1) / many,
            window=None if silent else Window("spend", since, until),
        )


def _windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        until = min(first + timedelta(days=_DAYS_AT_ONCE - 1), last)
        yield first, until
        first = until + timedelta(days=1)


def _slices(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE]


async def _statistics(reading: Reading, ids: list[str], since: date, until: date) -> tuple[list[Record], list[str]]:
    """The statistics of the ads, and those that VK does not know (they are told apart by halving)."""
    asked = {"id": ",".join(ids), "date_from": since.isoformat(), "date_to": until.isoformat(), "metrics": "base"}
    if reading.options.get("attribution"):
        asked["attribution"] = str(reading.options["attribution"])
    try:
        got = await reading.api.get("/api/v2/statistics/banners/day.json", asked)
    except (RefusedError, GoneError) as error:
        if not any(code in error.message for code in _UNKNOWN_IDS):
            raise
        if len(ids) == 1:
            return [], ids
        half = len(ids) // 2
        some, unknown = await _statistics(reading, ids[:half], since, until)
        others, more = await _statistics(reading, ids[half:], since, until)
        return some + others, unknown + more
    return list((got or {}).get("items") or []), []


def _records(item: Record, ads: dict[str, Record], account: str | None) -> Iterator[Record]:
    for row in item.get("rows") or []:
        record = {
            "id": str(item["id"]), "date": row.get("date"), "base": row.get("base") or {},
            "ad": {name: value for name, value in ads.get(str(item["id"]), {}).items() if name != "last"}, "account": account,
        }  # fmt: skip
        if _is_something(record["base"]):
            yield record


def _is_something(base: Record) -> bool:
    """Whether anything is counted: days without a show are no rows."""
    try:
        return any(Decimal(str(base.get(name) or 0)) for name in ("shows", "clicks", "spent")) or bool(
            Decimal(str(_goals(base) or 0))
        )
    except ArithmeticError:
        return True  # the quarantine shows what it is


def _goals(base: Record) -> Any:
    """Conversions: of VK's own count where it is told."""
    vk = base.get("vk")
    return vk["goals"] if isinstance(vk, dict) and vk.get("goals") is not None else base.get("goals")


def spend_key(record: Record) -> str:
    """One ad on one day."""
    return f"{record['id']}:{record['date']}"


def shape_spend(record: Record, shaping: Shaping) -> Iterable[Row]:
    """The day's cost of an ad."""
    ad, base = record["ad"], record["base"]
    marks = marks_of(record["id"], ad, shaping.options)
    yield Row(
        "spend",
        {
            "day_on": record["date"],
            "account": record.get("account"),
            **marks,
            "campaign_id": ad.get("campaign_id"),
            "ad_group": ad.get("ad_group"),
            "ad": record["id"],
            "impressions": base.get("shows"),
            "clicks": base.get("clicks"),
            "cost": base.get("spent"),
            "currency": shaping.options.get("currency") or shaping.currency,
            "leads": _goals(base),
            "props": {
                "ad_id": record["id"],
                "ad_name": ad.get("ad_name"),
                "ad_group_id": _text(ad.get("ad_group_id")),
                "campaign_name": ad.get("campaign") if marks["campaign"] != ad.get("campaign") else None,
            },
        },
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
