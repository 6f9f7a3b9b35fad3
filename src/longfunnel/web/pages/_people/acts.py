"""What people did, in words: an icon, a title and a note for every kind of act; days with their acts for the timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longfunnel.core.calendar import day_in_zone
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from datetime import date, datetime

    from longfunnel.app.people.persons import Act
    from longfunnel.web.visit import Visit

KINDS: dict[str, Text] = {
    "visit": Text("Visits", "Визиты"),
    "event": Text("Events", "События"),
    "call": Text("Calls", "Звонки"),
    "lead": Text("Leads", "Лиды"),
    "message": Text("Messages", "Сообщения"),
    "deal": Text("Deals", "Сделки"),
    "stage": Text("Stages", "Этапы"),
    "order": Text("Orders", "Заказы"),
    "payment": Text("Payments", "Оплаты"),
}
"""What the timeline can be narrowed to, by kind."""
TOGETHER = {"visit": ("visit", "page"), "payment": ("payment", "refund")}

_ICONS = {
    "visit": "world", "page": "eye", "event": "player-play", "call": "phone", "lead": "user-plus", "message": "mail",
    "deal": "receipt", "stage": "flag", "order": "shopping-cart", "payment": "credit-card", "refund": "arrow-back-up",
}  # fmt: skip
_EVENTS = {
    "form_start": Text("Began a form", "Начало заполнения формы"),
    "form_submit": Text("Form sent", "Форма отправлена"),
    "chat_start": Text("Chat begun", "Чат начат"),
    "chat": Text("Chat", "Чат"),
    "phone_click": Text("Tap on the phone number", "Нажатие на телефон"),
    "email_click": Text("Click on the e-mail address", "Нажатие на почту"),
    "add_to_cart": Text("Put into the cart", "Добавление в корзину"),
    "begin_checkout": Text("Began the checkout", "Начало оформления"),
    "purchase": Text("Bought on the site", "Покупка на сайте"),
    "click": Text("Click", "Клик"),
    "scroll": Text("Scrolled", "Прокрутка"),
    "download": Text("Download", "Скачивание"),
    "search": Text("Search on the site", "Поиск по сайту"),
    "goal": Text("Goal reached", "Цель достигнута"),
}
_LEADS = {
    "form": Text("Lead: a form", "Лид: форма"),
    "call": Text("Lead: a call", "Лид: звонок"),
    "chat": Text("Lead: a chat", "Лид: чат"),
    "email": Text("Lead: an e-mail", "Лид: письмо"),
    "crm": Text("Lead in the CRM", "Лид в CRM"),
    "marketplace": Text("Lead: a marketplace", "Лид: маркетплейс"),
}
_CALLS = {
    "answered": Text("Call answered", "Звонок принят"),
    "missed": Text("Call missed", "Пропущенный звонок"),
    "call": Text("Call", "Звонок"),
}
_DEALS = {
    "created": Text("Deal opened", "Сделка создана"),
    "won": Text("Deal won", "Сделка выиграна"),
    "lost": Text("Deal lost", "Сделка проиграна"),
}
_MESSAGES = {
    "sent": Text("sent", "отправлено"),
    "delivered": Text("delivered", "доставлено"),
    "opened": Text("opened", "открыто"),
    "clicked": Text("link clicked", "переход по ссылке"),
    "answered": Text("answered", "получен ответ"),
    "bounced": Text("not delivered", "не доставлено"),
    "unsubscribed": Text("unsubscribed", "отписка"),
}
_MEDIA = {"email": Text("E-mail", "Письмо"), "sms": Text("SMS", "СМС"), "push": Text("Push", "Пуш")}


@dataclass
class Shown:
    """One line of the timeline."""

    at: datetime
    icon: str
    tone: str
    """won, lost, money, quiet or nothing."""
    title: str
    note: str
    channel: str
    amount: Any
    paths: list[str] = field(default_factory=list)
    """Of the pages, where the line is a run of page views."""


def say(visit: Visit, kind: str, name: str, detail: str) -> str:
    """An act in words, without what it is about."""
    t = visit.text
    match kind:
        case "visit":
            return t(Text("Visit", "Визит"))
        case "page":
            return t(Text("Page view", "Просмотр страницы"))
        case "call":
            return t(_CALLS[name]) if name in _CALLS else name
        case "lead":
            return t(_LEADS[name]) if name in _LEADS else t(Text("Lead", "Лид"))
        case "deal":
            return t(_DEALS[name]) if name in _DEALS else t(Text("Deal", "Сделка"))
        case "stage":
            return t(Text("Stage: {name}", "Этап: {name}").format(name=name))
        case "order":
            return t(Text("Order", "Заказ"))
        case "payment":
            return t(Text("Payment", "Оплата"))
        case "refund":
            return t(Text("Refund", "Возврат"))
        case "message":
            medium = t(_MEDIA[detail]) if detail in _MEDIA else detail or t(Text("Message", "Сообщение"))
            return f"{medium}: {t(_MESSAGES[name]) if name in _MESSAGES else name}"
        case _:
            return t(_EVENTS[name]) if name in _EVENTS else name.replace("_", " ").capitalize()


def by_day(visit: Visit, acts: list[Act]) -> list[tuple[date, list[Shown]]]:
    """The acts under the days that they happened on, in the order given; page views that follow each other are one line."""
    days: list[tuple[date, list[Shown]]] = []
    for act in acts:
        day = day_in_zone(act.at, visit.shown.zone)
        if not days or days[-1][0] != day:
            days.append((day, []))
        lines = days[-1][1]
        if act.kind == "page" and lines and lines[-1].paths:
            lines[-1].paths.append(act.detail or "/")
            lines[-1].title = visit.shown.plural(
                len(lines[-1].paths), ("page", "pages"), ("страница", "страницы", "страниц")
            )
            continue
        lines.append(_line(visit, act))
    return days


def _line(visit: Visit, act: Act) -> Shown:
    tone = {"won": "won", "lost": "lost"}.get(act.name, "") if act.kind == "deal" else ""
    tone = "lost" if act.kind == "call" and act.name == "missed" else tone
    tone = "won" if act.kind in ("payment", "order") else "lost" if act.kind == "refund" else tone
    tone = "quiet" if act.kind in ("page", "event") else tone
    icon = {"won": "circle-check", "lost": "circle-x"}.get(tone, "") if act.kind == "deal" else ""
    icon = icon or _ICONS.get(act.kind, "history")
    icon = (
        {"chat_start": "message-circle", "form_submit": "send", "form_start": "edit"}.get(act.name, icon)
        if act.kind == "event"
        else icon
    )
    if act.kind == "page":
        title = visit.shown.plural(1, ("page", "pages"), ("страница", "страницы", "страниц"))
        return Shown(act.at, icon, tone, title, "", "", None, [act.detail or "/"])
    return Shown(
        act.at, icon, tone, say(visit, act.kind, act.name, act.detail), _note(visit, act), act.channel, act.amount
    )


def _note(visit: Visit, act: Act) -> str:
    more, t = act.more, visit.text
    parts: list[str] = []
    match act.kind:
        case "visit":
            parts += [act.campaign or act.source]
            if more.get("pages"):
                parts.append(visit.shown.plural(more["pages"], ("page", "pages"), ("страница", "страницы", "страниц")))
            parts += [
                _seconds(visit, more.get("seconds")),
                visit.member("device", more["device"]) if more.get("device") else "",
                more.get("region", ""),
            ]
        case "call":
            parts += [
                t(Text("outgoing", "исходящий")) if more.get("is_outgoing") else "",
                _seconds(visit, more.get("call_seconds")),
            ]
        case "lead":
            parts += [act.campaign or act.source]
        case "deal" | "stage":
            number = more.get("deal_id")
            parts += [t(Text("No. {number}", "№ {number}").format(number=number)) if number else "", act.detail]
            if act.kind == "deal":
                parts += [more.get("product", "")]
                parts += [more.get("reason_lost", "")] if act.name == "lost" else []
            parts += [more.get("manager", "")]
        case "order":
            parts += [more.get("product", ""), act.detail, more.get("manager", "")]
        case "event":
            parts += [act.detail]
    return " · ".join(part for part in parts if part)


def _seconds(visit: Visit, seconds: int | None) -> str:
    if not seconds:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    words = Text(f"{minutes} min {rest} s", f"{minutes} мин {rest} с") if minutes else Text(f"{rest} s", f"{rest} с")
    return visit.text(words)
