"""The tabs of the forecast: what will be, of what, how sure, what if, and what to spend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.core.text import Text
from longfunnel.web.strip import Choice

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

WEEKS: Final = {
    "4": Text("4 weeks", "4 недели"),
    "8": Text("8 weeks", "8 недель"),
    "13": Text("a quarter", "квартал"),
    "26": Text("half a year", "полгода"),
}
_TABS: Final = {
    "/forecast": Text("By week", "По неделям"),
    "/forecast/deals": Text("Open deals", "Открытые сделки"),
    "/forecast/check": Text("Checked on the past", "Проверка на прошлом"),
    "/forecast/what-if": Text("What if", "Что, если"),
    "/forecast/budget": Text("Budget", "Бюджет"),
}


def forecast_tabs(visit: Visit) -> list[Choice]:
    """The tabs, each with what the others understand too."""
    base, here = visit.address.of_question().with_(model=None, basis=None), visit.address.path
    return [Choice(visit.text(text), str(base.to(path)), path == here) for path, text in _TABS.items()]
