"""Direct's reports: ordered under a name, asked for again until they are built, read as a table."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from longfunnel.connect._engine import ChangedSchemaError, TemporaryError
from longfunnel.connect.yandex_direct._errors import TooHeavyError, seconds
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date

    import httpx

    from longfunnel.connect._engine import Api

REPORTS: Final = "json/v5/reports"
MOST_ROWS: Final = 1_000_000
"""Rows that one report holds at most; a report as long as that may be cut off."""
_UNKNOWN: Final = "--"
_PAUSE: Final = 10.0
"""Seconds, where Direct does not say when to ask again."""
_SHORTEST: Final = 0.05
_LONGEST: Final = 60.0
_TOTAL: Final = re.compile(r"^\"?(?:Total rows|Всего строк|Toplam satır)[^:\t]*:\s*(\d+)\"?$")

_MEASURES: Final = ("Impressions", "Clicks", "Cost")
_LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "campaign": ("Date", "CampaignId", "CampaignName", "Device"),
    "ad": ("Date", "CampaignId", "CampaignName", "AdGroupId", "AdGroupName", "AdId", "Device"),
    "keyword": (
        "Date", "CampaignId", "CampaignName", "AdGroupId", "AdGroupName", "AdId", "CriterionId", "Criterion", "CriterionType", "Device",
    ),
}  # fmt: skip
LEVELS: Final = tuple(_LEVELS)

Line = dict[str, str | None]
"""One line of a report: Direct's field → its text, None for what Direct does not know."""


@dataclass(frozen=True, slots=True)
class Order:
    """One report of one advertiser."""

    login: str
    since: date
    until: date
    level: str
    with_network: bool
    with_vat: bool
    in_micros: bool
    taken: int
    """How many reports this source has taken from the advertiser before. It makes another name of the same days, when they are read
    again; a run that was stopped counts as before, and so finds the report that it has ordered."""

    @property
    def fields(self) -> list[str]:
        """Direct's fields, the measures last."""
        network = ("AdNetworkType",) if self.with_network else ()
        return [*_LEVELS[self.level], *network, *_MEASURES]

    @property
    def body(self) -> bytes:
        """The request, the same to the byte each time: Direct knows a report by it."""
        params: dict[str, Any] = {
            "SelectionCriteria": {"DateFrom": self.since.isoformat(), "DateTo": self.until.isoformat()},
            "FieldNames": self.fields,
            "ReportType": "CUSTOM_REPORT",
            "DateRangeType": "CUSTOM_DATE",
            "Format": "TSV",
            "IncludeVAT": "YES" if self.with_vat else "NO",
        }
        known = json.dumps([self.login, self.in_micros, self.taken, params], sort_keys=True)
        name = f"longfunnel-{hashlib.sha256(known.encode()).hexdigest()[:32]}"
        return json.dumps({"params": {**params, "ReportName": name}}, sort_keys=True).encode()

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it."""
        money = {} if self.in_micros else {"returnMoneyInMicros": "false"}
        return {"processingMode": "auto", "skipReportHeader": "true", **money, **headers_of(self.login)}


def headers_of(login: str) -> dict[str, str]:
    """The headers of any request about an advertiser; "" is the token's own."""
    named = {"Client-Login": login} if login else {}
    return {"Content-Type": "application/json; charset=utf-8", "Accept-Language": "en", **named}


async def built(api: Api, order: Order, *, patience: float) -> AsyncIterator[list[Line] | None]:
    """None while the report is being built, at each asking; then its lines.

    Raises TooHeavyError for a report that is too much, TemporaryError where it is not there after ``patience`` seconds: the next
    run, which asks the same, finds it.
    """
    body, until = order.body, time.monotonic() + patience
    while True:
        response = await api.request("POST", REPORTS, content=body, headers=order.headers)
        if response.status_code not in (201, 202):
            break
        pause = seconds(response.headers.get("retryIn"))
        pause = _PAUSE if pause is None else min(max(pause, _SHORTEST), _LONGEST)
        if time.monotonic() + pause > until:
            queued = response.headers.get("reportsInQueue")
            raise TemporaryError(
                Text(
                    "Direct has not built the report of {since} … {until} yet",
                    "Директ ещё не построил отчёт за {since} … {until}",
                ).format(since=order.since, until=order.until)
                + (
                    Text(" ({queued} reports in its queue).", " (отчётов в очереди: {queued}).").format(queued=queued)
                    if queued
                    else "."
                ),
                hint=Text("The next sync goes on waiting for it.", "Следующая загрузка будет ждать его дальше."),
            )
        yield None
        await asyncio.sleep(pause)
    lines = read_report(response, order.fields)
    if len(lines) >= MOST_ROWS:
        raise TooHeavyError(
            Text(
                "The report is as long as Direct makes them and may be cut off.",
                "Отчёт предельной для Директа длины и может быть обрезан.",
            )
        )
    yield lines


def read_report(response: httpx.Response, fields: list[str]) -> list[Line]:
    """The lines of a report. Its title may be there or not; so may its closing count, which must then be right.

    Raises ChangedSchemaError for a table without one of ``fields``, TemporaryError for one that was cut off.
    """
    text = response.content.decode("utf-8-sig", "replace")
    rows = [line.rstrip("\r") for line in text.split("\n")]
    start = next((place for place, row in enumerate(rows[:5]) if row.split("\t")[0].strip('"') == "Date"), None)
    if start is None:
        if not any(row.strip() for row in rows):
            return []
        raise ChangedSchemaError(
            Text(
                "Direct's report has no line of field names; it begins with {start!r}.",
                "В отчёте Директа нет строки с названиями полей; он начинается с {start!r}.",
            ).format(start=text[:100])
        )
    header = [name.strip('"') for name in rows[start].split("\t")]
    if missing := [name for name in fields if name not in header]:
        raise ChangedSchemaError(
            Text("Direct's report lacks {missing}.", "В отчёте Директа нет {missing}.").format(
                missing=", ".join(missing)
            )
        )
    lines: list[Line] = []
    for row in rows[start + 1 :]:
        if not row:
            continue
        values = row.split("\t")
        if len(values) == len(header):
            lines.append({name: _known(value) for name, value in zip(header, values, strict=True)})
        elif total := _TOTAL.match(row):
            if int(total[1]) != len(lines):
                said = Text(
                    "Direct's report has {many} lines and tells of {told}.",
                    "В отчёте Директа строк: {many}, а заявлено {told}.",
                )
                raise TemporaryError(said.format(many=len(lines), told=total[1]))
        else:
            said = Text(
                "Direct's report is broken off at line {number}.", "Отчёт Директа обрывается на строке {number}."
            )
            raise TemporaryError(said.format(number=len(lines) + 1))
    return lines


def _known(value: str) -> str | None:
    value = value.strip()
    return None if value in ("", _UNKNOWN) else value
