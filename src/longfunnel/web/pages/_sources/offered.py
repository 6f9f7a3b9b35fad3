"""The systems that can be connected as people look for them: by what they are, and by what each adds to the funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.connect._engine import Connector

GROUPS = {
    "ads": Text("Advertising", "Реклама"),
    "analytics": Text("Web analytics", "Веб-аналитика"),
    "crm": Text("CRM", "CRM"),
    "calls": Text("Calls", "Звонки"),
    "messengers": Text("Messengers", "Мессенджеры"),
    "other": Text("Else", "Прочее"),
}
"""The kinds of systems, in the order of the funnel."""
PICTURES = {
    "ads": "target-arrow",
    "analytics": "chart-line",
    "crm": "users",
    "calls": "phone-call",
    "messengers": "message-circle",
    "other": "database",
}
"""The picture of each kind."""
_BY_FACT = {"deal": "crm", "call": "calls", "visit": "analytics", "spend": "ads", "message": "messengers"}
_ADDS = {
    "spend": Text("Spend and clicks → CPL, CPO, ROMI", "Расход и клики → CPL, CPO, ROMI"),
    "visit": Text("Visits → conversion into leads, attribution", "Визиты → конверсия в лиды, атрибуция"),
    "deal": Text("Leads, deals and stages → sales, revenue, where deals are lost", "Лиды, сделки и этапы → продажи, выручка, где теряются сделки"),
    "call": Text("Calls → leads by phone, with the ad behind each", "Звонки → лиды по телефону и реклама за каждым"),
    "message": Text("Chats → leads and talks in the messenger", "Переписка → лиды и диалоги в мессенджере"),
    "lead": Text("Leads → CPL by ad", "Лиды → CPL по объявлениям"),
    "fx_rate": Text("Exchange rates → spend in other currencies", "Курсы валют → расход в других валютах"),
}  # fmt: skip


def group_of(connector: Connector) -> str:
    """Which of ``GROUPS`` a system is of, by the first fact that tells."""
    return next((group for fact, group in _BY_FACT.items() if fact in connector.facts), "other")


def adds_of(connector: Connector) -> Text:
    """What the system adds to the funnel: by the facts that it brings, the weightiest first."""
    facts = [fact for fact in _ADDS if fact in connector.facts]
    told = [fact for fact in facts if fact != "lead" or not {"deal", "message"} & set(facts)]
    whole = Text("", "")
    for number, fact in enumerate(told[:2]):
        whole = whole + (". " if number else "") + _ADDS[fact]
    return whole
