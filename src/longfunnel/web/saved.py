"""The menu of a page's saved views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.app.saved_views import views_of
from longfunnel.web.page import ANALYSTS

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

_PASSING = ("_do", "_q", "_or", "_column", "_page", "limit")
"""Parameters that are of the moment, not of the view."""


@dataclass(frozen=True)
class Saved:
    """One view to go to."""

    id: int
    name: str
    url: str
    owner: str
    """Whose it is, where it is another's."""
    is_shared: bool
    is_on_overview: bool
    is_here: bool
    can_remove: bool


@dataclass(frozen=True)
class SavedMenu:
    """What the menu of a page shows."""

    page: str
    query: str
    """What the page asks now, to be kept."""
    views: list[Saved]
    can_share: bool
    for_overview: bool


def saved_menu(visit: Visit, page: str, *, for_overview: bool = False, keeps: tuple[str, ...] = ()) -> SavedMenu | None:
    """The menu for the present address; None for whoever is not signed in as themselves.

    ``page`` is a page's name, or the path of one of its tabs without the first slash; ``keeps`` has parameters that are of the moment
    elsewhere and of the view here.
    """
    if visit.user is None or visit.is_shared:
        return None
    user = visit.user
    query = urlencode([pair for pair in visit.address.pairs if pair[0] in keeps or pair[0] not in _PASSING])
    found = [
        Saved(
            view.id,
            view.name,
            f"{visit.address.path}?{view.query}",
            "" if view.user_id == user.id else view.owner,
            view.is_shared,
            view.is_on_overview,
            view.query == query,
            view.user_id == user.id or (view.is_shared and user.role == "owner"),
        )
        for view in views_of(visit.business, user, page)
    ]
    return SavedMenu(page, query, found, user.role in ANALYSTS, for_overview)
