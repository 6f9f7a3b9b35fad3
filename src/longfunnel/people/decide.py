"""What a person may decide about who is who, and what a decision would change before it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.core.errors import NothingYetError, QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.people.mark import read_mark
from longfunnel.people.rules import rules, write_nodes
from longfunnel.people.solve import forget, solve
from longfunnel.state import Decision
from longfunnel.warehouse.identifiers import KINDS, Identifier, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb

    from longfunnel.core.settings import Settings
    from longfunnel.state import Verb


@dataclass(frozen=True)
class Group:
    """Identifiers that are one person; or one shared identifier, which is nobody."""

    person_id: int | None
    identifiers: list[Identifier]


@dataclass(frozen=True)
class Preview:
    """What a change of decisions would do: the persons that differ, as they are and as they would be."""

    before: list[Group]
    after: list[Group]


def parse_identifier(text: str, *, country: str = "") -> Identifier:
    """``email:ivan@mail.ru``, ``phone:8 912 123-45-67``, ``lead:15@crm``: a kind, a value in any spelling, an id space.

    Only ids of a CRM have an id space. Raises QuestionError when the text names no identifier.
    """
    kind, colon, value = text.partition(":")
    kind, system = kind.strip().lower(), ""
    if not colon or kind not in KINDS:
        raise QuestionError(
            Text("«{text}» is not an identifier.", "«{text}» — не идентификатор.").format(text=text)
            + did_you_mean(kind, KINDS),
            hint=Text(
                "Write kind:value, as in email:ivan@mail.ru. The kinds: {kinds}.",
                "Пишите «вид:значение», например email:ivan@mail.ru. Виды: {kinds}.",
            ).format(kinds=", ".join(KINDS)),
        )
    if KINDS[kind].is_scoped:
        value, _, system = value.partition("@")
    spelled = normalise(kind, value, country)
    if spelled is None:
        raise QuestionError(
            Text(
                "«{value}» names nobody as a {kind}: it is a placeholder, or impossible.",
                "{kind} «{value}» никого не называет: это заглушка, или так не бывает.",
            ).format(value=value, kind=Text(KINDS[kind].title.lower(), KINDS[kind].title_ru))
        )
    return Identifier(kind, spelled, system.strip())


def decision(verb: Verb, a: Identifier, b: Identifier | None = None, *, by: str, why: str, at: datetime) -> Decision:
    """A decision to preview, and then to keep in ``state.identity_decisions``.

    ``cut``: what links the two directly counts no more, and a request, deal or order that names both stays with the
    stronger one. They remain one person as long as other identifiers link them: the preview shows it. ``join``: the two
    are one person, unless one of them is shared. ``block``: the first links nobody, as if it were shared. Raises
    QuestionError for a cut or join without two different identifiers.
    """
    if verb == "block":
        return Decision(verb, a.kind, a.value, a.system, None, None, None, by, why, at)
    if b is None or a == b:
        raise QuestionError(
            Text("A {verb} needs two different identifiers.", "{verb}: нужны два разных идентификатора.").format(
                verb=Text(verb, "Соединение" if verb == "join" else "Разрыв")
            )
        )
    # one spelling of a pair, so that taking it again the other way round is the same decision
    a, b = sorted((a, b), key=lambda identifier: (list(KINDS).index(identifier.kind), identifier.node))
    return Decision(verb, a.kind, a.value, a.system, b.kind, b.value, b.system, by, why, at)


def preview(
    connection: duckdb.DuckDBPyConnection, settings: Settings, decisions: Iterable[Decision], *, schema: str = "live"
) -> Preview:
    """What the next build would change if ``decisions``, all of them, were in force.

    New facts that have not been built yet do not take part. Raises NothingYetError before the first build.
    """
    mark = read_mark(connection, schema)
    if mark is None:
        raise NothingYetError(
            Text("Nobody is known yet.", "Людей пока нет."),
            hint=Text("Import some facts and run: longfunnel build", "Загрузите данные и запустите: longfunnel build"),
        )
    proposed = rules(settings.guards, decisions)
    write_nodes(connection, "people_seeds", node=sorted(proposed.changed(mark.rules)))
    write_nodes(connection, "people_before", node=[], person_id=[])
    solve(connection, schema, proposed)
    rows = connection.execute(
        f"""SELECT i.kind, i.value, i.system, i.person_id, s.person_id
        FROM people_solved s JOIN "{schema}".identifiers i USING (node) ORDER BY node"""
    ).fetchall()
    forget(connection)
    before, after = _groups((row[:3], row[3]) for row in rows), _groups((row[:3], row[4]) for row in rows)
    return Preview([group for group in before if group not in after], [group for group in after if group not in before])


def _groups(rows: Iterable[tuple[tuple[str, str, str], int | None]]) -> list[Group]:
    groups: dict[object, Group] = {}
    for named, person_id in rows:
        identifier = Identifier(*named)
        groups.setdefault(identifier if person_id is None else person_id, Group(person_id, [])).identifiers.append(
            identifier
        )
    order = list(KINDS)
    for group in groups.values():
        group.identifiers.sort(
            key=lambda identifier: (order.index(identifier.kind), identifier.value, identifier.system)
        )
    return list(groups.values())
