"""What may be decided about who somebody is: a preview, the decision, the work that follows it, and undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from longfunnel.app.business import now
from longfunnel.app.people.identity import make_decision, without
from longfunnel.app.serving.jobs import jobs_of
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.people import find, preview
from longfunnel.warehouse.identifiers import KINDS
from longfunnel.web.pages._people.masked import sees_whole, shown_identifier

if TYPE_CHECKING:
    import duckdb
    from litestar import Response

    from longfunnel.people import Group, Preview
    from longfunnel.state import Decision, Verb
    from longfunnel.web.visit import Visit

VERBS = ("cut", "join", "block")
_TITLES = {
    "cut": Text("Cut apart", "Разъединить"),
    "join": Text("Join", "Объединить"),
    "block": Text("Let it link nobody", "Не связывать по нему"),
    "undo": Text("Undo the decision", "Отменить решение"),
}


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
            taken = make_decision(visit.settings, cast("Verb", verb), first, second, why="", by=_by(visit))
            would = preview(connection, visit.settings, [*visit.business.decisions(), taken])
            groups = _groups(visit, would)
    except LongfunnelError as error:
        mistake = error.to(visit.language)
    finally:
        connection.close()
    person_id = visit.path["person_id"]
    return visit.show(
        "pages/identity.html", title=visit.text(_TITLES[verb]), person_id=person_id, verb=verb, first=first, second=second,
        groups=groups, mistake=mistake, action=f"/people/{person_id}/identity", back=f"/people/{person_id}",
    )  # fmt: skip


def decide(visit: Visit) -> Response[Any]:
    """Take the decision: it is kept before the answer, and a job works out what follows from it."""
    verb, first, second = (visit.posted(name) for name in ("_verb", "_first", "_second"))
    if verb not in VERBS:
        raise visit.missing()
    taken = make_decision(visit.settings, cast("Verb", verb), first, second, why=visit.posted("why"), by=_by(visit))
    kept = visit.business.state.identity_decisions.add(taken)
    visit.audit(f"identity_{verb}", f"{first} {second}".strip())
    return _follow_up(visit, kept)


def consider_undoing(visit: Visit) -> Response[Any]:
    """What would change if a decision had never been."""
    mistake, groups = "", None
    connection = visit.cursor()
    try:
        _, rest = without(visit.business, visit.path["number"])
        groups = _groups(visit, preview(connection, visit.settings, rest))
    except LongfunnelError as error:
        mistake = error.to(visit.language)
    finally:
        connection.close()
    return visit.show(
        "pages/identity.html", title=visit.text(_TITLES["undo"]), verb="undo", first="", second="", groups=groups,
        mistake=mistake, action=f"/people/decisions/{visit.path['number']}/undo", back="/people/decisions",
    )  # fmt: skip


def undo(visit: Visit) -> Response[Any]:
    """Undo a decision, as if it had never been: that is kept before the answer, and a job works out what follows from it."""
    undone = visit.business.state.identity_decisions.undo(visit.path["number"], by=_by(visit), at=now())
    visit.audit("identity_undone", str(undone.id))
    return _follow_up(visit, undone)


def whose(visit: Visit) -> Response[Any]:
    """The page of whoever has the decision's first identifier now."""
    taken, _ = without(visit.business, visit.path["number"])
    visit.site.answering.refresh()
    connection = visit.cursor()
    try:
        rows = connection.execute(
            "SELECT person_id FROM live.identifiers WHERE kind = ? AND value = ? AND system = ? AND person_id IS NOT NULL",
            [taken.kind_a, taken.value_a, taken.system_a],
        ).fetchall()
    finally:
        connection.close()
    return visit.redirect(f"/people/{rows[0][0]}" if rows else "/people/decisions")


def decisions(visit: Visit) -> Response[Any]:
    """Every decision about who is who."""
    title = visit.text(Text("Decisions about who is who", "Решения о том, кто есть кто"))
    every = list(reversed(visit.business.state.identity_decisions.all()))
    return visit.show("pages/decisions.html", title=title, decisions=every)


def _follow_up(visit: Visit, kept: Decision) -> Response[Any]:
    job = jobs_of(visit.business).begin(
        "identity", str(kept.id), lambda own, tell: own.build(progress=tell), by=_by(visit)
    )
    return visit.redirect(f"/jobs/{job.number}")


def _groups(visit: Visit, would: Preview) -> list[list[list[tuple[str, str]]]]:
    return [[_group(visit, group) for group in side] for side in (would.before, would.after)]


def _group(visit: Visit, group: Group) -> list[tuple[str, str]]:
    whole = sees_whole(visit)
    return [
        (visit.text(kind_title(one.kind)), shown_identifier(one.kind, one.value, whole=whole))
        for one in group.identifiers
    ]


def kind_title(name: str) -> Text:
    """What a kind of identifier is called."""
    kind = KINDS[name]
    return Text(kind.title, kind.title_ru)


def _spelled(connection: duckdb.DuckDBPyConnection, visit: Visit, text: str) -> str:
    """What a person typed to join with, as kind:value: a phone or e-mail in any spelling will do."""
    kind, colon, _ = text.partition(":")
    if not text or (colon and kind.strip().lower() in KINDS):
        return text
    found = find(connection, text, country=visit.settings.business.home_country)
    return str(found[0].identifier) if len(found) == 1 else text


def _by(visit: Visit) -> str:
    return visit.user.email if visit.user else ""
