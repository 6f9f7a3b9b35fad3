"""Where a caveat can be acted on: a missing rate at the sources, money under no channel in the ledger, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.core.text import Text
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from longfunnel.reports import Caveat
    from longfunnel.web.visit import Visit

_SOURCES: Final = ("/sources", "", Text("To the sources", "К источникам"))
_CONNECT: Final = ("/sources/new", "", Text("Connect a source", "Подключить источник"))
_LEDGER: Final = ("/ledger", "#reasons", Text("Open the ledger", "Открыть сверку"))
_STAGES: Final = ("/settings/stages", "", Text("To the stages", "К этапам"))
_COUNTING: Final = ("/settings", "", Text("To the settings", "К настройкам"))
_PLACES: Final[dict[str, tuple[str, str, Text]]] = {
    "not_connected": _CONNECT,
    "no_stage_history": _CONNECT,
    "no_cost_of_goods": _SOURCES,
    "reported_totals": _SOURCES,
    "old_rate": _SOURCES,
    "quarantine": _SOURCES,
    "beyond_data": _SOURCES,
    "deals_of_unknown_status": _STAGES,
    "spend_unconverted": _LEDGER,
    "spend_without_channel": _LEDGER,
    "does_not_reconcile": _LEDGER,
    "revenue_rule": _COUNTING,
}
"""By code: the page, a place on it, and what the link says."""
_OF_DAYS: Final = "/ledger"
"""Shown for the same days as the report."""


def act_on(visit: Visit, caveat: Caveat) -> tuple[str, str] | None:
    """The address where this reader can act on the caveat, and what the link to it says; None where there is no such page for them."""
    place = _PLACES.get(caveat.code)
    if place is None or visit.is_shared:
        return None
    path, anchor, label = place
    role = visit.user.role if visit.user else None
    routes = (route for page in pages().values() for route in page.routes if route.method == "GET")
    if not any(route.path == path and route.allows(role) for route in routes):
        return None
    days = (
        visit.address.of_question().to(path).with_(filter=None, model=None, basis=None, compare=None, window_days=None)
    )
    return f"{days if path == _OF_DAYS else path}{anchor}", visit.text(label)
