"""Fields in which acts are picked by search: what they show, and what a press of one of their buttons makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.app.build import schema_of
from longfunnel.app.people.known_acts import known_acts, matching
from longfunnel.core.errors import QuestionError
from longfunnel.journeys.funnels.step_language import (
    read_exclusions,
    read_predicate,
    written_exclusions,
    written_predicate,
)
from longfunnel.web.address import Address
from longfunnel.web.step_words import act_words, exclusion_words, step_icon, step_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.app.people.known_acts import KnownAct
    from longfunnel.web.visit import Visit

_FOUND, _OF_A_KIND = 24, 3
_FOR = re.compile(r"[a-z]+:(add|set):")


@dataclass(frozen=True)
class ActField:
    """One field. Its buttons send ``_do`` as ``name:set:STEP``, ``name:add:STEP`` or ``name:less:NUMBER``."""

    name: str
    text: str
    """What is picked, in the step language."""
    chips: list[str]
    """The same in words, one for each act; as it is written where it cannot be read."""
    url: str
    """Where its search is asked."""
    found: list[FoundAct]
    """What is offered before anything was searched for."""
    verb: str = "add"
    """add: a pick comes to the others; set: it takes their place."""


@dataclass(frozen=True)
class FoundAct:
    """One act to pick."""

    step: str
    words: str
    icon: str
    count: int


def act_field(visit: Visit, name: str, text: str, found: list[FoundAct], *, verb: str = "add") -> ActField:
    """The field of a predicate: any of its acts will do."""
    try:
        chips = [step_words(str(act), visit.language) for act in read_predicate(text)] if text else []
    except QuestionError:
        chips = [text]
    return ActField(name, text, chips, _search_url(visit, name, verb), found, verb)


def exclusion_field(visit: Visit, name: str, text: str, found: list[FoundAct]) -> ActField:
    """The field of a funnel's exclusions."""
    try:
        chips = exclusion_words(text, visit.language) if text else []
    except QuestionError:
        chips = [text]
    return ActField(name, text, chips, _search_url(visit, name, "add"), found)


def _search_url(visit: Visit, name: str, verb: str) -> str:
    return str(Address("/funnels/acts").with_(as_of=visit.address.get("as_of") or None, _for=f"{name}:{verb}:"))


def press_of(visit: Visit) -> str:
    """What stands before a step in the buttons of a search, by ``_for``: those of the field that asked, or of a new step."""
    asked = visit.parameter("_for")
    return asked if _FOR.fullmatch(asked) else "add:"


def fields_sent(names: Iterable[str]) -> tuple[str, ...]:
    """The parameters that the form sends for these fields, which an address does not keep."""
    return tuple(f"_{kind}{name}" for name in names for kind in ("", "q_", "verb_"))


def picked(address: Address, name: str) -> str:
    """The text of the field ``name`` after the form was sent: after the button that was pressed, or what was typed and Enter.

    What cannot be read as a step is let be.
    """
    text = address.get(f"_{name}").strip()
    verb, rest = _press(address, name)
    try:
        acts = read_predicate(text) if text and verb != "set" else ()
        if verb == "less":
            return written_predicate(tuple(act for at, act in enumerate(acts, 1) if str(at) != rest))
        if verb:
            return written_predicate(tuple(dict.fromkeys((*acts, *read_predicate(rest)))))
    except QuestionError:
        return "" if verb == "less" else text
    return text


def picked_exclusions(address: Address, name: str) -> str:
    """As ``picked``, for a funnel's exclusions."""
    text = address.get(f"_{name}").strip()
    verb, rest = _press(address, name)
    try:
        given = read_exclusions(text) if text else ()
        if verb == "less":
            return written_exclusions(tuple(item for at, item in enumerate(given, 1) if str(at) != rest))
        if verb:
            return written_exclusions(tuple(dict.fromkeys((*given, *read_exclusions(rest)))))
    except QuestionError:
        return "" if verb == "less" else text
    return text


def _press(address: Address, name: str) -> tuple[str, str]:
    """What is to be done with the field, and with what: add, set, less, or nothing."""
    wanted, _, action = address.get("_do").partition(":")
    if wanted == name:
        verb, _, rest = action.partition(":")
        return (verb, rest) if verb in ("add", "set", "less") else ("", "")
    typed = address.get(f"_q_{name}").strip()
    return (address.get(f"_verb_{name}") or "add", typed) if typed and wanted in ("", "show") else ("", "")


def acts_of(visit: Visit) -> list[KnownAct]:
    """What people are known to do, as of the day that is asked about."""
    cursor = visit.cursor()
    try:
        return known_acts(cursor, schema_of(visit.question.as_of))
    finally:
        cursor.close()


def found_acts(visit: Visit, text: str = "") -> list[FoundAct]:
    """The acts that the text finds, in the reader's words; without a text, whatever is most frequent of each kind."""
    every = acts_of(visit)
    words = {item.step: act_words(item.act, visit.language) for item in every}
    if text.strip():
        chosen = matching(every, text, words, _FOUND)
    else:
        seen: dict[str, int] = {}
        chosen = []
        for item in every:
            seen[item.act.kind] = seen.get(item.act.kind, 0) + 1
            if seen[item.act.kind] <= _OF_A_KIND:
                chosen.append(item)
    return [FoundAct(item.step, words[item.step], step_icon(item.step), item.count) for item in chosen]
