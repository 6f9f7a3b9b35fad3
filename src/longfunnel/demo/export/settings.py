"""The longfunnel.toml of the invented business: how each export's columns are read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longfunnel.demo.catalogue import BUSINESS, STATUSES
from longfunnel.demo.scale import FIRST_DAY

if TYPE_CHECKING:
    from longfunnel.demo.scale import Language, Scale

UTM = {
    "source": "utm_source",
    "medium": "utm_medium",
    "campaign": "utm_campaign",
    "content": "utm_content",
    "term": "utm_term",
}
RUSSIAN_UTM = {ours: f"UTM {ours.capitalize()}" for ours in UTM}
DIRECT = {
    "day_on": "Дата", "campaign_id": "№ Кампании", "campaign": "Кампания", "ad_group": "Группа",
    "term": "Условие показа",
    "content": "№ Объявления", "impressions": "Показы", "clicks": "Клики", "cost": "Расход, руб. с НДС",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One [[source]] of the file."""

    name: str
    path: str
    fact: str
    columns: dict[str, str]
    constants: dict[str, str | bool] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    options: dict[str, str | int] = field(default_factory=dict)


def entries(scale: Scale, language: Language) -> list[Entry]:
    """Every source of the business."""
    status = {
        "status": {words.say(language): ours for words, ours in zip(STATUSES, ("open", "won", "lost"), strict=True)}
    }
    bitrix: dict[str, str | int] = {"system": "bitrix24"}
    amo: dict[str, str | int] = {"system": "amocrm"}
    return [
        Entry("yandex_direct_search", "data/ads/yandex_direct_search.tsv", "spend", DIRECT,
              {"source": "yandex", "medium": "cpc", "account": "kedr-klen", "currency": "RUB", "has_vat": True},
              options={"skip_rows": 1}),
        Entry("yandex_direct_network", "data/ads/yandex_direct_network.tsv", "spend", DIRECT,
              {"source": "yandex", "medium": "display", "account": "kedr-klen", "currency": "RUB", "has_vat": True},
              options={"skip_rows": 1}),
        Entry("vk_ads", "data/ads/vk_ads.csv", "spend",
              {"day_on": "День", "campaign_id": "ID кампании", "campaign": "Кампания",
              "ad_group": "Группа объявлений", "content": "Объявление",
               "impressions": "Показы", "clicks": "Клики", "cost": "Потрачено всего, ₽"},
              {"source": "vk", "medium": "cpc", "account": "vk-kedr", "currency": "RUB", "has_vat": False}),
        Entry("telegram_ads", "data/ads/telegram_ads.csv", "spend",
              {"day_on": "Date", "campaign": "Campaign", "content": "Ad", "impressions": "Views", "clicks": "Clicks",
              "cost": "Spent",
               "currency": "Currency"}, {"source": "telegram", "medium": "cpc"}),
        Entry("other_costs", "data/ads/other_costs.csv", "spend",
              {"day_on": "Месяц", "account": "Статья", "source": "utm_source", "medium": "utm_medium",
              "campaign": "utm_campaign",
               "cost": "Сумма"}, {"currency": "RUB"}),
        Entry("fx_rates", "data/fx_rates.csv", "fx_rate", {"day_on": "Дата", "currency": "Валюта", "rate": "Курс"}),
        Entry("site_events", f"data/site/events-*.{scale.events_format}", "event",
              {"event_id": "event_id", "happened_at": "time", "name": "event", "visitor_id": "visitor_id",
              "user_id": "user_id",
               "ym_client_id": "ym_uid", "yclid": "yclid", "vkclid": "rb_clickid", "url": "url", "page": "path",
               "referrer": "referrer",
               **UTM, "device": "device", "region": "city", "order_id": "order_id", "amount": "amount",
               "currency": "currency"}),
        Entry("site_forms", "data/site/forms.jsonl", "lead",
              {"lead_id": "id", "created_at": "sent_at", "name": "name", "phone": "phone", "email": "email",
              "company": "company",
               "product": "product", "landing_page": "page", "visitor_id": "visitor_id", "ym_client_id": "ym_uid",
               "yclid": "yclid",
               "vkclid": "rb_clickid", **UTM, "device": "device", "props.form": "form"}, {"kind": "form"},
               options={"system": "site"}),
        Entry("accounts", "data/site/accounts.csv", "identity_link", {"value_a": "user_id", "value_b": "email"},
              {"kind_a": "user", "kind_b": "email"}),
        Entry("account_phones", "data/site/account_phones.csv", "identity_link", {"value_a": "user_id",
              "value_b": "phone"},
              {"kind_a": "user", "kind_b": "phone"}),
        Entry("calls", "data/calltouch/calls.csv", "call",
              {"call_id": "ID звонка", "started_at": "Дата и время звонка", "phone": "Номер телефона",
              "tracking_number": "Номер Calltouch",
               "duration_seconds": "Длительность звонка", "wait_seconds": "Длительность ожидания",
               "is_answered": "Статус",
               "is_target": "Целевой", "is_unique": "Уникальный", "manager": "Менеджер", **RUSSIAN_UTM,
               "ym_client_id": "ClientID Яндекс.Метрика", "region": "Город"},
              values={"is_answered": {"Успешный": "true", "Неуспешный": "false"}}, options={"system": "calltouch"}),
        Entry("bitrix24_leads", "data/bitrix24/leads*.csv", "lead",
              {"lead_id": "ID", "created_at": "Дата создания", "name": "Имя", "phone": "Телефон", "email": "E-mail",
              **RUSSIAN_UTM,
               "ym_client_id": "YM Client ID", "quality": "Статус", "is_qualified": "Качественный",
               "manager": "Ответственный",
               "product": "Товар", "audience": "Сегмент", "region": "Город", "contact_id": "Контакт: ID",
               "props.origin": "Источник"},
              {"kind": "crm"}, options=bitrix),
        Entry("amocrm_incoming", "data/amocrm/incoming.csv", "lead",
              {"lead_id": "ID заявки", "created_at": "Дата заявки", "name": "Имя", "company": "Компания",
              "phone": "Телефон"},
              {"kind": "call"}, options=amo),
        Entry("bitrix24_deals", "data/bitrix24/deals_*.csv", "deal",
              {"deal_id": "ID", "name": "Название сделки", "pipeline": "Воронка", "stage": "Стадия сделки",
              "status": "Состояние",
               "amount": "Сумма", "currency": "Валюта", "cost_of_goods": "Себестоимость", "manager": "Ответственный",
               "created_at": "Дата создания", "closed_at": "Дата закрытия", "modified_at": "Дата изменения",
               "lead_id": "Лид: ID",
               "contact_id": "Контакт: ID", "phone": "Контакт: Телефон", "email": "Контакт: E-mail",
               "order_id": "Номер заказа",
               "product": "Товар", "audience": "Сегмент", "region": "Город", "reason_lost": "Причина отказа",
               "is_repeat": "Повторное обращение"}, values=status, options=bitrix),
        Entry("bitrix24_stages", "data/bitrix24/stages.csv", "stage_entry",
              {"deal_id": "ID сделки", "pipeline": "Воронка", "stage": "Стадия", "stage_number": "Номер стадии",
              "entered_at": "Дата перехода",
               "manager": "Сотрудник"}, options=bitrix),
        Entry("amocrm_deals", "data/amocrm/deals.csv", "deal",
              {"deal_id": "ID", "name": "Название сделки", "pipeline": "Воронка", "stage": "Этап сделки",
              "status": "Результат",
               "amount": "Бюджет ₽", "cost_of_goods": "Себестоимость", "manager": "Ответственный",
               "created_at": "Дата создания сделки",
               "closed_at": "Дата закрытия", "modified_at": "Дата редактирования", "contact_id": "Контакт ID",
               "company": "Компания контакта",
               "phone": "Рабочий телефон", "email": "Рабочий email", **UTM, "ym_client_id": "_ym_uid",
               "product": "Товар",
               "region": "Регион", "reason_lost": "Причина отказа", "is_repeat": "Повторная"},
              {"currency": "RUB"}, values=status, options=amo),
        Entry("amocrm_stages", "data/amocrm/stages.csv", "stage_entry",
              {"deal_id": "deal_id", "pipeline": "pipeline", "stage": "status", "stage_number": "position",
              "entered_at": "created_at",
               "manager": "user"}, options=amo),
        Entry("payments", f"data/1c/payments.{scale.payments_format}", "payment",
              {"payment_id": "Номер документа", "paid_at": "Дата", "kind": "Вид операции", "amount": "Сумма",
              "currency": "Валюта",
               "order_id": "Номер заказа", "phone": "Телефон плательщика", "method": "Способ оплаты"},
              values={"kind": {"Оплата": "payment", "Возврат": "refund"}}, options=bitrix),
        Entry("corporate_payments", "data/bank/corporate_payments.csv", "payment",
              {"payment_id": "Номер п/п", "paid_at": "Дата платежа", "amount": "Сумма", "deal_id": "ID сделки"},
              {"currency": "RUB", "method": "Счёт"}, options=amo),
        Entry("nps", "data/nps.json", "survey_answer",
              {"answer_id": "id", "answered_at": "answered", "order_id": "order", "email": "email", "score": "score"},
              {"kind": "nps"}),
        Entry("mailings", "data/mailings.csv", "message",
              {"message_id": "message_id", "kind": "event", "happened_at": "time", "campaign": "campaign",
              "email": "email"},
              {"medium": "email"}),
    ]  # fmt: skip


def settings_text(scale: Scale, language: Language) -> str:
    """The text of longfunnel.toml."""
    lines = [
        "# An invented business. truth.json tells what was planted in its files.",
        "[business]",
        f"name = {_quoted(BUSINESS.say(language))}",
        'currency = "RUB"',
        'timezone = "Europe/Moscow"',
        f"language = {_quoted(language)}",
        "",
        "[counting]",
        f"tracking_since = {_quoted(FIRST_DAY.isoformat())}",
    ]
    for entry in entries(scale, language):
        lines += ["", "[[source]]", f"name = {_quoted(entry.name)}", 'type = "file"', f"path = {_quoted(entry.path)}"]
        lines.append(f"fact = {_quoted(entry.fact)}")
        lines += [f"{name} = {_quoted(value)}" for name, value in entry.options.items()]
        lines += [f"columns.{ours} = {_quoted(theirs)}" for ours, theirs in entry.columns.items()]
        lines += [f"constants.{ours} = {_quoted(value)}" for ours, value in entry.constants.items()]
        for ours, words in entry.values.items():
            lines += [f"values.{ours}.{_quoted(theirs)} = {_quoted(value)}" for theirs, value in words.items()]
    return "\n".join(lines) + "\n"


def _quoted(value: str | float | bool) -> str:
    """A value as TOML writes it: a JSON string is a TOML string too."""
    return json.dumps(value, ensure_ascii=False)
