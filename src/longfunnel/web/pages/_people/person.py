"""One person: the head, the timeline, who they are and why, and what may be decided about that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from longfunnel.app.business import Business, now
from longfunnel.app.people.identity import propose_decision
from longfunnel.app.people.persons import head, is_own, timeline
from longfunnel.core.errors import LongfunnelError, NothingYetError
from longfunnel.core.text import Text
from longfunnel.people import evidence, find
from longfunnel.warehouse.identifiers import KINDS
from longfunnel.web.page import ANALYSTS
from longfunnel.web.pages._people.acts import KINDS as ACTS
from longfunnel.web.pages._people.acts import TOGETHER, by_day
from longfunnel.web.pages._people.masked import masked_name, sees_whole, shown_identifier
from longfunnel.web.pages._sources.words import FACTS as FACT_TITLES

if TYPE_CHECKING:
    import duckdb
    from litestar import Response

    from longfunnel.people import Evidence
    from longfunnel.state import Decision, Verb
    from longfunnel.web.visit import Visit

_A_PAGE = 100
VERBS = ("cut", "join", "block")
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
_NOT_FACTS = {
    "webhooks": Text("Webhooks", "Вебхуки"),
    "quarantine": Text("Quarantine", "Карантин"),
    "raw_records": Text("Records as they came", "Записи, как они пришли"),
}
"""What else is held about a person."""


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
        decisions=decisions_about(visit, known) if role in ANALYSTS else [],
        may_decide=role in ANALYSTS,
        may_erase=role == "owner",
    )


def consider(visit: Visit) -> Response[Any]:
    """What a cut, a join or a block would change, before it is done."""
    verb, first, second = (visit.parameter(name) or visit.posted(name) for name in ("_verb", "_first", "_second"))
    if verb not in VERBS:
        raise visit.missing()
    mistake, groups = "", None
    connection = visit.cursor()
    try:
        if verb == "block" or second:
            second = _spelled(connection, visit, second)
            _, preview = propose_decision(
                visit.business, cast("Verb", verb), first, second, why="", by=_by(visit), connection=connection
            )
            groups = [[_group(visit, group) for group in side] for side in (preview.before, preview.after)]
    except LongfunnelError as error:
        mistake = error.to(visit.language)
    finally:
        connection.close()
    titles = {
        "cut": Text("Cut apart", "Разъединить"),
        "join": Text("Join", "Объединить"),
        "block": Text("Let it link nobody", "Не связывать по нему"),
    }
    return visit.show(
        "pages/identity.html", title=visit.text(titles[verb]), person_id=visit.path["person_id"], verb=verb, first=first,
        second=second, groups=groups, mistake=mistake,
    )  # fmt: skip


def decide(visit: Visit) -> Response[Any]:
    """Take the decision; the next build follows it, and so does the page that is shown then."""
    verb, first, second = (visit.posted(name) for name in ("_verb", "_first", "_second"))
    if verb not in VERBS:
        raise visit.missing()
    connection = visit.cursor()
    try:
        taken, _ = propose_decision(
            visit.business,
            cast("Verb", verb),
            first,
            second,
            why=visit.posted("why"),
            by=_by(visit),
            connection=connection,
        )
    finally:
        connection.close()
    kept = visit.business.state.identity_decisions.add(taken)
    visit.audit(f"identity_{verb}", f"{first} {second}".strip())
    visit.site.answering.refresh()
    return visit.redirect(_whose(visit, kept) or "/people")


def undo(visit: Visit) -> Response[Any]:
    """Undo a decision, as if it had never been."""
    undone = visit.business.state.identity_decisions.undo(visit.path["number"], by=_by(visit), at=now())
    visit.audit("identity_undone", str(undone.id))
    visit.site.answering.refresh()
    return visit.redirect(_whose(visit, undone) or "/people/decisions")


def decisions(visit: Visit) -> Response[Any]:
    """Every decision about who is who."""
    title = visit.text(Text("Decisions about who is who", "Решения о том, кто есть кто"))
    return visit.show("pages/decisions.html", title=title, decisions=decisions_about(visit, None))


def export_person(visit: Visit) -> Response[Any]:
    """Everything that is held about the person, as JSON."""
    import msgspec

    from longfunnel.app.privacy.erasure import export

    with Business(visit.business.folder) as own:
        held = export(own, str(visit.path["person_id"]))
    visit.audit("person_exported", str(visit.path["person_id"]))
    return visit.file(
        msgspec.json.format(msgspec.json.encode(held, enc_hook=str), indent=2),
        f"person-{visit.path['person_id']}.json",
        "application/json",
    )


def erase(visit: Visit) -> Response[Any]:
    """What erasing would take out; once the word is typed, a job that does it."""
    from longfunnel.app.privacy.erasure import erase as run
    from longfunnel.app.privacy.erasure import find_held
    from longfunnel.app.serving.jobs import jobs_of

    person_id = visit.path["person_id"]
    word = visit.text(Text("erase", "стереть"))
    with Business(visit.business.folder) as own:
        found = find_held(own, str(person_id))
    typed = visit.posted("word")
    if visit.request.method == "POST" and typed.lower() == word:
        visit.audit("person_erased", str(person_id))
        job = jobs_of(visit.business).begin(
            "erase", f"person {person_id}", lambda own, tell: run(own, found, progress=tell)[0], by=_by(visit)
        )
        return visit.redirect(f"/jobs/{job.number}")
    whole = sees_whole(visit)
    return visit.show(
        "pages/erase.html",
        title=visit.text(Text("Erase the person", "Стереть человека")),
        person_id=person_id,
        identifiers=[shown_identifier(one.kind, one.value, whole=whole) for one in found.identifiers],
        rows={visit.text((FACT_TITLES | _NOT_FACTS)[name]): many for name, many in found.rows.items()},
        own_files=found.own_files,
        word=word,
        mistake=visit.request.method == "POST",
    )


def decisions_about(visit: Visit, known: Evidence | None) -> list[Decision]:
    """The decisions that name one of the person's identifiers, or all; newest first."""
    every = reversed(visit.business.state.identity_decisions.all())
    if known is None:
        return list(every)
    own = {(one.identifier.kind, one.identifier.value) for one in known.identifiers}
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
            "title": visit.text(_kind(one.identifier.kind)),
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
                "a_kind": visit.text(_kind(link.a.kind)),
                "b_kind": visit.text(_kind(link.b.kind)),
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


def _group(visit: Visit, group: Any) -> list[tuple[str, str]]:
    whole = sees_whole(visit)
    return [
        (visit.text(_kind(one.kind)), shown_identifier(one.kind, one.value, whole=whole)) for one in group.identifiers
    ]


def _kind(name: str) -> Text:
    kind = KINDS[name]
    return Text(kind.title, kind.title_ru)


def _spelled(connection: duckdb.DuckDBPyConnection, visit: Visit, text: str) -> str:
    """What a person typed to join with, as kind:value: a phone or e-mail in any spelling will do."""
    kind, colon, _ = text.partition(":")
    if not text or (colon and kind.strip().lower() in KINDS):
        return text
    found = find(connection, text, country=visit.settings.business.home_country)
    return str(found[0].identifier) if len(found) == 1 else text


def _whose(visit: Visit, taken: Decision) -> str:
    """The page of whoever has the decision's first identifier now."""
    connection = visit.cursor()
    try:
        rows = connection.execute(
            "SELECT person_id FROM live.identifiers WHERE kind = ? AND value = ? AND system = ? AND person_id IS NOT NULL",
            [taken.kind_a, taken.value_a, taken.system_a],
        ).fetchall()
    finally:
        connection.close()
    return f"/people/{rows[0][0]}" if rows else ""


def _by(visit: Visit) -> str:
    return visit.user.email if visit.user else ""


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
