"""The tabs of the page of paths: each asks a report of its own about the same days and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.reports import reports
from longfunnel.web.page import pages
from longfunnel.web.strip import Choice

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

_TABS = {
    "/paths": Text("What people do next", "Что делают дальше"),
    "/paths/chains": Text("Chains of channels", "Цепочки каналов"),
    "/paths/lags": Text("Time to order", "Время до заказа"),
    "/paths/cohorts": Text("Cohorts", "Когорты"),
    "/paths/retention": Text("Retention", "Удержание"),
}


def tabs(visit: Visit) -> list[Choice]:
    """The tabs that this user may open; what a tab's report does not understand is left out of its address."""
    role = visit.user.role if visit.user else None
    routes = {route.path: route for route in pages()["paths"].routes if route.allows(role)}
    found = []
    for path, title in _TABS.items():
        if route := routes.get(path):
            kept = visit.address.of_question().to(path)
            for name in reports()[route.report].refuses:
                kept = kept.with_(**{"filter" if name == "filters" else name: None})
            found.append(Choice(visit.text(title), str(kept), path == visit.address.path))
    return found
