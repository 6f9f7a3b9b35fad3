"""The closed list of reasons why money or a person's step stands under no channel, each with what to do about it.

A row of the ledger (spend, deal, payment) has either a channel or exactly one of these codes. The last ones say why spend that
has a channel meets no visit and no lead as finely as it could.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from longfunnel.core.text import Text


class Reason(StrEnum):
    """The codes, as they stand in the ``reason`` columns of the derived tables."""

    DELETED = "deleted"
    DUPLICATE = "duplicate"
    CURRENCY_MISSING = "currency_missing"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    SHARED_IDENTIFIER = "shared_identifier"
    BEFORE_TRACKING = "before_tracking"
    OUTSIDE_LOOKBACK = "outside_lookback"
    LEAD_WITHOUT_SOURCE = "lead_without_source"
    UNKNOWN_SOURCE = "unknown_source"
    SOURCE_MISSING = "source_missing"
    NO_LEAD = "no_lead"
    PAYMENT_WITHOUT_PERSON = "payment_without_person"
    REFUND_WITHOUT_ORDER = "refund_without_order"
    SPEND_WITHOUT_SOURCE = "spend_without_source"
    CHANNEL_WITHOUT_VISITS = "channel_without_visits"
    CAMPAIGN_WITHOUT_VISITS = "campaign_without_visits"
    AD_GROUP_WITHOUT_VISITS = "ad_group_without_visits"
    KEYWORD_WITHOUT_VISITS = "keyword_without_visits"
    AD_WITHOUT_VISITS = "ad_without_visits"


@dataclass(frozen=True)
class Explained:
    """A reason as people read it."""

    title: Text
    advice: Text
    """What to do about it."""


REASONS: Final[dict[Reason, Explained]] = {
    Reason.DELETED: Explained(
        Text("Deleted in the CRM", "Удалено в CRM"),
        Text(
            "Counted nowhere. Restore the row in the CRM if it was deleted by mistake.",
            "Нигде не считается. Восстановите запись в CRM, если она удалена по ошибке.",
        ),
    ),
    Reason.DUPLICATE: Explained(
        Text("The same row from two sources", "Та же строка из двух источников"),
        Text(
            "Another source gives the same id, or the spend of the same account on that day, and is the one that counts. Remove one source, or give each "
            "its own system = \"…\"; two accounts of one name need different names.",
            "Считается строка другого источника: с тем же номером или с расходом того же кабинета за этот день. Уберите один источник или задайте "
            "каждому свой system = \"…\"; двум кабинетам с одним именем дайте разные имена.",
        ),
    ),
    Reason.CURRENCY_MISSING: Explained(
        Text("The currency is missing", "Не указана валюта"),
        Text(
            "Other rows of this source name a currency and these do not. Fill it in the source, or name it for the whole source: the source's page, its "
            "mapping (constants.currency).",
            "У других строк источника валюта есть, у этих нет. Заполните её в источнике или укажите сразу для всего источника: страница источника, "
            "соответствие столбцов (constants.currency).",
        ),
    ),
    Reason.NO_EXCHANGE_RATE: Explained(
        Text("No exchange rate on or before the day", "Нет курса валюты на этот день или раньше"),
        Text(
            "Import rates of this currency as fact fx_rate, from the earliest day of the money.",
            "Загрузите курсы этой валюты как факт fx_rate, начиная с самого раннего дня.",
        ),
    ),
    Reason.SHARED_IDENTIFIER: Explained(
        Text("The identifier is shared by many contacts", "Общий идентификатор"),
        Text(
            "A phone or e-mail of many contacts links nobody. Add another identifier to these rows, or raise the limit: Settings, Shared "
            "identifiers ([guards]).",
            "Телефон или почта многих контактов никого не связывает. Добавьте строкам другой идентификатор или поднимите предел: Настройки, Общие "
            "идентификаторы ([guards]).",
        ),
    ),
    Reason.BEFORE_TRACKING: Explained(
        Text("Before tracking began", "До начала отслеживания"),
        Text(
            "It happened before visits were tracked. Import older visits, or name the source in the lead or the deal.",
            "Это случилось раньше, чем начали собирать визиты. Загрузите старые визиты или укажите источник в заявке или сделке.",
        ),
    ),
    Reason.OUTSIDE_LOOKBACK: Explained(
        Text("Outside the lookback window", "Вне окна атрибуции"),
        Text(
            "The person's touches are earlier than the window. If your clients think longer, widen it: Settings, Counting (lookback_days).",
            "Касания человека раньше начала окна. Если клиенты думают дольше, расширьте его: Настройки, Правила счёта (lookback_days).",
        ),
    ),
    Reason.LEAD_WITHOUT_SOURCE: Explained(
        Text("The lead has no source", "Заявка без источника"),
        Text(
            "Pass UTM marks or a visitor id with the form, or fill the source in the CRM.",
            "Передавайте с формой UTM-метки или идентификатор посетителя либо заполняйте источник в CRM.",
        ),
    ),
    Reason.UNKNOWN_SOURCE: Explained(
        Text("The source matches no channel", "Источник не подходит ни под один канал"),
        Text(
            "Add a [[channel]] rule for this source and medium.",
            "Добавьте правило [[channel]] для этих source и medium.",
        ),
    ),
    Reason.SOURCE_MISSING: Explained(
        Text("The visit has no source", "Визит без источника"),
        Text(
            "The source of visits brings no marks and no referrer. Map its columns source, medium, campaign or referrer.",
            "В источнике визитов нет ни меток, ни реферера. Сопоставьте столбцы source, medium, campaign или referrer.",
        ),
    ),
    Reason.NO_LEAD: Explained(
        Text("No lead and no touch behind the sale", "За продажей нет ни заявки, ни касания"),
        Text(
            "Neither a lead nor a visit of this person is known. Give deals and payments a lead_id, phone, e-mail or visitor id.",
            "Ни заявка, ни визит этого человека не известны. Передавайте в сделках и оплатах lead_id, телефон, почту или номер посетителя.",
        ),
    ),
    Reason.PAYMENT_WITHOUT_PERSON: Explained(
        Text("The payment names nobody", "В оплате никто не назван"),
        Text(
            "Give payments an order_id, deal_id, phone or e-mail, so that they meet their deal.",
            "Передавайте в оплатах order_id, deal_id, телефон или почту, чтобы они нашли свою сделку.",
        ),
    ),
    Reason.REFUND_WITHOUT_ORDER: Explained(
        Text("The refund meets no order", "Возврат не нашёл заказа"),
        Text(
            "Give the refund the order_id or deal_id of what is returned.",
            "Передавайте в возврате order_id или deal_id того, что возвращено.",
        ),
    ),
    Reason.SPEND_WITHOUT_SOURCE: Explained(
        Text("Spend without a source", "Расход без источника"),
        Text(
            "Set constants.source and constants.medium in the [[source]] that brings this spend.",
            "Задайте constants.source и constants.medium в том [[source]], который приносит этот расход.",
        ),
    ),
    Reason.CHANNEL_WITHOUT_VISITS: Explained(
        Text("No visit or lead of this channel", "Нет визитов и заявок этого канала"),
        Text(
            "Mark the ads' links with utm_source and utm_medium, and see that visits are collected.",
            "Разметьте ссылки в объявлениях: utm_source и utm_medium — и проверьте, что визиты собираются.",
        ),
    ),
    Reason.CAMPAIGN_WITHOUT_VISITS: Explained(
        Text("No visit or lead of this campaign", "Нет визитов и заявок этой кампании"),
        Text(
            "See what longfunnel match proposes; or put the campaign's id into the links: utm_campaign={campaign_id}.",
            "Посмотрите, что предлагает longfunnel match; или добавьте в ссылки номер кампании: utm_campaign={campaign_id}.",
        ),
    ),
    Reason.AD_GROUP_WITHOUT_VISITS: Explained(
        Text("No visit or lead of this ad group", "Нет визитов и заявок этой группы объявлений"),
        Text(
            "Put the ad group, the keyword or the ad into the links, and say where in a [[match]] rule.",
            "Добавьте в ссылки группу, фразу или объявление и укажите место в правиле [[match]].",
        ),
    ),
    Reason.KEYWORD_WITHOUT_VISITS: Explained(
        Text("No visit or lead of this keyword", "Нет визитов и заявок этой фразы"),
        Text(
            "Put the keyword into the links: utm_term={keyword}; where it stands elsewhere, say so in a [[match]] rule.",
            "Добавьте в ссылки фразу: utm_term={keyword}; если она в другом месте, укажите его в правиле [[match]].",
        ),
    ),
    Reason.AD_WITHOUT_VISITS: Explained(
        Text("No visit or lead of this ad", "Нет визитов и заявок этого объявления"),
        Text(
            "Put the ad's id into the links: utm_content={ad_id}; where it stands elsewhere, say so in a [[match]] rule.",
            "Добавьте в ссылки номер объявления: utm_content={ad_id}; если он в другом месте, укажите его в правиле [[match]].",
        ),
    ),
}  # fmt: skip

UNMET: Final = {
    "channel": Reason.CHANNEL_WITHOUT_VISITS,
    "campaign": Reason.CAMPAIGN_WITHOUT_VISITS,
    "ad_group": Reason.AD_GROUP_WITHOUT_VISITS,
    "keyword": Reason.KEYWORD_WITHOUT_VISITS,
    "ad": Reason.AD_WITHOUT_VISITS,
}
"""The levels at which cost meets visits, coarsest first, each with the reason of what does not meet there."""
