"""Facts and their columns in the reader's words."""

# ruff: noqa: E501 - one line is one entry, in two languages
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

FACTS: dict[str, Text] = {
    "spend": Text("Ad spend", "Расход на рекламу"),
    "event": Text("Events on the site", "События на сайте"),
    "visit": Text("Visits", "Визиты"),
    "lead": Text("Leads", "Лиды"),
    "call": Text("Calls", "Звонки"),
    "deal": Text("Deals", "Сделки"),
    "stage_entry": Text("Stages of deals", "Этапы сделок"),
    "payment": Text("Payments", "Оплаты"),
    "message": Text("Messages", "Рассылки и сообщения"),
    "survey_answer": Text("Survey answers", "Ответы на опросы"),
    "identity_link": Text("Who is who", "Связи идентификаторов"),
    "fx_rate": Text("Exchange rates", "Курсы валют"),
}
ADDS: dict[str, Text] = {
    "spend": Text(
        "Connect ad spend to see CPL, CPO and ROMI", "Подключите расход на рекламу — появятся CPL, CPO и ROMI"
    ),
    "visit": Text(
        "Connect your site to see visits and conversion into leads",
        "Подключите сайт — появятся визиты и конверсия в лиды",
    ),
    "lead": Text(
        "Connect leads to see which channel brings them", "Подключите лиды — станет видно, какой канал их приводит"
    ),
    "deal": Text("Connect your CRM to see sales", "Подключите CRM — появятся продажи"),
    "payment": Text(
        "Connect payments to count revenue by money, not by promises",
        "Подключите оплаты — выручка будет считаться по деньгам",
    ),
}
"""What a fact that is still missing would add."""

COLUMNS: dict[str, Text] = {
    name: Text(english, russian)
    for name, english, russian in (
        ("lead_id", "Lead id", "Номер лида"), ("deal_id", "Deal id", "Номер сделки"), ("payment_id", "Payment id", "Номер оплаты"),
        ("order_id", "Order id", "Номер заказа"), ("call_id", "Call id", "Номер звонка"), ("visit_id", "Visit id", "Номер визита"),
        ("event_id", "Event id", "Номер события"), ("message_id", "Message id", "Номер сообщения"), ("answer_id", "Answer id", "Номер ответа"),
        ("created_at", "Created", "Создано"), ("closed_at", "Closed", "Закрыто"), ("started_at", "Began", "Начало"),
        ("ended_at", "Ended", "Конец"), ("happened_at", "When", "Когда"), ("paid_at", "Paid", "Дата оплаты"),
        ("entered_at", "Entered the stage", "Вход в этап"), ("modified_at", "Modified", "Изменено"), ("answered_at", "Answered", "Дата ответа"),
        ("day_on", "Day", "День"), ("status", "Outcome: open, won, lost", "Исход: open, won, lost"), ("pipeline", "Pipeline", "Воронка CRM"),
        ("stage", "Stage", "Этап"), ("stage_number", "Stage's place", "Номер этапа"), ("amount", "Amount", "Сумма"),
        ("cost_of_goods", "Cost of goods", "Себестоимость"), ("currency", "Currency", "Валюта"), ("cost", "Cost", "Расход"),
        ("has_vat", "With VAT", "С НДС"), ("impressions", "Impressions", "Показы"), ("clicks", "Clicks", "Клики"),
        ("visits", "Visits (total)", "Визиты (итог)"), ("leads", "Leads (total)", "Лиды (итог)"), ("orders", "Orders (total)", "Заказы (итог)"),
        ("revenue", "Revenue (total)", "Выручка (итог)"), ("account", "Ad account", "Рекламный кабинет"), ("source", "Source (utm_source)", "Источник (utm_source)"),
        ("medium", "Medium (utm_medium)", "Тип трафика (utm_medium)"), ("campaign", "Campaign", "Кампания"), ("campaign_id", "Campaign id", "Номер кампании"),
        ("content", "Ad (utm_content)", "Объявление (utm_content)"), ("term", "Keyword (utm_term)", "Ключевая фраза (utm_term)"), ("ad_group", "Ad group", "Группа объявлений"),
        ("ad", "Ad", "Объявление"), ("referrer", "Referrer", "Реферер"), ("landing_page", "Landing page", "Страница входа"),
        ("phone", "Phone", "Телефон"), ("email", "E-mail", "Почта"), ("name", "Name", "Имя"), ("company", "Company", "Компания"),
        ("contact_id", "CRM contact id", "Номер контакта в CRM"), ("telegram_id", "Telegram id", "Telegram"), ("user_id", "Account on the site", "Пользователь сайта"),
        ("visitor_id", "Visitor cookie", "Посетитель (cookie)"), ("ym_client_id", "Metrika ClientID", "ClientID Метрики"), ("ga_client_id", "GA client id", "Client ID Google"),
        ("yclid", "yclid", "yclid"), ("gclid", "gclid", "gclid"), ("fbclid", "fbclid", "fbclid"), ("vkclid", "vkclid", "vkclid"),
        ("kind", "Kind", "Вид"), ("is_qualified", "Qualified", "Квалифицирован"), ("quality", "Quality", "Качество"), ("manager", "Manager", "Менеджер"),
        ("product", "Product", "Продукт"), ("audience", "Audience", "Аудитория"), ("region", "Region", "Регион"), ("device", "Device", "Устройство"),
        ("reason_lost", "Reason lost", "Причина отказа"), ("is_repeat", "Repeat deal", "Повторная"), ("is_deleted", "Deleted", "Удалено"),
        ("tracking_number", "Number called", "Набранный номер"), ("duration_seconds", "Duration, s", "Длительность, с"), ("wait_seconds", "Wait, s", "Ожидание, с"),
        ("is_answered", "Answered", "Отвечен"), ("is_unique", "First call", "Первый звонок"), ("is_target", "Target call", "Целевой"), ("is_outgoing", "Outgoing", "Исходящий"),
        ("tags", "Tags", "Теги"), ("url", "Address of the page", "Адрес страницы"), ("page", "Page", "Страница"), ("title", "Title", "Заголовок"),
        ("session_id", "Session id", "Номер сессии"), ("method", "Way of payment", "Способ оплаты"), ("score", "Score", "Оценка"), ("comment", "Comment", "Комментарий"),
        ("subject", "Subject", "Тема"), ("pages", "Pages", "Страниц"), ("is_bounce", "Bounce", "Отказ"), ("goals", "Goals", "Цели"), ("rate", "Rate", "Курс"),
        ("kind_a", "First identifier: kind", "Первый идентификатор: вид"), ("value_a", "First identifier", "Первый идентификатор"),
        ("kind_b", "Second identifier: kind", "Второй идентификатор: вид"), ("value_b", "Second identifier", "Второй идентификатор"), ("seen_at", "Seen", "Когда замечено"),
    )
}  # fmt: skip
"""The facts' columns as people call them."""

KINDS: dict[str, tuple[str, ...]] = {
    "status": ("open", "won", "lost"),
    "kind": ("payment", "refund", "form", "call", "chat", "email", "crm"),
    "flag": ("true", "false"),
}
"""Words that a value can be translated to, where the column knows only some."""
WORDS: dict[str, Text] = {
    "open": Text("open", "в работе"),
    "won": Text("won", "выиграна"),
    "lost": Text("lost", "проиграна"),
    "payment": Text("payment", "оплата"),
    "refund": Text("refund", "возврат"),
    "form": Text("form", "форма"),
    "call": Text("call", "звонок"),
    "chat": Text("chat", "чат"),
    "email": Text("e-mail", "письмо"),
    "crm": Text("CRM", "CRM"),
    "true": Text("yes", "да"),
    "false": Text("no", "нет"),
}
"""What these words are called."""
_NAMED = re.compile(r"«(\w+)»(?=[: ])|(?<= как )(\w+)(?= —)|(?<= as )(\w+)(?= is )|^(\w+)(?=: «)")
"""Where a message names a column of ours."""


def column_title(name: str) -> Text:
    """A column in words; its own name where it has none."""
    return COLUMNS.get(name, Text(name, name))


def plainly(visit: Visit, said: Text) -> str:
    """A message about columns, with ours called as people call them."""

    def title(found: re.Match[str]) -> str:
        name = next(filter(None, found.groups()))
        return f"«{visit.text(COLUMNS[name])}»" if name in COLUMNS else found[0]

    return _NAMED.sub(title, visit.text(said))
