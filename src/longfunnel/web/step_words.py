"""Steps of a funnel and what people did in words: «Deal won», «Page /pricing*», as a reader would say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.journeys.funnels.step_language import read_exclusions, read_predicate, read_steps

if TYPE_CHECKING:
    from longfunnel.core.settings import Language
    from longfunnel.journeys.funnels.step_language import Act, Condition

_WORDS: dict[str, Text] = {
    "page": Text("Page", "Страница"),
    "event": Text("Event", "Событие"),
    "visit": Text("Visit", "Визит"),
    "lead": Text("Lead", "Лид"),
    "lead.qualified": Text("Qualified lead", "Целевой лид"),
    "call": Text("Call", "Звонок"),
    "call.answered": Text("Answered call", "Принятый звонок"),
    "call.missed": Text("Missed call", "Пропущенный звонок"),
    "deal": Text("Deal: anything", "Сделка: что угодно"),
    "deal.created": Text("Deal made", "Сделка создана"),
    "deal.won": Text("Deal won", "Сделка выиграна"),
    "deal.lost": Text("Deal lost", "Сделка проиграна"),
    "stage": Text("Stage", "Этап"),
    "order": Text("Order", "Заказ"),
    "order.first": Text("First order", "Первый заказ"),
    "order.repeat": Text("Repeat order", "Повторный заказ"),
    "payment": Text("Payment", "Оплата"),
    "refund": Text("Refund", "Возврат"),
    "message": Text("Message", "Сообщение"),
    "message.sent": Text("Message sent", "Сообщение отправлено"),
    "message.delivered": Text("Message delivered", "Сообщение доставлено"),
    "message.opened": Text("Message opened", "Сообщение открыто"),
    "message.clicked": Text("Message clicked", "Переход из сообщения"),
    "message.answered": Text("Message answered", "Ответ на сообщение"),
    "message.bounced": Text("Message bounced", "Сообщение не дошло"),
    "message.unsubscribed": Text("Unsubscribed", "Отписка"),
}
_LEADS = {
    "form": Text("form", "форма"),
    "call": Text("call", "звонок"),
    "chat": Text("chat", "чат"),
    "email": Text("e-mail", "письмо"),
    "crm": Text("from the CRM", "из CRM"),
    "marketplace": Text("marketplace", "маркетплейс"),
}
ICONS = {
    "page": "eye",
    "event": "player-play",
    "visit": "world",
    "lead": "user-plus",
    "call": "phone",
    "deal": "receipt",
    "stage": "flag",
    "order": "shopping-cart",
    "payment": "credit-card",
    "refund": "arrow-back-up",
    "message": "mail",
}
"""A picture for each kind of act."""


_ANY = {"page": Text("Any page", "Любая страница"), "event": Text("Any event", "Любое событие")}
_PROPERTIES = {
    "amount": Text("amount", "сумма"),
    "medium": Text("sent by", "как отправлено"),
    "subject": Text("subject", "тема"),
    "title": Text("title", "заголовок"),
}
_OPS = {
    "=": Text("{name}: {values}", "{name}: {values}"),
    "!=": Text("{name}: not {values}", "{name}: не {values}"),
    "~": Text("{name} contains {values}", "{name} содержит {values}"),
    "!~": Text("{name} does not contain {values}", "{name} не содержит {values}"),
    "^": Text("{name} begins with {values}", "{name} начинается с {values}"),
    ">=": Text("{name} ≥ {values}", "{name} ≥ {values}"),
    "<=": Text("{name} ≤ {values}", "{name} ≤ {values}"),
    ">": Text("{name} > {values}", "{name} > {values}"),
    "<": Text("{name} < {values}", "{name} < {values}"),
    "known": Text("{name} is known", "{name}: известно"),
    "unknown": Text("{name} is not known", "{name}: неизвестно"),
}
_OR = Text(" or ", " или ")


def act_words(act: Act, language: Language) -> str:
    """One act in words: «Stage Quote (Retail)», «Page /pricing*», «Order (product: Kitchen)»."""
    key = f"{act.kind}.{act.variant}" if act.variant else act.kind
    words = _WORDS.get(key, Text(key, key)).to(language)
    name = act.name
    if act.kind in _ANY and name in ("", "*"):
        words, name = _ANY[act.kind].to(language), ""
    elif act.kind == "stage" and "/" in name:
        pipeline, _, stage = name.partition("/")
        name = f"{stage} ({pipeline})"
    elif act.kind == "lead":
        name = _LEADS.get(name, Text(name, name)).to(language)
    elif act.kind in ("deal", "order") and name:
        name = f"({name})"
    if name:
        words = f"{words}: {name}" if act.kind in ("lead", "message", "call") else f"{words} {name}"
    conditions = ", ".join(_condition_words(item, language) for item in act.conditions)
    return f"{words} ({conditions})" if conditions else words


def _condition_words(item: Condition, language: Language) -> str:
    """A condition in words: «product: Kitchen or Wardrobe», «amount > 100»."""
    entry = dimension(item.name)
    title = _PROPERTIES.get(item.name) or (entry.title if entry else Text(item.name, item.name))
    values = _OR.to(language).join(item.values)
    return _OPS[item.op].format(name=title.to(language).lower(), values=values).to(language)


def exclusion_words(text: str, language: Language) -> list[str]:
    """Each exclusion of a funnel in words, with the steps that it stands between where it is not the whole way."""
    found = []
    for item in read_exclusions(text):
        words = step_words(item.predicate, language)
        if item.to_step is not None:
            said = Text("{words}, between steps {a} and {b}", "{words}, между шагами {a} и {b}")
            words = said.format(words=words, a=item.from_step, b=item.to_step).to(language)
        elif item.from_step != 1:
            said = Text("{words}, after step {a}", "{words}, после шага {a}")
            words = said.format(words=words, a=item.from_step).to(language)
        found.append(words)
    return found


def way_words(text: str, language: Language) -> str:
    """A way of acts (``page:/ → lead``) in words; as it is written, where it cannot be read."""
    try:
        return " → ".join(step_words(step.predicate, language) for step in read_steps(text))
    except QuestionError:
        return text


def step_words(predicate: str, language: Language) -> str:
    """A step's predicate in words; as it is written, where it cannot be read."""
    try:
        acts = read_predicate(predicate)
    except QuestionError:
        return predicate
    return _OR.to(language).join(act_words(act, language) for act in acts)


def step_icon(predicate: str) -> str:
    """The picture of a step's first act."""
    try:
        return ICONS.get(read_predicate(predicate)[0].kind, "flag")
    except QuestionError:
        return "flag"
