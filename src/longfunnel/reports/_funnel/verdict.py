"""Which rule kept a person out of a step: the rules are lifted one at a time, and the one whose lifting lets them in decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from longfunnel.core.text import Text
from longfunnel.journeys.funnels.funnel import LONGEST_WINDOW
from longfunnel.journeys.funnels.spans import written_span
from longfunnel.journeys.kernels.engine import find_attempts
from longfunnel.journeys.store import Store
from longfunnel.reports._engine.scope import spans
from longfunnel.reports._funnel.reading import reading_of

if TYPE_CHECKING:
    from longfunnel.journeys.funnels.funnel import Funnel, Order
    from longfunnel.journeys.kernels.engine import Found
    from longfunnel.journeys.store import Slice
    from longfunnel.reports._funnel.reading import Asked

RULES: Final = {
    "reached": Text("All {all} steps are reached.", "Пройдены все шаги: {all}."),
    "nobody": Text("Nothing is known that this person did.", "Ничего не известно о том, что делал этот человек."),
    "no_event": Text("no event of theirs satisfies it", "среди событий человека нет подходящего"),
    "order": Text(
        "an event satisfies it, but none of its own comes after the steps before it",
        "подходящее событие есть, но не отдельное и не после прежних шагов",
    ),
    "exclusion": Text("an exclusion lies between: {exclusions}", "между шагами есть исключающее событие: {exclusions}"),
    "step_window": Text(
        "the step's own window had passed: {step_windows}", "прошло окно самого шага: {step_windows}"
    ),
    "window": Text("the window of {window} had passed since the first step", "прошло окно {window} с первого шага"),
    "hold": Text("«{hold}» is not equal at every step", "«{hold}» не одинаково на всех шагах"),
    "session": Text("it happened in another session", "это случилось в другом визите"),
    "strict": Text("another event lies between, and the order is strict", "между шагами есть другое событие, а порядок строгий"),
    "ties": Text("it happened at the same instant, and the tie rule is «{ties}»", "это случилось в то же мгновение, а правило — «{ties}»"),
    "period": Text("the entry lies outside the period asked for", "вход лежит вне выбранного периода"),
    "filter": Text("the entry does not pass the filters", "вход не проходит фильтры"),
    "several": Text("several rules together keep it out", "мешают несколько правил сразу"),
}  # fmt: skip
"""What decided, in words."""


@dataclass(frozen=True)
class Verdict:
    """How far a person came and why no further.

    ``rule`` is a key of ``RULES``; ``step`` the number of the step that was not reached (from 1; 0: all were). ``journey`` are
    the person's events as the funnel saw them, ``found`` their attempts by its rules, None where there are no events.
    """

    rule: str
    step: int
    said: Text
    journey: Slice | None
    found: Found | None
    store: Store


def verdict(given: Asked, person: int) -> Verdict:
    """The verdict on one person. With sessions or attempts, on the one that came furthest."""
    journey, store = _journey(given, person, dated=True)
    funnel = given.funnel
    found = find_attempts(journey.journeys, funnel, threads=1) if journey else None
    reached = int(np.bitwise_or.reduce(found.reached)) if found is not None and len(found.reached) else 0
    missing = [n for n, step in enumerate(funnel.steps) if not step.optional and not reached >> n & 1]
    rule, step = ("reached", 0) if not missing else (_rule(given, person, journey, missing[0]), missing[0] + 1)
    words = {
        "all": len(funnel.steps),
        "window": written_span(funnel.window),
        "hold": funnel.hold,
        "ties": funnel.ties,
        "exclusions": ", ".join(item.predicate for item in funnel.exclusions),
        "step_windows": ", ".join(written_span(item.within) for item in funnel.steps if item.within),
    }
    reason = RULES[rule].format(**words)
    if step:
        name = funnel.steps[step - 1].predicate if funnel.order != "any" else f"{step}/{len(funnel.steps)}"
        head = Text("Step {n} («{name}») is not reached: {reason}.", "Шаг {n} («{name}») не пройден: {reason}.")
        reason = head.format(n=step, name=name, reason=reason) if rule != "nobody" else reason
    return Verdict(rule, step, reason, journey, found, store)


def _journey(given: Asked, person: int, *, dated: bool, filtered: bool = True) -> tuple[Slice | None, Store]:
    """The person's events, all of them, with the steps that they match."""
    if not filtered:
        given = replace(given, question=msgspec.structs.replace(given.question, filters=()))
    wide = replace(given, funnel=replace(given.funnel, window=LONGEST_WINDOW))
    reading = reading_of(wide, spans(given.question)[0] if dated else None)
    connection, schema = given.context.connection, given.context.schema
    store = Store(connection, schema, replace(reading, everything=True, facts=True, person=person))
    return next(iter(store), None), store


def _rule(given: Asked, person: int, journey: Slice | None, step: int) -> str:
    """The rule that keeps the person out of ``step`` (from 0)."""
    funnel = given.funnel
    question = given.question
    if journey is not None:
        for rule, lifted in _lifted(funnel):
            if _reaches(journey, lifted, step):
                return rule
    reads = [("period", False, True)] if question.since or question.until else []
    reads += [("filter", True, False)] if question.filters else []
    for rule, dated, filtered in reads:
        other, _ = _journey(given, person, dated=dated, filtered=filtered)
        if other is not None and _reaches(other, funnel, step):
            return rule
    anything, _ = _journey(given, person, dated=False, filtered=False)
    if anything is None:
        return "nobody"
    if _reaches(anything, _free(funnel), step):
        return "several"
    matches = funnel.order != "any" and bool((anything.journeys.steps >> np.uint64(step) & np.uint64(1)).any())
    return "order" if matches else "no_event"


def _lifted(funnel: Funnel) -> list[tuple[str, Funnel]]:
    """The funnel with each of its rules lifted in turn."""
    found: list[tuple[str, dict[str, Any], bool]] = [
        ("exclusion", {"exclusions": ()}, bool(funnel.exclusions)),
        ("step_window", {"steps": _without_windows(funnel)}, any(step.within for step in funnel.steps)),
        ("window", {"window": LONGEST_WINDOW}, True),
        ("hold", {"hold": None}, funnel.hold is not None),
        ("session", {"count": "persons"}, funnel.count == "sessions"),
        ("strict", {"order": "ordered"}, funnel.order == "strict"),
        ("ties", {"ties": "either"}, funnel.ties != "either"),
    ]
    return [(rule, replace(funnel, **changes)) for rule, changes, applies in found if applies]


def _free(funnel: Funnel) -> Funnel:
    """The funnel without any of the rules that can be lifted."""
    order: Order = "any" if funnel.order == "any" else "ordered"
    return replace(
        funnel, steps=_without_windows(funnel), order=order, ties="either", count="persons", exclusions=(), hold=None, window=LONGEST_WINDOW
    )  # fmt: skip


def _without_windows(funnel: Funnel) -> Any:
    return tuple(replace(step, within=None) for step in funnel.steps)


def _reaches(journey: Slice, funnel: Funnel, step: int) -> bool:
    """Whether some attempt reaches the step by these rules."""
    found = find_attempts(journey.journeys, funnel, threads=1)
    return bool((found.reached >> step & 1).any())
