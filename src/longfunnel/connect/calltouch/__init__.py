"""Calltouch: the journal of calls and the requests that visitors left on the site.

Both change for some days after they happened (marks, orders, who was called back), so that each sync reads the last week again.
The webhook preset of the same name tells the same calls and requests by the same ids: nothing is counted twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import (
    Access,
    Api,
    Call,
    ConnectError,
    Connector,
    Credential,
    ExpiredError,
    ForbiddenError,
    Option,
    Rate,
    Record,
    RefusedError,
    Stream,
    usual_error,
)
from longfunnel.connect._engine.understanding import content_key
from longfunnel.connect.calltouch._meaning import shape_call, shape_request
from longfunnel.connect.calltouch._reading import CALLS_DAY, REST, read_calls, read_requests, sites_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx


def _key(name: str) -> Callable[[Record], str]:
    return lambda record: str(record.get(name) or content_key(record))


def _sign(access: Access) -> Call:
    return Call(params={"clientApiId": access.token})


def _trouble(response: httpx.Response) -> ConnectError | None:
    """Calltouch does not document its errors: the status is what there is."""
    status = response.status_code
    hint = Text(
        "Check the token (Integrations, Sending data to outside systems, API) and that the site belongs to it.",
        "Проверьте токен («Интеграции» → «Отправка данных во внешние системы» → «API») и что сайт относится к нему.",
    )
    told = Text("Calltouch answered {status}: {said}", "Calltouch отвечает {status}: {said}").format(
        status=status, said=response.text[:200].strip() or response.reason_phrase
    )
    if status == 401:
        return ExpiredError(told, hint=hint)
    if status == 403:
        return ForbiddenError(told, hint=hint)
    return RefusedError(told, hint=hint) if status in (400, 404, 422) else usual_error(response)


async def _check(api: Api, options: Mapping[str, Any]) -> list[Record]:
    """Each site's calls of today can be asked for."""
    day = datetime.now(UTC).strftime(CALLS_DAY)
    sites = sites_of(options)
    for site in sites:
        await api.get(f"{REST}/{site}/calls-diary/calls", {"dateFrom": day, "dateTo": day, "page": 1, "limit": 1})
    return [{"option": "sites", "value": site, "title": site} for site in sites]


CONNECTOR = Connector(
    title=Text("Calltouch", "Calltouch"),
    base_url="https://api.calltouch.ru",
    credentials=(
        Credential(
            "token",
            Text("API token", "Токен API"),
            Text(
                "In Calltouch under Integrations, Sending data to outside systems, API.",
                "В Calltouch: «Интеграции» → «Отправка данных во внешние системы» → «API».",
            ),
        ),
    ),
    options=(
        Option(
            "sites",
            Text("Sites", "Сайты"),
            Text("Calltouch's ids of the sites, as [12345].", "ID сайтов в Calltouch, например [12345]."),
            kind="list",
            is_required=True,
        ),
        Option(
            "attribution",
            Text("Attribution", "Атрибуция"),
            Text(
                "0: last interaction, 1: last non-direct. Not set: as the cabinet has it.",
                "0: последнее взаимодействие, 1: последнее непрямое. Не задано: как в кабинете.",
            ),
            kind="number",
        ),
        Option(
            "calls_as_leads",
            Text("Calls that are leads", "Какие звонки считать лидами"),
            Text(
                "none, unique_target, target, unique or all: where no CRM tells of the leads that called.",
                "none, unique_target, target, unique или all: если о позвонивших лидах не сообщает CRM.",
            ),
            default="none",
        ),
    ),
    sign=_sign,
    classify=_trouble,
    rate=Rate(3, at_once=2),
    reread_days=7,
    timezone="Europe/Moscow",
    has_global_ids=True,
    streams=(
        Stream("calls", Text("Calls", "Звонки"), ("call", "lead"), read_calls, shape_call, _key("callId")),
        Stream("requests", Text("Requests", "Заявки"), ("lead",), read_requests, shape_request, _key("requestId")),
    ),
    check=_check,
)
