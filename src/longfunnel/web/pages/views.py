"""Saved views: keep the page as it stands under a name, take one away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.saved_views import remove_view, save_view
from longfunnel.core.text import Text
from longfunnel.web.address import Address, read_address
from longfunnel.web.page import EVERYONE, Page, Route, pages

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def save(visit: Visit) -> Response[Any]:
    """Keep the view and show it. Raises QuestionError for what cannot be asked."""
    name = visit.posted("page")
    route = _tab(name)
    if route is None or visit.user is None or not route.allows(visit.user.role):
        raise visit.missing()
    address = Address.of(route.path, visit.posted("query"))
    if route.report:
        read_address(address, route.report, visit.today, visit.settings.business.zone)
    view = save_view(
        visit.business,
        visit.user,
        page=name,
        name=visit.posted("name"),
        query=visit.posted("query"),
        is_shared=bool(visit.posted("is_shared")),
        is_on_overview=bool(visit.posted("is_on_overview")),
    )
    visit.audit("view_saved", f"{view.page}: {view.name}")
    return visit.redirect(str(address))


def remove(visit: Visit) -> Response[Any]:
    """Forget the view and go back to its page."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    view = remove_view(visit.business, visit.user, visit.path["number"])
    visit.audit("view_removed", f"{view.page}: {view.name}")
    route = _tab(view.page)
    return visit.redirect(str(Address.of(route.path if route else "/", view.query)))


def _tab(name: str) -> Route | None:
    """What a view is of: a page by its name, or one of its tabs by its path without the first slash; None where there is none such
    in the navigation."""
    page = pages().get(name.partition("/")[0])
    if page is None or page.nav is None:
        return None
    wanted = f"/{name}" if "/" in name else page.path
    return next((route for route in page.routes if route.path == wanted and route.method == "GET"), None)


PAGE = Page(
    title=Text("Saved views", "Сохранённые виды"),
    routes=(
        Route("/views/save", save, method="POST", access=EVERYONE),
        Route("/views/{number:int}/remove", remove, method="POST", access=EVERYONE),
    ),
)
