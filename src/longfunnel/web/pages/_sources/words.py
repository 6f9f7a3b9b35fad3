"""Facts, their columns, and what an import says, in the reader's words."""

# ruff: noqa: E501 - one line is one entry, in two languages
from __future__ import annotations

import re

from longfunnel.core.text import Text

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

_SAID: tuple[tuple[str, str], ...] = (
    (r"«(\w+)»: this is no date and time", r"«\1»: это не дата и время"),
    (r"«(\w+)»: this is no date", r"«\1»: это не дата"),
    (r"«(\w+)»: this is no amount of money", r"«\1»: это не сумма"),
    (r"«(\w+)»: this is no whole number", r"«\1»: это не целое число"),
    (r"«(\w+)»: this is no number", r"«\1»: это не число"),
    (
        r"«(\w+)»: this is no yes or no; say what it means under values",
        r"«\1»: это не «да» и не «нет»; укажите, что это значит",
    ),
    (r"«(\w+)»: this is no identifier or code", r"«\1»: это не номер и не код"),
    (r"«(\w+)» is empty, and no row can do without it", r"«\1» не заполнено, а без него строку не учесть"),
    (
        r"«(\w+)»: this reads two ways, and nothing in the column tells which; set (.*)",
        r"«\1»: читается двояко; задайте \2",
    ),
    (
        r"«(\w+)»: the date is before (\d+); an empty date \(0, 1970-01-01\) looks like this",
        r"«\1»: дата раньше \2 года — так выглядит пустая дата",
    ),
    (r"«(\w+)»: the date is too far in the future", r"«\1»: дата слишком далеко в будущем"),
    (r"the row has fewer cells than the header", "ячеек меньше, чем в заголовке"),
    (
        r"the row has more cells than the header.*",
        "ячеек больше, чем в заголовке (так бывает, если внутри значения стоит разделитель)",
    ),
    (
        r"a quote is opened and never closed, or closed in the middle of a value",
        "кавычка не закрыта или закрыта посреди значения",
    ),
    (r"the row holds bytes that are no text in the file's encoding", "в строке есть байты не из кодировки файла"),
    (r"the row cannot be parted into cells", "строку не удалось разбить на ячейки"),
    (r"the line is no JSON", "строка — не JSON"),
    (
        r"([\d,]+) of the first rows will go to the quarantine: column «(.*)» as (\w+) is (\w+)\.",
        r"\1 из первых строк попадут в карантин: столбец «\2» не читается как \3.",
    ),
    (
        r"(\w+): «(.*)» reads two ways and no other value tells which; add to the source: .*",
        r"\1: «\2» читается двояко, и другие значения не подсказывают как. Уточните ниже порядок дат или десятичный знак.",
    ),
    (r"The file has a header and no rows.*", "В файле только заголовок: догадка опирается лишь на него."),
    (
        r"(.*): ([\d,]+) rows stand in the file twice; each was counted once\.",
        r"\1: \2 строк повторяются в файле; каждая учтена один раз.",
    ),
    (r"(.*): ([\d,]+) of ([\d,]+) rows are in the quarantine: (.*)\.", r"\1: \2 из \3 строк в карантине: \4."),
    (
        r"rows (\d+) and (\d+) have the same key and different content; the first was taken: .*",
        r"у строк \1 и \2 один номер, но разное содержание; взята первая",
    ),
    (r"«(\w+)»: a count cannot be negative", r"«\1»: количество не может быть отрицательным"),
    (r"by its columns? (.*), which name the same person", r"по столбцам \1: они называют одного человека"),
    (r"by its columns? (.*)", r"по столбцам \1"),
    (r"an export of (.*)", r"это выгрузка \1"),
    (r"encoding (.*)", r"кодировка \1"),
)
_RUSSIAN = [(re.compile(english), russian) for english, russian in _SAID]
_DOING = (
    (re.compile("who is who"), "кто есть кто"),
    (re.compile("journeys"), "пути людей"),
    (re.compile("taking out the rows"), "убираем строки"),
    (re.compile("writing the warehouse anew"), "переписываем хранилище"),
    (re.compile("building"), "сборка"),
    (re.compile("backing up (.*)"), r"копируем \1"),
)


def column_title(name: str) -> Text:
    """A column in words; its own name where it has none."""
    return COLUMNS.get(name, Text(name, name))


def said(text: str, language: str) -> str:
    """What an import says, in the reader's language."""
    return _told(text, language, _RUSSIAN)


def doing(text: str, language: str) -> str:
    """What a job is doing now, in the reader's language."""
    return _told(text, language, list(_DOING))


def _told(text: str, language: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    if language != "ru":
        return text
    for pattern, russian in rules:
        if found := pattern.fullmatch(text):
            return found.expand(russian)
    return text
