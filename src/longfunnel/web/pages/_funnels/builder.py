"""The builder of a funnel: what its form shows, and what its buttons do to the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.journeys.funnels.spans import read_span
from longfunnel.journeys.funnels.step_language import read_predicate, read_steps, written_predicate, written_steps
from longfunnel.web.act_fields import exclusion_field, fields_sent, picked_exclusions
from longfunnel.web.step_words import step_icon, step_words

if TYPE_CHECKING:
    from longfunnel.core.settings import Language
    from longfunnel.reports import Question
    from longfunnel.web.act_fields import ActField, FoundAct
    from longfunnel.web.address import Address
    from longfunnel.web.visit import Visit

ORDERS = {
    "ordered": Text("in this order", "по порядку"),
    "strict": Text("in this order, nothing between", "по порядку, строго подряд"),
    "any": Text("in any order", "в любом порядке"),
}
COUNTS = {
    "persons": Text("people", "людей"),
    "sessions": Text("visits", "визиты"),
    "attempts": Text("attempts", "попытки"),
}
_WINDOWS = ("1h", "1d", "3d", "7d", "14d", "30d", "60d", "90d", "180d", "365d")
_HOLDS = ("lead", "deal", "order", "product", "manager", "channel", "campaign")
"""What can be asked to be equal at every step."""
_HELD = {"lead": Text("Lead", "Лид"), "deal": Text("Deal", "Сделка"), "order": Text("Order", "Заказ")}
RULES = ("window", "order", "count", "exclude", "hold")
"""The funnel's rules that the form has fields for; what is as by default stays out of the address."""
DEFAULTS = {"window": "30d", "order": "ordered", "count": "persons", "exclude": "", "hold": ""}
OWN = ("_step", "_do", "_q", "_or", "_by", *(f"_{name}" for name in RULES), *fields_sent(("exclude",)))
"""The fields of the form, which the address does not keep."""


@dataclass(frozen=True)
class BuiltStep:
    """One step as the form shows it."""

    text: str
    """In the step language, with ``?`` and ``within``."""
    words: str
    icon: str
    alternatives: list[str]
    """In words, where several serve the step."""
    is_optional: bool
    is_read: bool


@dataclass(frozen=True)
class Builder:
    """The form."""

    steps: list[BuiltStep]
    rules: dict[str, str]
    adds_to: int
    """To which step (from 1) the next pick is added as another way; 0: it becomes a step of its own."""
    kept: list[tuple[str, str]]
    by: str
    windows: list[tuple[str, str]]
    """The times to choose from: as they are written, and in words."""
    window: str
    """The chosen one in words."""
    holds: list[tuple[str, str]]
    exclude: ActField
    has_more: bool
    """Whether a rule that stands under «more conditions» differs from its default."""
    is_open: bool
    """Whether the reader is at work on it; else it is folded to a line."""


def builder_of(visit: Visit, question: Question, found: list[FoundAct]) -> Builder:
    """The form for the funnel of the address, also for one that cannot be read."""
    address, language = visit.address, visit.language
    texts = split_steps(question.option("steps"))
    adds_to = address.get("_or")
    kept = [pair for pair in address.pairs if pair[0] not in ("option", "by", *OWN)]
    # options that the form has no field for are kept as they are
    kept += [
        ("option", f"{name}={value}") for name, value in question.options if name not in ("steps", "breakdown", *RULES)
    ]
    rules = {name: question.option(name) or DEFAULTS[name] for name in RULES}
    windows = [rules["window"]] if rules["window"] not in _WINDOWS else []
    holds = [rules["hold"]] if rules["hold"] and rules["hold"] not in _HOLDS else []
    steps = [_step(text, language) for text in texts]
    return Builder(
        steps,
        rules,
        int(adds_to) if adds_to.isdigit() and 1 <= int(adds_to) <= len(texts) else 0,
        kept,
        question.by[0] if question.by else "",
        [(text, window_words(text, visit)) for text in (*windows, *_WINDOWS)],
        window_words(rules["window"], visit),
        [(name, _held(name, language)) for name in (*_HOLDS, *holds)],
        exclusion_field(visit, "exclude", rules["exclude"], found),
        any(rules[name] != DEFAULTS[name] for name in ("order", "count", "exclude", "hold")),
        bool(address.get("_do") or adds_to or len(texts) < 2 or not all(step.is_read for step in steps)),
    )


def window_words(text: str, visit: Visit) -> str:
    """A span in words: 30 days; as it is written, where it cannot be read."""
    try:
        span = read_span(text)
    except QuestionError:
        return text
    if not span.seconds and not span.microseconds and span.days > 0:
        return visit.shown.plural(span.days, ("day", "days"), ("день", "дня", "дней"))
    if not span.days and not span.seconds % 3600 and not span.microseconds and span.seconds:
        return visit.shown.plural(span.seconds // 3600, ("hour", "hours"), ("час", "часа", "часов"))
    return visit.shown.days(span.total_seconds() / 86_400)


def _held(name: str, language: Language) -> str:
    entry = dimension(name)
    return (_HELD.get(name) or (entry.title if entry else Text(name, name))).to(language)


def split_steps(text: str) -> list[str]:
    """The steps of a funnel's text, each as it is written; of a text that cannot be read, whatever stands between commas."""
    try:
        return [written_steps((step,)) for step in read_steps(text)] if text.strip() else []
    except QuestionError:
        return [text] if set(text) & set('"[') else [part.strip() for part in text.split(",") if part.strip()]


def _step(text: str, language: Language) -> BuiltStep:
    try:
        (step,) = read_steps(text)
        acts = read_predicate(step.predicate)
    except (QuestionError, ValueError):
        return BuiltStep(text, text, "alert-triangle", [], is_optional=False, is_read=False)
    return BuiltStep(
        text,
        step_words(step.predicate, language),
        step_icon(step.predicate),
        [step_words(str(act), language) for act in acts] if len(acts) > 1 else [],
        step.optional,
        is_read=True,
    )


def edited(address: Address) -> Address:
    """Where the form leads: what it was filled with, after the button that was pressed."""
    texts = [text.strip() for text in address.all("_step") if text.strip()]
    action, _, rest = address.get("_do").partition(":")
    adds_to = ""
    if action == "add" or (action in ("", "show") and address.get("_q").strip()):
        texts = _added(texts, rest if action == "add" else address.get("_q").strip(), address.get("_or"))
    elif action == "or":
        adds_to = rest
    elif action in ("up", "down", "remove", "optional", "less"):
        texts = _moved(texts, action, rest)
    kept = tuple(pair for pair in address.pairs if pair[0] not in (*OWN, "by"))
    options = [("option", f"steps={', '.join(texts)}")]
    given = {name: address.get(f"_{name}").strip() for name in RULES}
    given["exclude"] = picked_exclusions(address, "exclude")
    options += [("option", f"{name}={given[name]}") for name in RULES if given[name] and given[name] != DEFAULTS[name]]
    by = [("by", address.get("_by"))] if address.get("_by") else []
    target = replace(address, path="/funnels", pairs=(*options, *by, *kept))
    if action == "done":
        return target
    return target.with_(_or=adds_to) if adds_to else target.with_(_do="edit")


def _added(texts: list[str], text: str, to: str) -> list[str]:
    """The steps with one more, or with another way to one of them."""
    place = int(to) - 1 if to.isdigit() else -1
    if not 0 <= place < len(texts):
        return [*texts, text]
    try:
        (step,) = read_steps(texts[place])
        joined = written_predicate((*read_predicate(step.predicate), *read_predicate(text)))
        return [*texts[:place], written_steps((replace(step, predicate=joined),)), *texts[place + 1 :]]
    except (QuestionError, ValueError):
        return [*texts, text]


def _moved(texts: list[str], action: str, rest: str) -> list[str]:
    """The steps after a button of one of them; a button that does not fit changes nothing."""
    number, _, other = rest.partition(":")
    place = int(number) - 1 if number.isdigit() else -1
    if not 0 <= place < len(texts):
        return texts
    moved = list(texts)
    if action == "remove":
        del moved[place]
    elif action in ("up", "down"):
        target = place + (1 if action == "down" else -1)
        if 0 <= target < len(moved):
            moved[place], moved[target] = moved[target], moved[place]
    else:
        try:
            (step,) = read_steps(texts[place])
            if action == "optional":
                step = replace(step, optional=not step.optional)
            elif other.isdigit():
                acts = read_predicate(step.predicate)
                left = tuple(act for at, act in enumerate(acts, 1) if at != int(other))
                step = replace(step, predicate=written_predicate(left)) if left else step
            moved[place] = written_steps((step,))
        except (QuestionError, ValueError):
            return texts
    return _first_is_required(moved)


def _first_is_required(texts: list[str]) -> list[str]:
    """A funnel begins with its first step: it is neither optional nor has it a window of its own."""
    try:
        (first,) = read_steps(texts[0])
        return [written_steps((replace(first, optional=False, within=None),)), *texts[1:]]
    except (QuestionError, ValueError, IndexError):
        return texts
