"""One person: the head, the timeline, who they are and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from longfunnel.app.people.persons import head, is_own, timeline
from longfunnel.core.errors import NothingYetError
from longfunnel.core.text import Text
from longfunnel.people import evidence
from longfunnel.web.page import ANALYSTS
from longfunnel.web.pages._people.acts import KINDS as ACTS
from longfunnel.web.pages._people.acts import TOGETHER, by_day
from longfunnel.web.pages._people.deciding import kind_title
from longfunnel.web.pages._people.masked import masked_name, sees_whole, shown_identifier

if TYPE_CHECKING:
    import duckdb
    from litestar import Response

    from longfunnel.people import Evidence
    from longfunnel.state import Decision
    from longfunnel.web.visit import Visit

_A_PAGE = 100
FACTS = {
    "lead": Text("a lead", "лид"),
    "deal": Text("a deal", "сделка"),
    "event": Text("the site", "сайт"),
    "visit": Text("a visit", "визит"),
    "call": Text("a call", "звонок"),
    "payment": Text("a payment", "оплата"),
    "identity_link": Text("a link of accounts", "связка учётных записей"),
    "message": Text("a message", "сообщение"),
    "survey_answer": Text("a survey", "опрос"),
    "stage_entry": Text("a stage", "этап"),
    "decision": Text("a decision", "решение"),
}


def show(visit: Visit) -> Response[Any]:
    """The person's page. Managers are shown the people of their own deals alone, and of those only these deals."""
    person_id, manager = visit.path["person_id"], own_manager(visit)
    kind = visit.parameter("_kind") if visit.parameter("_kind") in ACTS else ""
    newest = visit.parameter("_order") != "oldest"
    page = _number(visit.parameter("_page"))
    connection = visit.cursor()
    try:
        if manager is not None and not is_own(connection, person_id, manager):
            raise visit.missing()
        about = head(connection, person_id, manager=manager)
        if about is None:
            raise visit.missing()
        acts, total = timeline(
            connection, person_id, newest_first=newest, kinds=TOGETHER.get(kind, (kind,) if kind else ()),
            manager=manager, limit=_A_PAGE, offset=_A_PAGE * page,
        )  # fmt: skip
        known = _evidence(connection, person_id)
    finally:
        connection.close()
    whole = sees_whole(visit)
    name = masked_name(about.name, whole=whole)
    contacts = [
        shown_identifier(one.identifier.kind, one.identifier.value, whole=whole)
        for one in (known.identifiers if known else [])
        if one.identifier.kind in ("phone", "email", "telegram")
    ]
    role = visit.user.role if visit.user else ""
    return visit.show(
        "pages/person.html",
        title=name or (contacts[0] if contacts else visit.text(Text("Unnamed visitor", "Посетитель без имени"))),
        person_id=person_id,
        about=about,
        contacts=contacts,
        days=by_day(visit, acts),
        total=total,
        kinds=[("", visit.text(Text("Everything", "Всё"))), *((name, visit.text(text)) for name, text in ACTS.items())],
        kind=kind,
        newest=newest,
        pages=_pages(visit, page, total),
        identifiers=_identifiers(visit, known),
        links=_links(visit, known),
        decisions=_decisions(visit, known) if role in ANALYSTS else [],
        may_decide=role in ANALYSTS,
        may_erase=role == "owner",
    )


def _decisions(visit: Visit, known: Evidence | None) -> list[Decision]:
    """The decisions that name one of the person's identifiers; newest first."""
    own = {(one.identifier.kind, one.identifier.value) for one in known.identifiers} if known else set()
    every = reversed(visit.business.state.identity_decisions.all())
    return [one for one in every if {(one.kind_a, one.value_a), (one.kind_b, one.value_b)} & own]


def own_manager(visit: Visit) -> str | None:
    """Whose deals this reader is narrowed to; None: they may see everybody."""
    if visit.user is None or visit.user.role != "manager":
        return None
    return visit.user.manager


def _evidence(connection: duckdb.DuckDBPyConnection, person_id: int) -> Evidence | None:
    try:
        return evidence(connection, person_id)
    except NothingYetError:
        return None


def _identifiers(visit: Visit, known: Evidence | None) -> list[dict[str, Any]]:
    whole = sees_whole(visit)
    return [
        {
            "title": visit.text(kind_title(one.identifier.kind)),
            "value": shown_identifier(one.identifier.kind, one.identifier.value, whole=whole),
            "system": one.identifier.system,
            "spelled": quote(str(one.identifier)),
            "raw": str(one.identifier),
            "facts": one.facts,
            "last_seen_at": one.last_seen_at,
        }
        for one in (known.identifiers if known else [])
    ]


def _links(visit: Visit, known: Evidence | None) -> list[dict[str, Any]]:
    whole = sees_whole(visit)
    words = {
        "holds": Text("makes them one", "связывает"),
        "shared": Text("shared by many: links nobody", "общий для многих: не связывает"),
        "cut": Text("cut", "разъединены"),
    }
    made: dict[tuple[str, str, str], dict[str, Any]] = {}
    for link in known.links if known else []:
        if link.a == link.b:
            continue
        a, b = str(link.a), str(link.b)
        line = made.setdefault(
            (a, b, link.status),
            {
                "a": shown_identifier(link.a.kind, link.a.value, whole=whole),
                "b": shown_identifier(link.b.kind, link.b.value, whole=whole),
                "a_kind": visit.text(kind_title(link.a.kind)),
                "b_kind": visit.text(kind_title(link.b.kind)),
                "status": link.status,
                "word": visit.text(words[link.status]),
                "cut": f"_verb=cut&_first={quote(a)}&_second={quote(b)}",
                "said": [],
            },
        )
        fact = visit.text(FACTS[link.fact]) if link.fact in FACTS else link.fact
        line["said"].append(
            f"{fact}{f' · {link.source_system}' if link.source_system else ''}{f' × {link.facts}' if link.facts > 1 else ''}"
        )
    return sorted(made.values(), key=lambda line: (line["status"] != "holds", line["a_kind"]))


def _number(text: str) -> int:
    return max(0, int(text) - 1) if text.isdecimal() and len(text) < 7 else 0


def _pages(visit: Visit, page: int, total: int) -> dict[str, Any]:
    """Links to the pages before and after, and which of them this is."""
    return pages_of(visit, page, total, _A_PAGE)


def pages_of(visit: Visit, page: int, total: int, size: int) -> dict[str, Any]:
    """Links to the pages before and after, for a list of ``total`` in pages of ``size``."""
    return {
        "earlier": str(visit.address.with_(_page=str(page) if page > 1 else None)) if page else "",
        "later": str(visit.address.with_(_page=str(page + 2))) if size * (page + 1) < total else "",
        "from": size * page + 1 if total else 0,
        "to": min(total, size * (page + 1)),
        "total": total,
    }
