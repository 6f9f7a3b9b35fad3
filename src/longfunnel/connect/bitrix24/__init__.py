"""Bitrix24: leads, deals, their stages and their people from the portal's CRM, by REST 2.

Source of the protocol: github.com/bitrix24/b24restdocs. A portal opens to an inbound webhook or to an application (OAuth 2 with
rotating refresh tokens).
"""

from __future__ import annotations

from longfunnel.connect._engine import Connector, Credential, Option, Rate, Record, Stream, Way
from longfunnel.connect.bitrix24 import _deleted, _shape, _stages
from longfunnel.connect.bitrix24._access import OAUTH, sign
from longfunnel.connect.bitrix24._check import check
from longfunnel.connect.bitrix24._errors import classify
from longfunnel.connect.bitrix24._hooks import HOOK
from longfunnel.connect.bitrix24._records import CONTACT, DEAL, LEAD, fetcher, reader
from longfunnel.connect.bitrix24._writeback import WRITE_BACK, current, ensure_field, update
from longfunnel.core.text import Text

__all__ = ["CONNECTOR", "current", "ensure_field", "update"]


def _key(record: Record) -> str:
    return str(record["row"]["ID"])


CONNECTOR = Connector(
    title=Text("Bitrix24", "Битрикс24"),
    base_url="",
    credentials=(
        Credential(
            "webhook",
            Text("Inbound webhook", "Входящий вебхук"),
            Text(
                "The whole address https://portal.bitrix24.ru/rest/1/secret/ with the scopes crm and user: Developer resources → Other → Inbound webhook.",
                "Адрес целиком https://portal.bitrix24.ru/rest/1/secret/ с правами crm и user: Разработчикам → Другое → Входящий вебхук.",
            ),
            is_required=False,
        ),
        Credential(
            "portal",
            Text("Portal's address", "Адрес портала"),
            Text("For an application instead of a webhook: portal.bitrix24.ru.", "Для приложения вместо вебхука: portal.bitrix24.ru."),
            is_secret=False,
            is_required=False,
        ),
        Credential("client_id", Text("Application's client_id", "client_id приложения"), is_secret=False, is_required=False),
        Credential("client_secret", Text("Application's client_secret", "client_secret приложения"), is_required=False),
        Credential(
            "refresh_token",
            Text("Refresh token", "Токен обновления"),
            Text("Only where the application was allowed elsewhere.", "Только если приложение разрешили в другом месте."),
            is_required=False,
        ),
        Credential(
            "application_token",
            Text("Token of outgoing webhooks", "Токен исходящих вебхуков"),
            Text("With which the portal signs the events that it sends.", "Которым портал подписывает события, которые шлёт."),
            is_required=False,
        ),
    ),
    ways=(
        Way(
            Text("Webhook (simpler)", "Вебхук (проще)"),
            ("webhook",),
            (
                Text("In Bitrix24 open Developer resources → Other → Inbound webhook.", "В Битрикс24 откройте «Разработчикам» → «Другое» → «Входящий вебхук»."),
                Text("Give it two rights: CRM (crm) and Users (user). Save.", "Дайте два права: CRM (crm) и Пользователи (user). Сохраните."),
                Text("Copy the address «Webhook to call the REST API» into the field below.", "Скопируйте «Вебхук для вызова REST API» в поле ниже."),
            ),
        ),
        Way(
            Text("Application", "Приложение"),
            ("portal", "client_id", "client_secret"),
            (
                Text(
                    "In Bitrix24 open Developer resources → Other → Local application.",
                    "В Битрикс24 откройте «Разработчикам» → «Другое» → «Локальное приложение».",
                ),
                Text("Rights: crm and user. Path of the handler: {back}", "Права: crm и user. Путь обработчика: {back}"),
                Text(
                    "Save, copy client_id and client_secret here; on the next page press «Agree».",
                    "Сохраните, скопируйте сюда client_id и client_secret; на следующей странице нажмите «Подтвердить».",
                ),
            ),
            also=("refresh_token",),
        ),
    ),
    options=(
        Option(
            "pipelines",
            Text("Pipelines", "Воронки"),
            Text("Numbers of the pipelines whose deals to bring; empty: all.", "Номера воронок, сделки которых брать; пусто — все."),
            kind="list",
            default=(),
        ),
        Option(
            "leads",
            Text("Bring leads", "Брать лиды"),
            Text("No for a portal that works without leads.", "Нет, если портал работает без лидов."),
            kind="flag",
            default=True,
        ),
        Option(
            "qualified_statuses",
            Text("Statuses of qualified leads", "Статусы качественных лидов"),
            Text("Besides the converted ones.", "Кроме превращённых в сделку."),
            kind="list",
            default=(),
        ),
        Option("products", Text("Bring products", "Брать товары"), kind="flag", default=True),
        Option(
            "crm_source_is_channel",
            Text("The portal's «source» is the channel", "«Источник» портала — это канал"),
            Text(
                "Where managers set it to the ad that brought the client. No: it only says «call» or «web form».",
                "Если менеджеры ставят туда рекламу, которая привела клиента. Нет: там только «звонок» или «веб-форма».",
            ),
            kind="flag",
            default=False,
        ),
        Option("cost_field", Text("Field with the cost of goods", "Поле с себестоимостью")),
        Option("reason_lost_field", Text("Field with the reason for losing", "Поле с причиной отказа")),
        Option("order_id_field", Text("Field with the shop's order id", "Поле с номером заказа магазина")),
        Option(
            "deletions_hours",
            Text("Hours between searches for deletions", "Часов между поисками удалённого"),
            Text("All ids are read and compared.", "Читаются и сверяются все номера."),
            kind="number",
            default=24,
        ),
    ),
    oauth=OAUTH,
    sign=sign,
    classify=classify,
    # of a leaky bucket of 50 that drains at 2 a second, shared with whatever else asks from this address
    rate=Rate(20, 10.0, at_once=2),
    hook=HOOK,
    write_back=WRITE_BACK,
    check=check,
    streams=(
        Stream(
            "leads", Text("Leads", "Лиды"), ("lead", "identity_link"), reader(LEAD), _shape.lead, _key, fetcher(LEAD),
            is_wanted=lambda options: bool(options.get("leads", True)),
        ),
        Stream("deals", Text("Deals", "Сделки"), ("deal", "identity_link"), reader(DEAL), _shape.deal, _key, fetcher(DEAL)),
        Stream("stages", Text("Stages of deals", "Стадии сделок"), ("stage_entry",), _stages.read, _stages.shape, _key),
        Stream("contacts", Text("Changes of contacts", "Изменения контактов"), ("identity_link",), reader(CONTACT), _shape.contact, _key,
               fetcher(CONTACT)),
        Stream(
            "deleted leads", Text("Deleted leads", "Удалённые лиды"), ("lead",), _deleted.reader(LEAD), _deleted.shape("lead"), _key,
            is_wanted=lambda options: bool(options.get("leads", True)),
        ),
        Stream("deleted deals", Text("Deleted deals", "Удалённые сделки"), ("deal",), _deleted.reader(DEAL), _deleted.shape("deal"), _key),
    ),
)  # fmt: skip
