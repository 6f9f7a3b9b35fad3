"""Yandex Metrika: visits, one by one; and the way back, for what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

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
    Stream,
)
from longfunnel.connect._yandex import CREDENTIALS, OAUTH
from longfunnel.connect.yandex_metrika._conversions import CONVERSIONS, KINDS, upload_conversions, uploading
from longfunnel.connect.yandex_metrika._counters import check, counters_of
from longfunnel.connect.yandex_metrika._errors import classify
from longfunnel.connect.yandex_metrika._reading import CounterReading, Places
from longfunnel.connect.yandex_metrika._visit import key, shape
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from longfunnel.connect._engine import Reading

__all__ = ["CONNECTOR", "KINDS", "upload_conversions", "uploading"]


async def _read(reading: Reading) -> AsyncIterator[Page]:
    """Each counter's visits up to yesterday."""
    places: Places = {counter: dict(place) for counter, place in (reading.cursor or {}).items()}
    counters = await counters_of(reading.api, reading.options)
    refused: ConnectError | None = None
    for number, counter in enumerate(counters):
        try:
            async for page in CounterReading(reading, counter, places).pages():
                yield replace(page, share=(number + (page.share or 0.0)) / len(counters))
        except (ForbiddenError, GoneError) as error:  # one counter is no longer ours: the others still are
            refused = error
    if refused:
        raise refused


def _sign(access: Access) -> Call:
    return Call(headers={"Authorization": f"OAuth {access.token}"})


_OPTIONS: Final = (
    Option(
        "counters",
        Text("Counters", "Счётчики"),
        Text("Their numbers. Empty: all that the token may see.", "Их номера. Пусто: все, которые видит токен."),
        kind="list",
        default=(),
    ),
    Option(
        "attribution",
        Text("Attribution of a visit's source", "Атрибуция источника визита"),
        Text(
            "How Metrika finds the source of a visit: lastsign (a direct visit keeps the source before), last or first.",
            "Как Метрика находит источник визита: lastsign (прямой заход сохраняет прежний источник), last или first.",
        ),
        default="lastsign",
    ),
    Option(
        "utc_field_offset",
        Text("Hours in dateTimeUTC", "Часы в dateTimeUTC"),
        Text(
            "By how many hours the field dateTimeUTC is ahead of UTC, despite its name.",
            "На сколько часов поле dateTimeUTC, вопреки названию, опережает UTC.",
        ),
        kind="number",
        default=3,
    ),
    Option(
        "zones",
        Text("Zones of counters", "Часовые пояса счётчиков"),
        Text(
            "Counter = IANA zone, where Metrika does not tell it.",
            "Счётчик = часовой пояс IANA, если Метрика его не сообщает.",
        ),
        kind="table",
        default={},
    ),
    Option(
        "days_at_once",
        Text("Days at once", "Дней за раз"),
        Text("Days in one log request, at most.", "Не больше стольких дней в одном запросе логов."),
        kind="number",
        default=31,
    ),
    Option(
        "wait_minutes",
        Text("Patience with a request", "Сколько ждать логов"),
        Text(
            "Minutes that a sync waits for one log request; the next sync goes on waiting.",
            "Минут ожидания одного запроса логов; следующая синхронизация ждёт дальше.",
        ),
        kind="number",
        default=120,
    ),
)

CONNECTOR = Connector(
    title=Text("Yandex Metrika", "Яндекс Метрика"),
    base_url="https://api-metrika.yandex.net",
    credentials=CREDENTIALS,
    streams=(
        Stream(
            name="visits",
            title=Text("Visits", "Визиты"),
            facts=("visit",),
            read=_read,
            shape=shape,
            key=key,
        ),
    ),
    sign=_sign,
    options=_OPTIONS,
    oauth=OAUTH,
    classify=classify,
    rate=Rate(5, 1, at_once=2),  # a burst and what follows it stay within 10 requests a second
    reread_days=5,
    conversions=CONVERSIONS,
    check=check,
)
