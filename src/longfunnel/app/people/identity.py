"""Identity: find a person, see why their identifiers are one, cut, join or block them, and undo that."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from longfunnel.app.build import build
from longfunnel.app.business import now
from longfunnel.core.errors import NothingYetError
from longfunnel.core.text import Text
from longfunnel.people import Evidence, Known, Preview, decision, evidence, find, parse_identifier, preview

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.core.settings import Settings
    from longfunnel.state import Decision, Verb


def find_people(business: Business, text: str) -> list[Known]:
    """Identifiers that ``text`` (a phone, e-mail, id or person's number) means. Builds first when there are new facts."""
    build(business)
    return find(business.warehouse, text, country=business.settings.business.home_country)


def person(business: Business, text: str) -> Evidence:
    """Everything that makes the identifiers of one person one. Raises NothingYetError when nobody or only a shared one is meant."""
    return evidence(business.warehouse, person_meant(business, text))


def person_meant(business: Business, text: str) -> int:
    """The number of the person that ``text`` means. Raises NothingYetError as ``person`` does."""
    known = find_people(business, text)
    ids = {one.person_id for one in known if one.person_id is not None}
    if not known:
        raise NothingYetError(
            Text("Nobody is known by «{text}».", "По «{text}» никого не нашлось.").format(text=text),
            hint=Text(
                "Try a phone, an e-mail, or an id as kind:value.",
                "Попробуйте телефон, почту или id вида «вид:значение».",
            ),
        )
    if not ids:
        raise NothingYetError(
            Text(
                "«{text}» is shared by many contacts: it belongs to nobody.",
                "«{text}» — общий идентификатор многих контактов, он никому не принадлежит.",
            ).format(text=text)
        )
    if len(ids) > 1:
        listed = ", ".join(str(one.identifier) for one in known[:10])
        raise NothingYetError(
            Text(
                "«{text}» means {count} people: {listed}.", "«{text}» — это несколько человек ({count}): {listed}."
            ).format(text=text, count=len(ids), listed=listed),
            hint=Text("Name one of them as kind:value.", "Назовите одного как «вид:значение»."),
        )
    return ids.pop()


def make_decision(settings: Settings, verb: Verb, first: str, second: str = "", *, why: str, by: str = "") -> Decision:
    """A decision not yet taken. ``by`` is whose it is (nobody named: who runs the program). Raises QuestionError where it names no
    identifier, or twice the same."""
    country = settings.business.home_country
    a = parse_identifier(first, country=country)
    b = parse_identifier(second, country=country) if second else None
    return decision(verb, a, b, by=by or getpass.getuser(), why=why, at=now())


def propose_decision(
    business: Business,
    verb: Verb,
    first: str,
    second: str = "",
    *,
    why: str,
    by: str = "",
) -> tuple[Decision, Preview]:
    """A decision not yet taken (see ``make_decision``), and what the next build would change because of it."""
    build(business)
    taken = make_decision(business.settings, verb, first, second, why=why, by=by)
    return taken, preview(business.warehouse, business.settings, [*business.decisions(), taken])


def without(business: Business, number: int) -> tuple[Decision, list[Decision]]:
    """The decision of that number, and all the others, as if it had never been. Raises NothingYetError when there is none."""
    known = business.decisions()
    undone = next((one for one in known if one.id == number), None)
    if undone is None:
        raise NothingYetError(Text("There is no decision {number}.", "Решения {number} нет.").format(number=number))
    return undone, [one for one in known if one.id != number]


def take_decision(business: Business, taken: Decision) -> Decision:
    """Keep the decision and build with it; what comes back has its number."""
    kept = business.state.identity_decisions.add(taken)
    build(business)
    return kept


def undo_decision(business: Business, number: int, *, by: str = "") -> Decision:
    """Undo a decision and build as if it had never been."""
    undone = business.state.identity_decisions.undo(number, by=by or getpass.getuser(), at=now())
    build(business)
    return undone
