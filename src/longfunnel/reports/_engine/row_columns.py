"""The columns of single rows, as the lists behind a number and behind a reason show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import NOTHING, Text
from longfunnel.reports._engine.answer import Column

if TYPE_CHECKING:
    from longfunnel.reports._engine.answer import Format

TITLES: dict[str, tuple[Text, Format]] = {
    "day_on": (Text("Day", "День"), "date"),
    "started_at": (Text("Began", "Начало"), "date"),
    "created_at": (Text("Made", "Создано"), "date"),
    "ordered_at": (Text("Ordered", "Заказано"), "date"),
    "lead_id": (Text("Lead", "Лид"), "text"),
    "deal_id": (Text("Deal", "Сделка"), "text"),
    "order_id": (Text("Order", "Заказ"), "text"),
    "kind": (Text("Kind", "Вид"), "text"),
    "quality": (Text("Quality", "Качество"), "text"),
    "status": (Text("Status", "Состояние"), "text"),
    "pipeline": (Text("Pipeline", "Воронка"), "text"),
    "stage": (Text("Stage", "Этап"), "text"),
    "reason_lost": (Text("Reason lost", "Причина отказа"), "text"),
    "channel": (Text("Channel", "Канал"), "text"),
    "account": (Text("Ad account", "Кабинет"), "text"),
    "currency": (Text("Currency", "Валюта"), "text"),
    "payment_id": (Text("Payment", "Оплата"), "text"),
    "day": (Text("Day", "День"), "date"),
    "rate_on": (Text("Rate of", "Курс от"), "date"),
    "rate_source": (Text("Rate from", "Откуда курс"), "text"),
    "medium": (Text("Medium", "Тип трафика"), "text"),
    "original_amount": (Text("As it came", "Как пришло"), "money"),
    "source": (Text("Source", "Источник"), "text"),
    "campaign": (Text("Campaign", "Кампания"), "text"),
    "term": (Text("Keyword", "Ключевая фраза"), "text"),
    "product": (Text("Product", "Товар"), "text"),
    "manager": (Text("Manager", "Менеджер"), "text"),
    "device": (Text("Device", "Устройство"), "text"),
    "region": (Text("Region", "Регион"), "text"),
    "source_system": (Text("Data source", "Источник данных"), "text"),
    "person_id": (Text("Person", "Человек"), "text"),
    "is_repeat": (Text("Repeat", "Повторный"), "flag"),
    "impressions": (Text("Impressions", "Показы"), "count"),
    "clicks": (Text("Clicks", "Клики"), "count"),
    "pages": (Text("Pages", "Страниц"), "count"),
    "cost": (Text("Cost", "Расход"), "money"),
    "amount": (Text("Amount", "Сумма"), "money"),
    "revenue": (Text("Revenue", "Выручка"), "money"),
    "cost_of_goods": (Text("Cost of goods", "Себестоимость"), "money"),
}

_CLOCK = Text("On the business's clock; in JSON and CSV in UTC.", "По часам бизнеса; в JSON и CSV — по UTC.")


def row_column(name: str, currency: str) -> Column:
    """The column ``name`` of a row. Money is in ``currency``; what came as it came names its own in a column beside it."""
    title, form = TITLES[name]
    is_number = form in ("count", "money")
    meaning = _CLOCK if name.endswith("_at") else NOTHING
    unit = (currency if name != "original_amount" else "") if form == "money" else "count" if is_number else ""
    return Column(name, title, form, meaning, "metric" if is_number else "dimension", unit=unit)
