"""Calls and requests of every site, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import ChangedSchemaError, Page, Reading, Record, RefusedError
from longfunnel.connect.calltouch._meaning import CALLS_AS_LEADS
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

REST = "/calls-service/RestAPI"
_CALLS_AT_ONCE = 1000
CALLS_DAY, _REQUESTS_DAY = "%d/%m/%Y", "%m/%d/%Y"  # yes: each method has its own order


async def read_calls(reading: Reading) -> AsyncIterator[Page]:
    """The journal of calls, page by page."""
    kind = str(reading.options.get("calls_as_leads") or "none")
    if kind not in CALLS_AS_LEADS:
        said = Text(
            "calls_as_leads = {kind!r} is none of {known}.", "calls_as_leads = {kind!r}, а бывает только {known}."
        )
        raise RefusedError(said.format(kind=kind, known=", ".join(CALLS_AS_LEADS)))
    flags = dict.fromkeys(("withCallTags", "withOrders", "withYandexDirect", "withGoogleAdwords"), "true")
    attribution = reading.options.get("attribution")
    if attribution not in (None, ""):
        flags["attribution"] = str(attribution)

    async def of_day(site: str, day: date) -> AsyncIterator[list[Record]]:
        number, pages = 1, 1
        while number <= pages:
            got = await reading.api.get(
                f"{REST}/{site}/calls-diary/calls",
                {"dateFrom": day.strftime(CALLS_DAY), "dateTo": day.strftime(CALLS_DAY), "page": number,
                 "limit": _CALLS_AT_ONCE, **flags},
            )  # fmt: skip
            records = _records(got, "calls")
            if not records:
                return
            yield records
            pages = int(got.get("pageTotal") or 1) if isinstance(got, dict) else 1
            number += 1

    async for page in _by_day(reading, of_day):
        yield page


async def read_requests(reading: Reading) -> AsyncIterator[Page]:
    """The requests; a day comes whole."""
    flags = dict.fromkeys(("withRequestTags", "withYandexDirect", "withGoogleAdwords"), "true")

    async def of_day(site: str, day: date) -> AsyncIterator[list[Record]]:
        asked = {
            "siteId": site,
            "dateFrom": day.strftime(_REQUESTS_DAY),
            "dateTo": day.strftime(_REQUESTS_DAY),
            **flags,
        }
        got = await reading.api.get(f"{REST}/requests", asked)
        yield _records(got, "requests")

    async for page in _by_day(reading, of_day):
        yield page


async def _by_day(reading: Reading, of_day: Callable[[str, date], AsyncIterator[list[Record]]]) -> AsyncIterator[Page]:
    """Every site's records of each day; the cursor moves on when a day is whole."""
    sites = sites_of(reading.options)
    first = reading.first_day
    many = (reading.today - first).days + 1
    for number in range(many):
        day = first + timedelta(days=number)
        for site in sites:
            async for records in of_day(site, day):
                yield Page([{**record, "siteId": site} for record in records])
        yield Page([], cursor={"day": day.isoformat()}, share=(number + 1) / many)


def sites_of(options: Mapping[str, Any]) -> list[str]:
    """The ids of the sites, each once. Raises RefusedError for what is none."""
    sites = [str(site).strip() for site in options.get("sites") or []]
    if odd := [site for site in sites if not site.isdecimal()]:
        said = Text(
            "sites must hold Calltouch's site ids, numbers: {odd}.",
            "В sites нужны ID сайтов в Calltouch, числа: {odd}.",
        )
        raise RefusedError(said.format(odd=", ".join(odd)))
    return list(dict.fromkeys(sites))


def _records(got: Any, what: str) -> list[Record]:
    """The records of an answer: a list, or an envelope of pages that has one."""
    if isinstance(got, dict) and ("records" in got or "pageTotal" in got):
        got = got.get("records")
    if got is None:
        return []
    if not isinstance(got, list) or not all(isinstance(record, dict) for record in got):
        said = Text(
            "Calltouch answers the question for {what} with something that is no list of them.",
            "На запрос {what} Calltouch отвечает не списком.",
        )
        raise ChangedSchemaError(said.format(what=what))
    return got
