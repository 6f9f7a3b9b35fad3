"""People: search, the list of those who asked, dealt or bought; and each person's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.people.persons import SORTS, list_persons
from longfunnel.core.text import Text
from longfunnel.web.page import ANALYSTS, EVERYONE, OWNERS, Nav, Page, Route
from longfunnel.web.pages._people import deciding, erasing, person
from longfunnel.web.pages._people.acts import say
from longfunnel.web.pages._people.masked import masked_name, sees_whole, shown_identifier
from longfunnel.web.saved import saved_menu

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_A_PAGE = 50


def show(visit: Visit) -> Response[Any]:
    """The list. A manager's has the people of their own deals."""
    text = visit.parameter("_q")
    sort = visit.parameter("_sort") if visit.parameter("_sort") in SORTS else "last"
    number = visit.parameter("_page")
    page = max(0, int(number) - 1) if number.isdecimal() and len(number) < 7 else 0
    whole = sees_whole(visit)
    connection = visit.cursor()
    try:
        rows, total = list_persons(
            connection, text=text, sort=sort, manager=person.own_manager(visit), limit=_A_PAGE, offset=page * _A_PAGE,
            country=visit.settings.business.home_country, exactly=not whole,
        )  # fmt: skip
    finally:
        connection.close()
    if text and total == 1:
        return visit.redirect(f"/people/{rows[0].person_id}")
    people = [
        {
            "url": f"/people/{row.person_id}",
            "name": masked_name(row.name, whole=whole),
            "contacts": [shown_identifier(kind, value, whole=whole) for kind, value in row.contacts],
            "channel": row.channel,
            "first_at": row.first_at,
            "last_at": row.last_at,
            "last": say(visit, row.last_kind, row.last_name, row.last_detail) if row.last_kind else "",
            "orders": row.orders,
            "revenue": row.revenue,
        }
        for row in rows
    ]
    return visit.show(
        "pages/people.html",
        people=people,
        total=total,
        text=text,
        sort=sort,
        saved=saved_menu(visit, "people", keeps=("_q",)),
        sorts={name: str(visit.address.with_(_sort=name, _page=None)) for name in SORTS},
        pages=person.pages_of(visit, page, total, _A_PAGE),
        whole=whole,
        own=person.own_manager(visit) or "",
        may_decide=bool(visit.user and visit.user.role in ANALYSTS),
    )


PAGE = Page(
    title=Text("People", "Люди"),
    lead=Text(
        "Everyone who asked, dealt or bought, and what they did on the way.",
        "Все, кто обращался и покупал, и их путь по шагам.",
    ),
    nav=Nav("users", 50),
    routes=(
        Route("/people", show, access=EVERYONE),
        Route("/people/decisions", deciding.decisions, access=ANALYSTS),
        Route("/people/decisions/{number:int}", deciding.whose, access=ANALYSTS),
        Route("/people/decisions/{number:int}/undo", deciding.consider_undoing, access=ANALYSTS),
        Route("/people/decisions/{number:int}/undo", deciding.undo, method="POST", access=ANALYSTS),
        Route("/people/{person_id:int}", person.show, access=EVERYONE),
        Route("/people/{person_id:int}/identity", deciding.consider, access=ANALYSTS),
        Route("/people/{person_id:int}/identity", deciding.decide, method="POST", access=ANALYSTS),
        Route("/people/{person_id:int}/export", erasing.export_person, method="POST", access=ANALYSTS),
        Route("/people/{person_id:int}/erase", erasing.consider, access=OWNERS),
        Route("/people/{person_id:int}/erase", erasing.confirm, method="POST", access=OWNERS),
        Route("/people/{person_id:int}/erase/held", erasing.held, access=OWNERS),
    ),
)
