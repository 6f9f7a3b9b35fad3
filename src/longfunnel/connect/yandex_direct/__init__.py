"""Yandex Direct: what ads cost, day by day and keyword by keyword."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from longfunnel.connect._engine import (
    Access,
    Call,
    ConnectError,
    Connector,
    ForbiddenError,
    GoneError,
    Option,
    Page,
    Rate,
    RefusedError,
    Stream,
    TemporaryError,
    Window,
)
from longfunnel.connect._yandex import CREDENTIALS, OAUTH
from longfunnel.connect.yandex_direct._accounts import account_of, check
from longfunnel.connect.yandex_direct._errors import TooHeavyError, classify
from longfunnel.connect.yandex_direct._reports import LEVELS, Line, Order, built
from longfunnel.connect.yandex_direct._rows import AUTOTARGETING, records_of, shape
from longfunnel.core.errors import did_you_mean
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from longfunnel.connect._engine import Reading

_DAYS_AT_ONCE: Final = 7
_RECORDS_AT_ONCE: Final = 2000
_MANY_LINES: Final = 100_000
"""A report of more is followed by shorter ones: it is held in memory as a whole."""
_KEPT_MONTHS: Final = 36
"""Direct keeps statistics for three years from the month that runs."""
_TRIES: Final = 3


async def _read(reading: Reading) -> AsyncIterator[Page]:
    """Each advertiser's days, a week a report. The cursor: login → the last day read, the day on which, and how many reports were taken."""
    level = str(reading.options["level"])
    if level not in LEVELS:
        said = Text("level = «{level}» is none of {known}.", "level = «{level}», а бывает только {known}.")
        raise RefusedError(said.format(level=level, known=", ".join(LEVELS)) + did_you_mean(level, LEVELS))
    places: dict[str, Any] = dict(reading.cursor or {})
    logins = [str(login).strip() for login in reading.options["logins"] or () if str(login).strip()] or [""]
    refused: ConnectError | None = None
    for number, login in enumerate(dict.fromkeys(logins)):
        try:
            async for page in _read_login(reading, login, places):
                yield replace(page, share=(number + (page.share or 0.0)) / len(logins))
        except (ForbiddenError, GoneError) as error:  # one advertiser left the agency: the others are still ours
            refused = error
    if refused:
        raise refused


async def _read_login(reading: Reading, login: str, places: dict[str, Any]) -> AsyncIterator[Page]:
    account = await account_of(reading.api, login)
    reading = replace(reading, now=reading.now - timedelta(seconds=reading.api.clock_skew), cursor=places.get(login))
    place = places.get(login) or {}
    taken, today = int(place.get("taken", 0)), reading.today
    first, last = max(reading.first_day, _oldest(today)), today
    if place.get("on") == today.isoformat() and place["day"] < place["on"]:
        first = date.fromisoformat(place["day"]) + timedelta(
            days=1
        )  # a run of today was stopped: its next report is ordered
    since, days, failures = first, _DAYS_AT_ONCE, 0
    while since <= last:
        until = min(last, since + timedelta(days=days - 1))
        order = _order(reading.options, login, since, until, taken)
        share = (since - first).days / ((last - first).days + 1)
        lines: list[Line] = []
        try:
            async for answer in built(reading.api, order, patience=float(reading.options["wait_minutes"]) * 60):
                if answer is None:
                    yield Page([], share=share)
                else:
                    lines = answer
        except TooHeavyError as error:
            if since < until:
                days = ((until - since).days + 1) // 2
                continue
            failures += 1
            if failures > _TRIES:
                raise TemporaryError(
                    Text(
                        "Direct cannot build the report of {since} alone: {why}",
                        "Директ не может построить отчёт даже за один день {since}: {why}",
                    ).format(since=since, why=error.said),
                    hint=Text(
                        'A coarser one may do: level = "ad" or "campaign".',
                        'Возможно, получится более общий: level = "ad" или "campaign".',
                    ),
                ) from error
            await asyncio.sleep(2.0**failures / 4)
            continue
        failures, taken = 0, taken + 1
        records = records_of(lines, account, order, str(reading.options["autotargeting"]))
        for start in range(0, len(records) - _RECORDS_AT_ONCE, _RECORDS_AT_ONCE):
            yield Page(records[start : start + _RECORDS_AT_ONCE], share=share)
        rest = max(0, (len(records) - 1) // _RECORDS_AT_ONCE * _RECORDS_AT_ONCE)
        places[login] = {"day": until.isoformat(), "on": today.isoformat(), "taken": taken}
        window = Window("spend", since, until, {"account": account.name})
        yield Page(records[rest:], dict(places), ((until - first).days + 1) / ((last - first).days + 1), window)
        since = until + timedelta(days=1)
        days = max(1, days // 2) if len(lines) > _MANY_LINES else min(_DAYS_AT_ONCE, days * 2)


def _order(options: Mapping[str, Any], login: str, since: date, until: date, taken: int) -> Order:
    return Order(
        login, since, until, str(options["level"]), with_network=bool(options["network_medium"]),
        with_vat=bool(options["with_vat"]), in_micros=bool(options["money_in_micros"]), taken=taken,
    )  # fmt: skip


def _oldest(today: date) -> date:
    months = today.year * 12 + today.month - 1 - _KEPT_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def _sign(access: Access) -> Call:
    return Call(headers={"Authorization": f"Bearer {access.token}"})


_OPTIONS: Final = (
    Option(
        "logins",
        Text("Advertisers", "Рекламодатели"),
        Text(
            "Logins of the agency's clients. Empty: the token's own account.",
            "Логины клиентов агентства. Пусто: аккаунт самого токена.",
        ),
        kind="list",
        default=(),
    ),
    Option(
        "level",
        Text("How fine", "Подробность"),
        Text(
            "keyword, ad or campaign: what one row of spend is.",
            "keyword, ad или campaign: о чём одна строка расходов.",
        ),
        default="keyword",
    ),
    Option(
        "with_vat",
        Text("Cost with VAT", "Расход с НДС"),
        Text("Whether Direct is asked for cost that includes VAT.", "Просить у Директа расход с НДС."),
        kind="flag",
        default=True,
    ),
    Option(
        "network_medium",
        Text("Medium of the network", "Тип трафика для РСЯ"),
        Text(
            "How links of ads in the network say it (utm_medium), as display, where it differs from search. Empty: search and network together, cpc.",
            "Что стоит в utm_medium у объявлений в РСЯ, например display, если не то же, что на поиске. Пусто: поиск и РСЯ вместе, cpc.",
        ),
        default="",
    ),
    Option(
        "autotargeting",
        Text("Term of autotargeting", "Ключевая фраза автотаргетинга"),
        Text(
            "The term of clicks that no keyword brought: what {keyword} puts into links.",
            "Фраза кликов, которые принёс автотаргетинг: то, что {keyword} ставит в ссылки.",
        ),
        default=AUTOTARGETING,
    ),
    Option(
        "money_in_micros",
        Text("Money in micros", "Деньги в миллионных"),
        Text(
            "Take sums as millionths, as Direct tells them without being asked otherwise.",
            "Брать суммы в миллионных долях.",
        ),
        kind="flag",
        default=False,
    ),
    Option(
        "wait_minutes",
        Text("Patience with a report", "Сколько ждать отчёта"),
        Text(
            "Minutes that a sync waits for one report; the next sync goes on waiting.",
            "Минут ожидания одного отчёта; следующая синхронизация ждёт дальше.",
        ),
        kind="number",
        default=60,
    ),
)

CONNECTOR = Connector(
    title=Text("Yandex Direct", "Яндекс Директ"),
    base_url="https://api.direct.yandex.com",
    credentials=CREDENTIALS,
    streams=(
        Stream(
            name="spend",
            title=Text("Spend", "Расходы"),
            facts=("spend",),
            read=_read,
            shape=shape,
            key=lambda record: str(record["id"]),
        ),
    ),
    sign=_sign,
    options=_OPTIONS,
    oauth=OAUTH,
    classify=classify,
    rate=Rate(9, 10, at_once=3),  # a burst and what follows it stay within 20 requests in 10 seconds
    reread_days=7,
    timezone="Europe/Moscow",
    check=check,
)
