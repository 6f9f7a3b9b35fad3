"""The funnel as a value: its steps and its rules. It knows nothing of data; ``docs/reference/funnels.md`` says what each rule means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from longfunnel.core.errors import QuestionError, must_be, together
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.spans import written_span

MOST_STEPS = 50
MOST_EXCLUSIONS = 50
LONGEST_WINDOW = timedelta(days=730)

Order = Literal["ordered", "strict", "any"]
Ties = Literal["either", "recorded", "after"]
Count = Literal["persons", "sessions", "attempts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the events that satisfy it, and what this step alone asks for.

    ``predicate`` is the text in the step language (several alternatives are any-of). An ``optional`` step may be skipped.
    ``within`` is the longest allowed time from the previous matched step, inclusive; None leaves only the funnel's window.
    """

    predicate: str
    optional: bool = False
    within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Events that void an attempt when one lies between two of its steps.

    ``from_step`` and ``to_step`` are step numbers from 1; ``to_step`` None means the funnel's last step.
    """

    predicate: str
    from_step: int = 1
    to_step: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Steps and rules of one funnel. Wrong values are refused on creation, all of them in one ``QuestionError``.

    ``window`` runs from the first matched step, inclusive. ``hold`` names a property that must be equal at every step.
    ``breakdown_at`` says at which step of the reported attempt the breakdown's value is read: the first one, the last one
    reached, or a step number from 1.
    """

    steps: tuple[Step, ...]
    order: Order = "ordered"
    ties: Ties = "either"
    window: timedelta = timedelta(days=30)
    count: Count = "persons"
    exclusions: tuple[Exclusion, ...] = ()
    hold: str | None = None
    breakdown: str | None = None
    breakdown_at: Literal["first", "last"] | int = "first"

    def __post_init__(self) -> None:
        """Refuse what cannot be counted.

        Raises:
            QuestionError: every mistake of the funnel, together.
        """
        mistakes = [*_wrong_words(self), *_wrong_steps(self), *_wrong_windows(self), *_wrong_exclusions(self)]
        if mistakes:
            raise QuestionError(
                together(mistakes, Text("This funnel cannot be counted:", "Такую воронку не посчитать:"))
            )


def _wrong_words(funnel: Funnel) -> list[Text]:
    """Options whose value is none of the known words."""
    mistakes = []
    for name, known in (("order", get_args(Order)), ("ties", get_args(Ties)), ("count", get_args(Count))):
        word = getattr(funnel, name)
        if word not in known:
            mistakes.append(must_be(name, word, known))
    at = funnel.breakdown_at
    known_step = isinstance(at, int) and not isinstance(at, bool) and 1 <= at <= len(funnel.steps)
    if at not in ("first", "last") and not known_step:
        mistakes.append(
            Text(
                "breakdown_at is «{at}», and must be first, last or a step number from 1 to {last}.",
                "breakdown_at: нужно first, last или номер шага от 1 до {last}, а не «{at}».",
            ).format(at=at, last=len(funnel.steps))
        )
    for name in ("hold", "breakdown"):
        word = getattr(funnel, name)
        if word is not None and not str(word).strip():
            mistakes.append(
                Text(
                    "{name} is an empty name: name a property, or leave it out.",
                    "{name}: имя пустое — назовите свойство или уберите.",
                ).format(name=name)
            )
    return mistakes


def _wrong_steps(funnel: Funnel) -> list[Text]:
    """Too few or too many steps, empty ones, and optional ones where they have no meaning."""
    mistakes = []
    count = len(funnel.steps)
    if count < 2:
        mistakes.append(
            Text(
                "It has {count} step(s); a funnel needs at least 2.", "Шагов в ней {count}, а нужно не меньше двух."
            ).format(count=count)
        )
    if count > MOST_STEPS:
        mistakes.append(
            Text("It has {count} steps; the most is {most}.", "Шагов в ней {count}, а можно не больше {most}.").format(
                count=count, most=MOST_STEPS
            )
        )
    mistakes += [
        Text("Step {number} names no event.", "Шаг {number} не называет события.").format(number=number)
        for number, step in enumerate(funnel.steps, 1)
        if not step.predicate.strip()
    ]
    optional = [n for n, step in enumerate(funnel.steps, 1) if step.optional]
    if funnel.order == "any" and optional:
        mistakes.append(
            Text(
                "Step {number} is optional, but in any order every step may be missing: leave optional out.",
                "Шаг {number} необязательный, но при любом порядке пропустить можно каждый: уберите отметку.",
            ).format(number=optional[0])
        )
    elif optional[:1] == [1]:
        mistakes.append(
            Text(
                "Step 1 is optional, but the window starts with it: make another step the first.",
                "Шаг 1 необязательный, а с него начинается окно: поставьте первым другой шаг.",
            )
        )
    return mistakes


def _wrong_windows(funnel: Funnel) -> list[Text]:
    """Windows that are not positive, too long, or set where no step precedes."""
    windows: list[tuple[Text, timedelta]] = [(Text("The window", "Окно"), funnel.window)]
    mistakes = []
    for number, step in enumerate(funnel.steps, 1):
        if step.within is None:
            continue
        windows.append((Text("The window of step {number}", "Окно шага {number}").format(number=number), step.within))
        if number == 1:
            mistakes.append(
                Text(
                    "Step 1 has a window of its own, but no step comes before it.",
                    "У шага 1 своё окно, но перед ним нет другого шага.",
                )
            )
        if funnel.order == "any":
            mistakes.append(
                Text(
                    "Step {number} has a window of its own, but in any order no step is the previous one.",
                    "У шага {number} своё окно, но при любом порядке предыдущего шага нет.",
                ).format(number=number)
            )
    for name, window in windows:
        if window <= timedelta(0):
            mistakes.append(
                Text(
                    "{name} is {window}; it must be longer than zero.", "{name}: {window}, а должно быть больше нуля."
                ).format(name=name, window=written_span(window))
            )
        elif window > LONGEST_WINDOW:
            mistakes.append(
                Text(
                    "{name} is {days} days; the longest is {most} days.",
                    "{name} слишком длинное, дней: {days}, а можно не больше {most}.",
                ).format(name=name, days=window.days, most=LONGEST_WINDOW.days)
            )
    return mistakes


def _wrong_exclusions(funnel: Funnel) -> list[Text]:
    """Exclusions that equal a step, or whose scope is not two steps of this funnel in their order."""
    mistakes = []
    if len(funnel.exclusions) > MOST_EXCLUSIONS:
        mistakes.append(
            Text(
                "It has {count} exclusions; the most is {most}.", "Исключений в ней {count}, а можно не больше {most}."
            ).format(count=len(funnel.exclusions), most=MOST_EXCLUSIONS)
        )
    last = len(funnel.steps)
    for number, exclusion in enumerate(funnel.exclusions, 1):
        if not exclusion.predicate.strip():
            mistakes.append(
                Text("Exclusion {number} names no event.", "Исключение {number} не называет события.").format(
                    number=number
                )
            )
        same = [n for n, step in enumerate(funnel.steps, 1) if _same(step.predicate, exclusion.predicate)]
        if same and exclusion.predicate.strip():
            mistakes.append(
                Text(
                    "Exclusion {number} is the same as step {step}: an event cannot be wanted and forbidden.",
                    "Исключение {number} совпадает с шагом {step}: событие не может быть и нужным, и запретным.",
                ).format(number=number, step=same[0])
            )
        to_step = last if exclusion.to_step is None else exclusion.to_step
        if not 1 <= exclusion.from_step < to_step <= last:
            mistakes.append(
                Text(
                    "Exclusion {number} runs from step {start} to step {end}; "
                    "it must run from an earlier to a later one of steps 1 to {last}.",
                    "Исключение {number} действует от шага {start} до шага {end}; "
                    "нужно — от более раннего шага до более позднего, из шагов от 1 до {last}.",
                ).format(number=number, start=exclusion.from_step, end=to_step, last=last)
            )
        elif funnel.order == "any" and (exclusion.from_step, to_step) != (1, last):
            mistakes.append(
                Text(
                    "Exclusion {number} runs from step {start} to step {end}; "
                    "in any order an exclusion covers the whole attempt: leave its steps out.",
                    "Исключение {number} действует от шага {start} до шага {end}; "
                    "при любом порядке исключение действует на всю попытку: уберите его шаги.",
                ).format(number=number, start=exclusion.from_step, end=to_step)
            )
    return mistakes


def _same(one: str, other: str) -> bool:
    """Whether two predicates are the same text but for spaces."""
    return "".join(one.split()) == "".join(other.split())
