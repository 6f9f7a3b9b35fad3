"""Shared links: one report's question as it stood, read only, for whoever has the link, until it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.reports import question_from_url, reports
from longfunnel.web.answer_chart import chart_of
from longfunnel.web.funnel_picture import FLOOR, HEIGHT, WIDTH, picture_of
from longfunnel.web.page import ANALYSTS, PUBLIC, Page, Route
from longfunnel.web.strip import strip_of
from longfunnel.web.table import caption_of, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_NEVER = ("behind", "why")
"""Reports that show single people: they are not shared."""


def form(visit: Visit, **values: Any) -> Response[Any]:
    """Ask what to call the link."""
    shown: dict[str, Any] = {
        "strip": strip_of(visit),
        "title": visit.text(PAGE.title),
        "report": visit.text(reports()[visit.question.report].title),
        "query": visit.question.to_url(),
        "url": "",
    }
    return visit.show("pages/share.html", **(shown | values))


def make(visit: Visit) -> Response[Any]:
    """Make the link and show it, once."""
    question = question_from_url(visit.posted("query"))
    if question.report in _NEVER:
        raise QuestionError("Rows of single people are not shared.")
    visit.ask(question)
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    title = visit.posted("title") or visit.text(reports()[question.report].title)
    links = visit.business.state.share_links
    secret = links.make(visit.user.id, title=title, path=f"/report/{question.report}", question=question.to_url())
    visit.audit("shared", question.to_url())
    return visit.show(
        "pages/share.html", title=visit.text(PAGE.title), report=title, query="", strip=None,
        url=f"{visit.site.public_url.rstrip('/')}/shared/{secret}",
    )  # fmt: skip


def open_(visit: Visit) -> Response[Any]:
    """What the link shows: its question's answer, as its maker may see it now."""
    link = visit.business.state.share_links.find(visit.path["secret"])
    maker = visit.business.state.users.get(link.user_id) if link else None
    if link is None or maker is None:
        raise visit.missing()
    visit.is_shared, visit.user = True, maker
    visit.__dict__.pop("language", None)
    answer = visit.ask(question_from_url(link.question))
    return visit.show(
        "pages/shared.html", title=link.title, table=table_of(visit, answer, can_sort=False), caption=caption_of(visit, answer),
        caveats=answer.caveats, chart=chart_of(visit, answer), size={"width": WIDTH, "height": HEIGHT, "floor": FLOOR},
        picture=picture_of(answer, value_of={}) if answer.report == "long_funnel" and not answer.question.by else None,
    )  # fmt: skip


PAGE = Page(
    title=Text("Share", "Поделиться"),
    routes=(
        Route("/share", form, access=ANALYSTS, report="long_funnel"),
        Route("/share", make, method="POST", access=ANALYSTS),
        Route("/shared/{secret:str}", open_, access=PUBLIC),
    ),
)
