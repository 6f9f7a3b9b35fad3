"""Kind of source, by the first matching rule of the list of channels."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Channel", "Канал"),
    meaning=Text(
        "Kind of source, by the first matching rule of the list of channels.",
        "Вид источника: первое подходящее правило из списка каналов.",
    ),
    columns=of_origin("channel"),
    words={
        "Paid Search": Text("Paid Search", "Платный поиск"),
        "Organic Search": Text("Organic Search", "Поиск"),
        "Paid Social": Text("Paid Social", "Реклама в соцсетях"),
        "Organic Social": Text("Organic Social", "Соцсети"),
        "Paid Video": Text("Paid Video", "Видеореклама"),
        "Organic Video": Text("Organic Video", "Видео"),
        "Paid Shopping": Text("Paid Shopping", "Реклама товаров"),
        "Organic Shopping": Text("Organic Shopping", "Товарные площадки"),
        "Paid Other": Text("Paid Other", "Другая реклама"),
        "Cross-network": Text("Cross-network", "Смешанная реклама"),
        "Display": Text("Display", "Медийная реклама"),
        "Direct": Text("Direct", "Прямые заходы"),
        "Referral": Text("Referral", "Ссылки с сайтов"),
        "Email": Text("Email", "Рассылки"),
        "Affiliates": Text("Affiliates", "Партнёры"),
        "Audio": Text("Audio", "Аудио"),
        "SMS": Text("SMS", "СМС"),
        "Mobile Push": Text("Mobile Push", "Пуш-уведомления"),
        "AI Assistants": Text("AI Assistants", "ИИ-ассистенты"),
        "Maps": Text("Maps", "Карты"),
        "Offline": Text("Offline", "Офлайн"),
        "Existing clients": Text("Existing clients", "Действующие клиенты"),
        "Website": Text("Website", "Сайт"),
        "Other": Text("Other", "Прочее"),
        "Unassigned": Text("Unassigned", "Без канала"),
    },
)
