"""What exports call our columns: the words of Russian and English headers, as one spelling each (see ``plain``)."""

from __future__ import annotations

import re

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


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split("|"))


_MARKETING = {
    "source": _words(
        "utm source|source|origin|traffic source|источник|источник трафика|lead source|источник лида"
        "|источник сделки|session source|first source|lastsign utm source"
        "session manual source|рекламный источник|канал привлечения|откуда узнали|first user source"
        "|рекламный канал|original source|original traffic source"
    ),
    "medium": _words(
        "utm medium|medium|session medium|канал|тип трафика|тип источника|session manual medium"
        "|lastsign utm medium|marketing medium"
    ),
    "campaign": _words(
        "utm campaign|campaign|campaign name|кампания|название кампании|рекламная кампания"
        "|session campaign name|session campaign|имя кампании|lastsign utm campaign"
        "|primary campaign source|campaign source|session manual campaign name"
    ),
    "content": _words(
        "utm content|content|ad content|содержание объявления|session manual ad content"
        "|lastsign utm content|номер объявления|id объявления|ad id"
    ),
    "term": _words(
        "utm term|term|keyword|keywords|ключевое слово|ключевая фраза|поисковая фраза|условие показа"
        "|фраза|criterion|search keyword|session manual term|lastsign utm term|search term"
    ),
    "referrer": _words(
        "referrer|referer|реферер|ref|referrer url|внешний реферер|откуда перешел|http referer|page referrer"
    ),
    "landing_page": _words(
        "landing page|landing page id|landing|first page|entry page|посадочная страница|страница входа"
        "|страница захвата|start url|landing page plus query string|landing page url"
        "|hs analytics first url|first page seen"
    ),
}
_VISITOR = {
    "visitor_id": _words(
        "visitor id|visitor|anonymous id|cookie id|cookie|device id|anon id|uid|id посетителя"
        "|fingerprint|user pseudo id|visitorid|id куки"
    ),
    "user_id": _words(
        "user id|customer id|account id|client id|id клиента|id пользователя|userid|customerid|customer"
        "|id покупателя|код клиента|член клуба|member id"
    ),
    "ym_client_id": _words(
        "ym client id|ym uid|ya client id|yandex client id|metrika client id|clientid яндекс метрика"
        "|clientid яндекс метрики|clientid метрики|client id метрики|yaclientid|ym s client id"
        "|client id яндекс метрика|yandex metrika client id"
    ),
    "ga_client_id": _words(
        "ga client id|ga clientid|ga cid|google client id|cid|clientid google analytics"
        "|google analytics client id|ga|gua client id"
    ),
    "yclid": _words("yclid|ymclid|yandex click id"),
    "gclid": _words("gclid|gbraid|wbraid|google click id|hs google click id"),
    "fbclid": _words("fbclid|facebook click id|hs facebook click id"),
    "vkclid": _words("rb clickid|vkclid|vk click id"),
}
_CONTACT = {
    "email": _words(
        "email|e mail|mail|почта|эл почта|электронная почта|email address|рабочий email|рабочий e mail"
        "|work email|адрес электронной почты|имейл|контакт e mail|e mail рабочий"
    ),
    "phone": _words(
        "phone|phone number|телефон|номер телефона|mobile|mobile phone|tel|мобильный телефон"
        "|рабочий телефон|мобильный|рабочий прямой телефон|caller number|callerid|caller id"
        "|номер звонящего|контакт телефон|work phone|cell phone|номер абонента|телефон плательщика"
    ),
    "contact_id": _words(
        "contact id|id контакта|контакт id|contactid|associated contact id|associated contact ids|contact name id"
    ),
    "telegram_id": _words("telegram id|telegram user id|tg id|chat id|telegram"),
}
_COMMON = {
    "currency": _words(
        "currency|валюта|currency code|currency id|код валюты|deal currency code|currency iso code|account currency"
    ),
    "manager": _words(
        "manager|owner|responsible|ответственный|менеджер|сотрудник|sales rep|salesperson|sr id"
        "|sales manager|assigned to|assigned by id|deal owner|opportunity owner|lead owner|contact owner"
        "|hubspot owner id|продавец|оператор|кто продал|owner name|agent|исполнитель"
    ),
    "product": _words(
        "product|product name|товар|услуга|продукт|товары|service|item|наименование товара|номенклатура"
        "|название товара|курс|тариф|plan"
    ),
    "region": _words("region|city|регион|город|country|страна|location|область|region city|state|geo|геолокация"),
    "audience": _words(
        "segment|audience|сегмент|аудитория|business segment|customer segment|industry|отрасль|тип клиента|client type"
    ),
    "device": _words("device|device category|устройство|тип устройства|platform|платформа"),
    "company": _words(
        "company|company name|компания|организация|account name|название компании|юрлицо|organization"
        "|компания контакта|account"
    ),
    "is_deleted": _words("is deleted|deleted|удален|удалена|удалено"),
}

SYNONYMS: dict[str, dict[str, tuple[str, ...]]] = {
    "spend": {
        "day_on": _words(
            "date|day|дата|день|date day|reporting starts|начало отчетного периода|дата начала|date start"
            "|месяц|month|период|неделя|week"
        ),
        "account": _words(
            "account|account name|аккаунт|кабинет|логин|client login|рекламный кабинет|customer id|статья"
            "|account id"
        ),
        "campaign_id": _words("campaign id|id кампании|номер кампании|кампания номер|идентификатор кампании"),
        "ad_group": _words(
            "ad group|ad group name|adset name|ad set name|ad set|группа объявлений|группа|название группы"
            "|название группы объявлений|adgroup|ad group id|название группы объявления"
        ),
        "ad": _words("ad|ad name|объявление|название объявления|креатив|creative|баннер"),
        "impressions": _words(
            "impressions|impr|показы|показов|views|shows|просмотры|количество показов|impressions count"
        ),
        "clicks": _words(
            "clicks|клики|кликов|link clicks|клики по ссылке|количество кликов|переходы|advertiser ad clicks"
            "|все клики"
        ),
        "cost": _words(
            "cost|spend|spent|amount spent|расход|расходы|затраты|потрачено|потрачено всего|стоимость|сумма"
            "|сумма затрат|бюджет|money spent|total cost|ad spend|ad cost|рекламный расход|расход всего"
            "|advertiser ad cost|amount|costs|total spent|сумма расхода"
        ),
        "visits": _words("visits|sessions|визиты|сессии"),
        "leads": _words(
            "leads|лиды|заявки|conversions|конверсии|результаты|results|цели|достижения цели|goals"
            "|results count"
        ),
        "orders": _words("orders|purchases|заказы|покупки|продажи"),
        "revenue": _words(
            "revenue|доход|выручка|conv value|conversion value|purchase revenue|ценность конверсии"
            "|conversions value"
        ),
        **{name: _MARKETING[name] for name in ("source", "medium", "campaign", "content", "term")},
        **{name: _COMMON[name] for name in ("currency", "device", "region")},
    },
    "event": {
        "event_id": _words("event id|id события|hit id|watch id|id|message id|ym pv watch id"),
        "happened_at": _words(
            "time|timestamp|happened at|event time|event timestamp|date time|datetime|date|дата|время"
            "|дата и время|created at|occurred at|event date|дата события|ts|sent at"
        ),
        "name": _words("event|event name|name|action|type|event type|событие|название события|действие|тип события"),
        "session_id": _words("session id|session|ga session id|id сессии|visit id|id визита"),
        "url": _words("url|page url|page location|адрес страницы|location|страница url|current url|href"),
        "page": _words("page|path|page path|страница|путь"),
        "title": _words("title|page title|заголовок"),
        "order_id": _words("order id|transaction id|номер заказа|id заказа|order"),
        "amount": _words("amount|value|revenue|price|сумма|стоимость|event value"),
        **_MARKETING, **_VISITOR, "email": _CONTACT["email"], "phone": _CONTACT["phone"],
        **{name: _COMMON[name] for name in ("currency", "device", "region")},
    },
    "visit": {
        "visit_id": _words(
            "visit id|session id|id визита|id сессии|номер визита|ym s visit id|ga session id|sessionid"
            "|visitid|session"
        ),
        "started_at": _words(
            "started at|start time|start|session start|дата и время|дата визита|время визита|ym s date time"
            "|date time|дата|date|visit date|session date|время начала|begin|first hit time|timestamp"
            "|дата и время визита"
        ),
        "ended_at": _words("ended at|end time|end|session end|время окончания"),
        "pages": _words("pages|page views|pageviews|просмотры|глубина просмотра|ym s page views|просмотров|hits"),
        "duration_seconds": _words(
            "duration|duration seconds|time on site|время на сайте|длительность|ym s visit duration"
            "|visit duration|session duration|длительность визита"
        ),
        "is_bounce": _words("is bounce|bounce|отказ|отказы|ym s bounce|bounced"),
        "goals": _words("goals|goals id|цели|достигнутые цели|ym s goals id"),
        "order_id": _words("order id|transaction id|номер заказа|purchase id"),
        "revenue": _words("revenue|доход|выручка|purchase revenue"),
        **_MARKETING, **_VISITOR,
        **{name: _COMMON[name] for name in ("currency", "device", "region")},
    },
    "lead": {
        "lead_id": _words(
            "lead id|mql id|id лида|id заявки|номер заявки|request id|id|номер|лид id|record id|заявка"
            "|номер лида|submission id|conversation id|response id|contact id|id обращения|номер обращения"
        ),
        "created_at": _words(
            "created at|created|created date|created time|create date|date created|first contact date"
            "|first contact|дата создания|дата заявки|дата|date|время лида|дата обращения|дата и время"
            "|дата лида|submitted at|timestamp|time|lead date|время создания|дата и время заявки|date create"
            "|conversion date|дата добавления|request date|sent at|time stamp|дата и время создания"
        ),
        "kind": _words("lead type|kind|type|тип лида|тип заявки|тип обращения|вид обращения|тип"),
        "name": _words(
            "name|full name|имя|фио|имя клиента|contact name|first name|lead name|имя контакта"
            "|контактное лицо|контакт имя"
        ),
        "is_qualified": _words(
            "is qualified|qualified|качественный|целевой|квалифицирован|is mql|is sql|целевая заявка|целевая"
            "|target request"
        ),
        "quality": _words(
            "status|lead status|статус|статус лида|стадия|quality|качество|статус заявки|lead stage"
            "|lifecycle stage|rating"
        ),
        "visit_id": _words("visit id|session id|id визита|id сессии"),
        **_CONTACT, **_VISITOR, **_MARKETING,
        **{name: _COMMON[name] for name in ("manager", "product", "region", "audience", "device", "company", "is_deleted")},
    },
    "call": {
        "call_id": _words("call id|id звонка|id|номер звонка|uid|callid|sip call id|record id|conversation id"),
        "started_at": _words(
            "started at|call date|date|дата|дата звонка|дата и время|дата и время звонка|start time"
            "|call start|время звонка|time|call time|timestamp|created at|date time"
        ),
        "tracking_number": _words(
            "tracking number|phone number|номер calltouch|виртуальный номер|подменный номер|called number"
            "|куда звонил|коллтрекинговый номер|набранный номер|destination|номер назначения|redirect number"
            "|to number"
        ),
        "phone": _words(
            "caller number|caller|phone|номер звонящего|номер клиента|номер телефона|номер абонента"
            "|откуда звонил|callerid|caller id|caller phone|from number|аон|телефон|номер|source number"
        ),
        "duration_seconds": _words(
            "duration|duration seconds|call duration|длительность|длительность звонка|длительность разговора"
            "|talk time|продолжительность|billsec|длительность сек"
        ),
        "wait_seconds": _words(
            "wait|wait time|waiting connect|ожидание|время ожидания|длительность ожидания|wait seconds"
            "|ожидание ответа"
        ),
        "is_answered": _words(
            "is answered|answered|status|статус|статус звонка|отвечен|успешный|successful|результат"
            "|call status|disposition|результат звонка"
        ),
        "is_unique": _words("is unique|unique|unique call|уникальный|уникальный звонок|первый звонок|первичный"),
        "is_target": _words("is target|target|target call|целевой|целевой звонок|качественный"),
        "is_outgoing": _words("is outgoing|outgoing|исходящий"),
        "tags": _words("tags|call tags|теги|теги звонка|метки|тег"),
        "visit_id": _words("session id|visit id|id сессии|id визита"),
        "contact_id": _CONTACT["contact_id"], **_VISITOR, **_MARKETING,
        "manager": _COMMON["manager"], "region": _COMMON["region"],
    },
    "deal": {
        "deal_id": _words(
            "deal id|id сделки|id|номер сделки|opportunity id|record id|hs object id|сделка id|номер"
            "|deal number|hubspot deal id|код сделки|сделка|id заказа crm"
        ),
        "lead_id": _words("lead id|mql id|id лида|лид id|лид|source lead id|converted lead id"),
        "created_at": _words(
            "created at|created|created date|created time|create date|date created|createdate|дата создания"
            "|дата создания сделки|date create|дата открытия|open date|дата|дата сделки|дата начала|begindate"
            "|begin date|opened at"
        ),
        "closed_at": _words(
            "closed at|close date|closing date|closed date|closedate|дата закрытия|дата завершения|won date"
            "|дата продажи|won time|lost time|won at|дата выигрыша|предполагаемая дата закрытия|закрыта"
            "|дата оплаты|date closed|closing time|actual close date"
        ),
        "status": _words(
            "status|deal status|статус|статус сделки|состояние|результат|outcome|result|won"
            "|stage semantic id|итог|is won|исход|deal outcome"
        ),
        "pipeline": _words(
            "pipeline|воронка|funnel|направление|category|category id|deal pipeline|sales pipeline"
            "|направление сделки"
        ),
        "stage": _words(
            "stage|deal stage|stage name|dealstage|этап|стадия|стадия сделки|этап сделки|stage id"
            "|sales stage|статус воронки|deal stage label"
        ),
        "amount": _words(
            "amount|deal amount|value|deal value|сумма|бюджет|сумма сделки|opportunity|price|revenue|sale"
            "|стоимость|выручка|total|бюджет сделки|opportunity amount|amount in home currency|сумма оплаты"
            "|contract value|deal size"
        ),
        "cost_of_goods": _words("cost of goods|cogs|себестоимость|cost|закупка"),
        "order_id": _words("order id|номер заказа|id заказа|order number|заказ"),
        "name": _words("name|title|deal name|dealname|название|название сделки|opportunity name|наименование|тема"),
        "reason_lost": _words(
            "reason lost|lost reason|loss reason|причина отказа|причина проигрыша|closed lost reason"
            "|причина закрытия|reason for loss|почему отказ|причина потери"
        ),
        "is_repeat": _words(
            "is repeat|repeat|повторная|повторное обращение|повторная сделка|is return customer"
            "|returning customer|повторный клиент|type repeat"
        ),
        "modified_at": _words(
            "modified at|modified|modified time|last modified date|last modified|date modify|дата изменения"
            "|дата редактирования|updated at|hs lastmodifieddate|дата обновления|last updated"
            "|дата последнего изменения"
        ),
        **_CONTACT, **_VISITOR, **_MARKETING,
        **{name: _COMMON[name] for name in ("currency", "manager", "product", "region", "audience", "company", "is_deleted")},
    },
    "stage_entry": {
        "deal_id": _words("deal id|id сделки|opportunity id|owner id|сделка|potential name|potential id|deal|id"),
        "entered_at": _words(
            "entered at|entry time|date entered|дата перехода|дата входа|changed at|created time|created at"
            "|created date|timestamp|time|дата|дата смены стадии|moved at|modified time|date|дата и время"
            "|when"
        ),
        "pipeline": _words("pipeline|воронка|category id|направление|funnel"),
        "stage": _words(
            "stage|stage id|new stage|to stage|стадия|этап|status|stage name|новая стадия|новый этап|статус"
            "|в стадию"
        ),
        "stage_number": _words("stage number|position|номер стадии|номер этапа|sort|порядок"),
        "manager": _COMMON["manager"],
    },
    "payment": {
        "payment_id": _words(
            "payment id|id платежа|номер платежа|номер документа|transaction id|id|receipt|номер п п"
            "|charge id|id транзакции|payment number|invoice id|номер счета|номер чека|номер оплаты"
        ),
        "paid_at": _words(
            "paid at|payment date|date|дата|дата платежа|дата оплаты|paid|payment time|converted at"
            "|created at|timestamp|purchase date|purchased at|transaction date|order date|дата операции"
            "|дата заказа|invoice date|дата и время|created"
        ),
        "kind": _words("kind|type|payment type|вид операции|тип операции|тип|операция|тип платежа"),
        "amount": _words(
            "amount|sum|revenue|total|value|сумма|сумма платежа|сумма оплаты|price|dollar value|оплачено"
            "|итого|amount paid|приход|сумма заказа|gross|net amount|сумма операции|order total|unit price"
        ),
        "order_id": _words("order id|order|номер заказа|id заказа|order number|заказ|invoice no|invoice"),
        "deal_id": _words("deal id|id сделки|сделка id|opportunity id|сделка"),
        "cost_of_goods": _words("cost of goods|cogs|себестоимость"),
        "method": _words("method|payment method|способ оплаты|вид оплаты|форма оплаты"),
        **_CONTACT, "user_id": (*_VISITOR["user_id"], "client", "member"), "currency": _COMMON["currency"],
        "product": (*_COMMON["product"], "description"),
    },
    "message": {
        "message_id": _words("message id|id сообщения|id письма|email id|id|send id"),
        "kind": _words("kind|event|event type|событие|status|статус|action|type|тип события"),
        "happened_at": _words("happened at|time|timestamp|date|дата|event time|дата и время|created at|время|sent at"),
        "medium": _words("medium|channel|канал"),
        "campaign": _words("campaign|campaign name|mailing|рассылка|название рассылки|кампания|campaign title|list"),
        "subject": _words("subject|тема|тема письма"),
        **_CONTACT,
    },
    "survey_answer": {
        "answer_id": _words("answer id|response id|id ответа|id|submission id"),
        "answered_at": _words(
            "answered at|answered|date|дата|submitted at|timestamp|created at|response date|дата ответа"
            "|отметка времени|дата и время"
        ),
        "kind": _words("kind|survey|survey type|опрос|type|вид опроса"),
        "score": _words(
            "score|nps|rating|оценка|балл|csat|answer|nps score|рейтинг"
            "|насколько вероятно что вы порекомендуете нас"
        ),
        "comment": _words("comment|feedback|комментарий|отзыв|пожелания|text"),
        "deal_id": _words("deal id|id сделки"),
        "order_id": _words("order id|order|номер заказа|id заказа"),
        **{name: _CONTACT[name] for name in ("email", "phone", "contact_id")},
        "user_id": _VISITOR["user_id"], "visitor_id": _VISITOR["visitor_id"],
    },
    "fx_rate": {
        "day_on": _words("date|day|дата|день"),
        "currency": _words("currency|валюта|currency code|код|code|char code|букв код"),
        "rate": _words("rate|курс|exchange rate|value|course"),
    },
}  # fmt: skip
"""Fact → our column → their words, the surest first."""

DISTINCTIVE: dict[str, tuple[str, ...]] = {
    "spend": ("impressions", "clicks", "cost"),
    "event": ("name", "url", "visitor_id", "session_id"),
    "visit": ("visit_id", "ended_at", "pages", "is_bounce", "duration_seconds"),
    "lead": ("phone", "email", "landing_page", "quality", "source"),
    "call": ("duration_seconds", "tracking_number", "is_answered", "wait_seconds", "call_id"),
    "deal": ("stage", "status", "closed_at", "pipeline", "reason_lost", "amount"),
    "stage_entry": ("stage", "stage_number"),
    "payment": ("amount", "method", "order_id"),
    "message": ("kind", "subject"),
    "survey_answer": ("score", "comment"),
    "fx_rate": ("rate",),
}
"""The columns that tell one fact from another."""

FILE_WORDS: dict[str, tuple[str, ...]] = {
    "spend": ("spend", "cost", "ads", "direct", "campaign", "расход", "реклам", "adwords", "кампани"),
    "event": ("event", "hits", "событ", "clickstream"),
    "visit": ("visit", "session", "визит", "сесси"),
    "lead": ("lead", "mql", "лид", "заявк", "form", "request", "обращен"),
    "call": ("call", "звон"),
    "deal": ("deal", "opportunit", "сделк", "closed"),
    "stage_entry": ("stage", "history", "стади", "этап"),
    "payment": (
        "payment",
        "conversion",
        "purchase",
        "order",
        "оплат",
        "платеж",
        "transaction",
        "продаж",
        "sales",
        "cdnow",
    ),
    "message": ("mail", "message", "рассыл"),
    "survey_answer": ("nps", "csat", "survey", "опрос", "отзыв"),
    "fx_rate": ("fx", "rate", "курс", "currency"),
}
"""Parts of file names that hint at a fact."""
