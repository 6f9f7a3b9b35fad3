"""What exports call our columns: the words of Russian and English headers, as one spelling each (see ``plain``)."""

from __future__ import annotations

import re

from longfunnel.connect._shared_words import COMMON, CONTACT, MARKETING, VISITOR, words

_CAMEL = re.compile(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])")
_UNIT = re.compile(
    r"\([^)]*\)|\[[^\]]*\]|,\s*(руб|р|rub|usd|eur|₽|\$|€|%|шт|сек|мин|с ндс|без ндс|sec|s).*$", re.IGNORECASE
)

FILLERS = frozenset(
    [
        "client",
        "customer",
        "lead",
        "deal",
        "contact",
        "user",
        "person",
        "the",
        "of",
        "a",
        "order",
        "call",
        "visit",
        "session",
        "event",
        "opportunity",
        "сделки",
        "сделка",
        "лида",
        "лид",
        "контакта",
        "контакт",
        "клиента",
        "клиент",
        "заявки",
        "заявка",
        "заказа",
        "заказ",
        "пользователя",
        "посетителя",
        "звонка",
        "звонок",
        "визита",
        "визит",
        "события",
        "платежа",
        "оплаты",
        "обращения",
        "рабочий",
        "рабочая",
        "основной",
        "main",
        "primary",
        "work",
        "мобильный",
        "mobile",
        "full",
    ]
)
"""Words that say whose value it is, not what it is."""


def plain(header: str) -> str:
    """A header in one spelling: words of lower case parted by spaces, without units and signs."""
    text = _CAMEL.sub(" ", _UNIT.sub("", header.replace("\u00a0", " ")).replace("№", " номер "))
    return " ".join(re.findall(r"[a-zа-я0-9]+", text.lower().replace("ё", "е")))


SYNONYMS: dict[str, dict[str, tuple[str, ...]]] = {
    "spend": {
        "day_on": words(
            "date|day|дата|день|date day|reporting starts|начало отчетного периода|дата начала|date start"
            "|месяц|month|период|неделя|week"
        ),
        "account": words(
            "account|account name|аккаунт|кабинет|логин|client login|рекламный кабинет|customer id|статья"
            "|account id"
        ),
        "campaign_id": words("campaign id|id кампании|номер кампании|кампания номер|идентификатор кампании"),
        "ad_group": words(
            "ad group|ad group name|adset name|ad set name|ad set|группа объявлений|группа|название группы"
            "|название группы объявлений|adgroup|ad group id|название группы объявления"
        ),
        "ad": words("ad|ad name|объявление|название объявления|креатив|creative|баннер"),
        "impressions": words(
            "impressions|impr|показы|показов|views|shows|просмотры|количество показов|impressions count"
        ),
        "clicks": words(
            "clicks|клики|кликов|link clicks|клики по ссылке|количество кликов|переходы|advertiser ad clicks"
            "|все клики"
        ),
        "cost": words(
            "cost|spend|spent|amount spent|расход|расходы|затраты|потрачено|потрачено всего|стоимость|сумма"
            "|сумма затрат|бюджет|money spent|total cost|ad spend|ad cost|рекламный расход|расход всего"
            "|advertiser ad cost|amount|costs|total spent|сумма расхода"
        ),
        "visits": words("visits|sessions|визиты|сессии"),
        "leads": words(
            "leads|лиды|заявки|conversions|конверсии|результаты|results|цели|достижения цели|goals"
            "|results count"
        ),
        "orders": words("orders|purchases|заказы|покупки|продажи"),
        "revenue": words(
            "revenue|доход|выручка|conv value|conversion value|purchase revenue|ценность конверсии"
            "|conversions value"
        ),
        **{name: MARKETING[name] for name in ("source", "medium", "campaign", "content", "term")},
        **{name: COMMON[name] for name in ("currency", "device", "region")},
    },
    "event": {
        "event_id": words("event id|id события|hit id|watch id|id|message id|ym pv watch id"),
        "happened_at": words(
            "time|timestamp|happened at|event time|event timestamp|date time|datetime|date|дата|время"
            "|дата и время|created at|occurred at|event date|дата события|ts|sent at"
        ),
        "name": words("event|event name|name|action|type|event type|событие|название события|действие|тип события"),
        "session_id": words("session id|session|ga session id|id сессии|visit id|id визита"),
        "url": words("url|page url|page location|адрес страницы|location|страница url|current url|href"),
        "page": words("page|path|page path|страница|путь"),
        "title": words("title|page title|заголовок"),
        "order_id": words("order id|transaction id|номер заказа|id заказа|order"),
        "amount": words("amount|value|revenue|price|сумма|стоимость|event value"),
        **MARKETING, **VISITOR, "email": CONTACT["email"], "phone": CONTACT["phone"],
        **{name: COMMON[name] for name in ("currency", "device", "region")},
    },
    "visit": {
        "visit_id": words(
            "visit id|session id|id визита|id сессии|номер визита|ym s visit id|ga session id|sessionid"
            "|visitid|session"
        ),
        "started_at": words(
            "started at|start time|start|session start|дата и время|дата визита|время визита|ym s date time"
            "|date time|дата|date|visit date|session date|время начала|begin|first hit time|timestamp"
            "|дата и время визита"
        ),
        "ended_at": words("ended at|end time|end|session end|время окончания"),
        "pages": words("pages|page views|pageviews|просмотры|глубина просмотра|ym s page views|просмотров|hits"),
        "duration_seconds": words(
            "duration|duration seconds|time on site|время на сайте|длительность|ym s visit duration"
            "|visit duration|session duration|длительность визита"
        ),
        "is_bounce": words("is bounce|bounce|отказ|отказы|ym s bounce|bounced"),
        "goals": words("goals|goals id|цели|достигнутые цели|ym s goals id"),
        "order_id": words("order id|transaction id|номер заказа|purchase id"),
        "revenue": words("revenue|доход|выручка|purchase revenue"),
        **MARKETING, **VISITOR,
        **{name: COMMON[name] for name in ("currency", "device", "region")},
    },
    "lead": {
        "lead_id": words(
            "lead id|mql id|id лида|id заявки|номер заявки|request id|id|номер|лид id|record id|заявка"
            "|номер лида|submission id|conversation id|response id|contact id|id обращения|номер обращения"
            "|number|no|lead number|request number|lead no"
        ),
        "created_at": words(
            "created at|created|created date|created time|create date|date created|first contact date"
            "|first contact|дата создания|дата заявки|дата|date|время лида|дата обращения|дата и время"
            "|дата лида|submitted at|timestamp|time|lead date|время создания|дата и время заявки|date create"
            "|conversion date|дата добавления|request date|sent at|time stamp|дата и время создания|время|когда"
            "|date received|received at|date time|datetime|дата поступления|поступила"
        ),
        "kind": words("lead type|kind|type|тип лида|тип заявки|тип обращения|вид обращения|тип"),
        "name": words(
            "name|full name|имя|фио|имя клиента|contact name|first name|lead name|имя контакта"
            "|контактное лицо|контакт имя"
        ),
        "is_qualified": words(
            "is qualified|qualified|качественный|целевой|квалифицирован|is mql|is sql|целевая заявка|целевая"
            "|target request"
        ),
        "quality": words(
            "status|lead status|статус|статус лида|стадия|quality|качество|статус заявки|lead stage"
            "|lifecycle stage|rating"
        ),
        "visit_id": words("visit id|session id|id визита|id сессии"),
        **CONTACT, **VISITOR, **MARKETING,
        **{name: COMMON[name] for name in ("manager", "product", "region", "audience", "device", "company", "is_deleted")},
    },
    "call": {
        "call_id": words("call id|id звонка|id|номер звонка|uid|callid|sip call id|record id|conversation id"),
        "started_at": words(
            "started at|call date|date|дата|дата звонка|дата и время|дата и время звонка|start time"
            "|call start|время звонка|time|call time|timestamp|created at|date time"
        ),
        "tracking_number": words(
            "tracking number|phone number|номер calltouch|виртуальный номер|подменный номер|called number"
            "|куда звонил|коллтрекинговый номер|набранный номер|destination|номер назначения|redirect number"
            "|to number"
        ),
        "phone": words(
            "caller number|caller|phone|номер звонящего|номер клиента|номер телефона|номер абонента"
            "|откуда звонил|callerid|caller id|caller phone|from number|аон|телефон|номер|source number"
        ),
        "duration_seconds": words(
            "duration|duration seconds|call duration|длительность|длительность звонка|длительность разговора"
            "|talk time|продолжительность|billsec|длительность сек"
        ),
        "wait_seconds": words(
            "wait|wait time|waiting connect|ожидание|время ожидания|длительность ожидания|wait seconds"
            "|ожидание ответа"
        ),
        "is_answered": words(
            "is answered|answered|status|статус|статус звонка|отвечен|успешный|successful|результат"
            "|call status|disposition|результат звонка"
        ),
        "is_unique": words("is unique|unique|unique call|уникальный|уникальный звонок|первый звонок|первичный"),
        "is_target": words("is target|target|target call|целевой|целевой звонок|качественный"),
        "is_outgoing": words("is outgoing|outgoing|исходящий"),
        "tags": words("tags|call tags|теги|теги звонка|метки|тег"),
        "visit_id": words("session id|visit id|id сессии|id визита"),
        "contact_id": CONTACT["contact_id"], **VISITOR, **MARKETING,
        "manager": COMMON["manager"], "region": COMMON["region"],
    },
    "deal": {
        "deal_id": words(
            "deal id|id сделки|id|номер сделки|opportunity id|record id|hs object id|сделка id|номер"
            "|deal number|hubspot deal id|код сделки|сделка|id заказа crm"
        ),
        "lead_id": words("lead id|mql id|id лида|лид id|лид|source lead id|converted lead id"),
        "created_at": words(
            "created at|created|created date|created time|create date|date created|createdate|дата создания"
            "|дата создания сделки|date create|дата открытия|open date|дата|дата сделки|дата начала|begindate"
            "|begin date|opened at"
        ),
        "closed_at": words(
            "closed at|close date|closing date|closed date|closedate|дата закрытия|дата завершения|won date"
            "|дата продажи|won time|lost time|won at|дата выигрыша|предполагаемая дата закрытия|закрыта"
            "|дата оплаты|date closed|closing time|actual close date"
        ),
        "status": words(
            "status|deal status|статус|статус сделки|состояние|результат|outcome|result|won"
            "|stage semantic id|итог|is won|исход|deal outcome"
        ),
        "pipeline": words(
            "pipeline|воронка|funnel|направление|category|category id|deal pipeline|sales pipeline"
            "|направление сделки"
        ),
        "stage": words(
            "stage|deal stage|stage name|dealstage|этап|стадия|стадия сделки|этап сделки|stage id"
            "|sales stage|статус воронки|deal stage label"
        ),
        "amount": words(
            "amount|deal amount|value|deal value|сумма|бюджет|сумма сделки|opportunity|price|revenue|sale"
            "|стоимость|выручка|total|бюджет сделки|opportunity amount|amount in home currency|сумма оплаты"
            "|contract value|deal size"
        ),
        "cost_of_goods": words("cost of goods|cogs|себестоимость|cost|закупка"),
        "order_id": words("order id|номер заказа|id заказа|order number|заказ"),
        "name": words("name|title|deal name|dealname|название|название сделки|opportunity name|наименование|тема"),
        "reason_lost": words(
            "reason lost|lost reason|loss reason|причина отказа|причина проигрыша|closed lost reason"
            "|причина закрытия|reason for loss|почему отказ|причина потери"
        ),
        "is_repeat": words(
            "is repeat|repeat|повторная|повторное обращение|повторная сделка|is return customer"
            "|returning customer|повторный клиент|type repeat"
        ),
        "modified_at": words(
            "modified at|modified|modified time|last modified date|last modified|date modify|дата изменения"
            "|дата редактирования|updated at|hs lastmodifieddate|дата обновления|last updated"
            "|дата последнего изменения"
        ),
        **CONTACT, **VISITOR, **MARKETING,
        **{name: COMMON[name] for name in ("currency", "manager", "product", "region", "audience", "company", "is_deleted")},
    },
    "stage_entry": {
        "deal_id": words("deal id|id сделки|opportunity id|owner id|сделка|potential name|potential id|deal|id"),
        "entered_at": words(
            "entered at|entry time|date entered|дата перехода|дата входа|changed at|created time|created at"
            "|created date|timestamp|time|дата|дата смены стадии|moved at|modified time|date|дата и время"
            "|when"
        ),
        "pipeline": words("pipeline|воронка|category id|направление|funnel"),
        "stage": words(
            "stage|stage id|new stage|to stage|стадия|этап|status|stage name|новая стадия|новый этап|статус"
            "|в стадию"
        ),
        "stage_number": words("stage number|position|номер стадии|номер этапа|sort|порядок"),
        "manager": COMMON["manager"],
    },
    "payment": {
        "payment_id": words(
            "payment id|id платежа|номер платежа|номер документа|transaction id|id|receipt|номер п п"
            "|charge id|id транзакции|payment number|invoice id|номер счета|номер чека|номер оплаты"
        ),
        "paid_at": words(
            "paid at|payment date|date|дата|дата платежа|дата оплаты|paid|payment time|converted at"
            "|created at|timestamp|purchase date|purchased at|transaction date|order date|дата операции"
            "|дата заказа|invoice date|дата и время|created"
        ),
        "kind": words("kind|type|payment type|вид операции|тип операции|тип|операция|тип платежа"),
        "amount": words(
            "amount|sum|revenue|total|value|сумма|сумма платежа|сумма оплаты|price|dollar value|оплачено"
            "|итого|amount paid|приход|сумма заказа|gross|net amount|сумма операции|order total|unit price"
        ),
        "order_id": words("order id|order|номер заказа|id заказа|order number|заказ|invoice no|invoice"),
        "deal_id": words("deal id|id сделки|сделка id|opportunity id|сделка"),
        "cost_of_goods": words("cost of goods|cogs|себестоимость"),
        "method": words("method|payment method|способ оплаты|вид оплаты|форма оплаты"),
        **CONTACT, "user_id": (*VISITOR["user_id"], "client", "member"), "currency": COMMON["currency"],
        "product": (*COMMON["product"], "description"),
    },
    "message": {
        "message_id": words("message id|id сообщения|id письма|email id|id|send id"),
        "kind": words("kind|event|event type|событие|status|статус|action|type|тип события"),
        "happened_at": words("happened at|time|timestamp|date|дата|event time|дата и время|created at|время|sent at"),
        "medium": words("medium|channel|канал"),
        "campaign": words("campaign|campaign name|mailing|рассылка|название рассылки|кампания|campaign title|list"),
        "subject": words("subject|тема|тема письма"),
        **CONTACT,
    },
    "survey_answer": {
        "answer_id": words("answer id|response id|id ответа|id|submission id"),
        "answered_at": words(
            "answered at|answered|date|дата|submitted at|timestamp|created at|response date|дата ответа"
            "|отметка времени|дата и время"
        ),
        "kind": words("kind|survey|survey type|опрос|type|вид опроса"),
        "score": words(
            "score|nps|rating|оценка|балл|csat|answer|nps score|рейтинг"
            "|насколько вероятно что вы порекомендуете нас"
        ),
        "comment": words("comment|feedback|комментарий|отзыв|пожелания|text"),
        "deal_id": words("deal id|id сделки"),
        "order_id": words("order id|order|номер заказа|id заказа"),
        **{name: CONTACT[name] for name in ("email", "phone", "contact_id")},
        "user_id": VISITOR["user_id"], "visitor_id": VISITOR["visitor_id"],
    },
    "fx_rate": {
        "day_on": words("date|day|дата|день"),
        "currency": words("currency|валюта|currency code|код|code|char code|букв код"),
        "rate": words("rate|курс|exchange rate|value|course"),
    },
}  # fmt: skip
"""Fact → our column → their words, the surest first."""
