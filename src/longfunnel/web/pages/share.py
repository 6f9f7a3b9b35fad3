"""Making a link that shows one page, as it stands, to whoever has it; and what the link shows. Closed under Account or Users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.core.errors import too_long
from longfunnel.core.text import Text
from longfunnel.web.address import Address
from longfunnel.web.page import ANALYSTS, PUBLIC, Page, Route
from longfunnel.web.shared import about, as_it_stands, made_for, query_of, shareable

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_TITLE = Text("The name", "Название")
_NO_ROBOTS = "noindex, nofollow, noarchive"


def form(visit: Visit) -> Response[Any]:
    """Ask what to call the link to the page ``_page``."""
    return _asking(visit, as_it_stands(visit, visit.parameter("_page") or "/", list(visit.address.pairs)))


def _asking(visit: Visit, address: Address, *, typed: str = "", mistake: str = "") -> Response[Any]:
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    strip = about(visit, visit.user, address)
    name = _name_of(visit, address.path)
    return visit.show(
        "pages/share.html", name=name, page=address.path, query=query_of(address), strip=strip, url="",
        typed=typed or name, mistake=mistake, status=422 if mistake else 200,
    )  # fmt: skip


def make(visit: Visit) -> Response[Any]:
    """Make the link and show it, once."""
    address = as_it_stands(visit, visit.posted("page"), parse_qsl(visit.posted("query"), keep_blank_values=True))
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    if mistakes := too_long(_TITLE, visit.posted("title")):
        return _asking(visit, address, typed=visit.posted("title"), mistake=visit.text(mistakes[0]))
    made_for(visit, visit.user, address)
    name, query = visit.posted("title") or _name_of(visit, address.path), query_of(address)
    secret = visit.business.state.share_links.make(visit.user.id, title=name, path=address.path, question=query)
    visit.audit("shared", f"{name}: {address}")
    url = f"{visit.site.public_url.rstrip('/')}/shared/{secret}"
    return visit.show("pages/share.html", name=name, page=address.path, query="", strip=None, url=url)


def open_(visit: Visit) -> Response[Any]:
    """The page of the link, as its maker may see it now. Nothing of the request but the link's secret matters."""
    link = visit.business.state.share_links.find(visit.path["secret"])
    maker = visit.business.state.users.get(link.user_id) if link else None
    if link is None or maker is None:
        return visit.show("pages/share_gone.html", status=404)
    visit.language = "ru" if (maker.language or visit.settings.business.language) == "ru" else "en"
    body, strip = made_for(visit, maker, Address.of(link.path, link.question))
    answer = visit.show(
        "pages/shared.html", title=link.title, name=_name_of(visit, link.path), inside=body, strip=strip
    )
    answer.headers["x-robots-tag"] = _NO_ROBOTS
    return answer


def _name_of(visit: Visit, path: str) -> str:
    found = shareable(path)
    return visit.text(found[0].title) if found else ""


PAGE = Page(
    title=Text("Share", "Поделиться"),
    routes=(
        Route("/share", form, access=ANALYSTS),
        Route("/share", make, method="POST", access=ANALYSTS),
        Route("/shared/{secret:str}", open_, access=PUBLIC),
    ),
)
