"""Shared links: one page's question as it stood, made with the eyes of the link's maker, read only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.reports import PERIOD, page_question
from longfunnel.web.address import Address
from longfunnel.web.page import Page, Route, pages
from longfunnel.web.read_only import read_only
from longfunnel.web.strip import strip_of
from longfunnel.web.visit import Visit

if TYPE_CHECKING:
    from markupsafe import Markup

    from longfunnel.state import User
    from longfunnel.web.strip import Strip

_PASSING = ("report", "csrf", "_page", "_do", "_q", "_or", "_column", "_said")
"""What is of the moment, or would ask another report than the page's own."""
_NOT = Text("This page is not shared by a link.", "Эта страница по ссылке не открывается.")
_STEPS = 5
"""So often may a page go on to a fuller address of its own."""


class NotSharedError(QuestionError):
    """A page that a link does not show."""

    code = "not_shared"


def shareable(path: str) -> tuple[Page, Route] | None:
    """The page and route of an address that a link may show; None for any other."""
    found = ((page, route) for page in pages().values() for route in page.routes)
    return next((one for one in found if one[1].path == path and one[1].method == "GET" and one[1].can_share), None)


def as_it_stands(visit: Visit, path: str, pairs: list[tuple[str, str]]) -> Address:
    """The page's address with its days written down, so that they stay as they are now. Raises NotSharedError, QuestionError."""
    found = shareable(path)
    if found is None:
        raise NotSharedError(_NOT)
    kept = [(key, value) for key, value in pairs if key not in _PASSING]
    question = page_question(kept, found[1].report, visit.today, visit.settings.business.zone)
    days = {name: day.isoformat() for name in ("since", "until") if (day := getattr(question, name))}
    address = Address(path, tuple(kept))
    return address.with_(**{PERIOD: None}, **days) if days else address


def about(visit: Visit, maker: User, address: Address) -> Strip:
    """What the page at this address is about: its days, its filters. Raises NotSharedError, QuestionError."""
    return strip_of(_seen(visit, maker, address))


def made_for(visit: Visit, maker: User, address: Address) -> tuple[Markup, Strip]:
    """The inside of the page at this address, as its maker sees it, read only; and what it is about.

    Whatever else the request of ``visit`` says is not listened to. Raises NotSharedError, QuestionError.
    """
    for _ in range(_STEPS):
        shown = _seen(visit, maker, address)
        assert shown.route is not None  # noqa: S101 - it has one
        answer = shown.route.answer(shown)
        where = answer.headers.get("location") or answer.headers.get("hx-redirect")
        if not where:
            return read_only(str(answer.content).partition("</title>")[2]), strip_of(shown)
        path, _, query = where.partition("?")
        address = Address.of(path, query)
    raise NotSharedError(_NOT)


def _seen(visit: Visit, maker: User, address: Address) -> Visit:
    """A visit of the maker to that address, to be shown to whoever sent the request of ``visit``."""
    found = shareable(address.path)
    if found is None or not found[1].allows(maker.role):
        raise NotSharedError(_NOT)
    page, route = found
    shown = Visit(visit.site, visit.request, page, route, user=maker, is_shared=True, pace=visit.pace)
    shown.address = address
    return shown


def query_of(address: Address) -> str:
    """The parameters of an address, as a link keeps them."""
    return urlencode(address.pairs)
