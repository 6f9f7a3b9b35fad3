"""Leaving a letter's list: whoever gets letters stops them by the link in each, without an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.letters.stopping import is_stop, stop, stopped
from longfunnel.core.text import Text
from longfunnel.web.page import PUBLIC, Page, Route

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def ask(visit: Visit, **values: Any) -> Response[Any]:
    """Say what would be stopped, with one button: mail programs follow links by themselves, so the link alone stops nothing."""
    about, to, token = (visit.posted(name) or visit.parameter(name) for name in ("about", "to", "token"))
    found = stopped(visit.business, about) if is_stop(visit.business, about, to, token) else None
    shown: dict[str, Any] = {
        "name": found.name if found else "",
        "about": about,
        "to": to,
        "token": token,
        "is_done": False,
    }
    return visit.show("pages/letter_stop.html", **(shown | values))


def leave(visit: Visit) -> Response[Any]:
    """Stop it."""
    about, to = visit.posted("about"), visit.posted("to")
    if not is_stop(visit.business, about, to, visit.posted("token")):
        raise visit.missing()
    stop(visit.business, about, to)
    return ask(visit, is_done=True)


PAGE = Page(
    title=Text("Stop letters", "Не присылать письма"),
    routes=(Route("/letters/stop", ask, access=PUBLIC), Route("/letters/stop", leave, method="POST", access=PUBLIC)),
)
