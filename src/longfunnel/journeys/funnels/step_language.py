"""The language in which steps are written: ``page:/pricing*, lead:form | call.answered, deal.won within 30d``.

Text comes in, values go out, and a value prints back to the same text. Nothing here knows the data;
``docs/reference/steps.md`` gives the grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from longfunnel.core.errors import QuestionError, did_you_mean, together, words_of
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.funnel import Exclusion, Step
from longfunnel.journeys.funnels.spans import read_span, written_span

if TYPE_CHECKING:
    from collections.abc import Iterator

Op = Literal["=", "!=", "~", "!~", "^", ">=", "<=", ">", "<", "known", "unknown"]
OPS: Final[tuple[Op, ...]] = get_args(Op)
NUMERIC: Final = frozenset({">=", "<=", ">", "<"})

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "page": (),
    "event": (),
    "visit": (),
    "lead": ("qualified",),
    "call": ("answered", "missed"),
    "deal": ("created", "won", "lost"),
    "stage": (),
    "order": ("first", "repeat"),
    "payment": (),
    "refund": (),
    "message": ("sent", "delivered", "opened", "clicked", "answered", "bounced", "unsubscribed"),
}
"""What a person can do, and what each kind can be narrowed to with a dot."""

NAMED: Final = frozenset({"page", "event", "lead", "call", "deal", "stage", "order", "message"})
"""Kinds that take a name after a colon."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property of the event must be: ``amount > 100``. Several values mean any of them."""

    name: str
    op: Op
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        values = " | ".join(_written(value) for value in self.values)
        return f"{_written(self.name)} {self.op} {values}".rstrip()


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of event: ``page:/pricing*``, ``deal.won``, ``event:purchase[amount > 100]``.

    ``variant`` is the word after the dot; ``name`` the text after the colon, where ``*`` stands for any text.
    """

    kind: str
    variant: str = ""
    name: str = ""
    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        head = f"{self.kind}.{self.variant}" if self.variant else self.kind
        tail = f":{_written(self.name)}" if self.name else ""
        given = f"[{', '.join(map(str, self.conditions))}]" if self.conditions else ""
        return head + tail + given


Predicate = tuple[Act, ...]
"""Any of these."""


def read_predicate(text: str) -> Predicate:
    """The acts of which any satisfies the step. Raises QuestionError that says where the text goes wrong."""
    reader = _Reader(text)
    acts = reader.acts()
    reader.end()
    return acts


def written_predicate(predicate: Predicate) -> str:
    """The predicate as it is written: ``lead | call.answered``."""
    return " | ".join(map(str, predicate))


def read_steps(text: str) -> tuple[Step, ...]:
    """The steps of ``page:/pricing*, lead?, deal.won within 30d``; commas, arrows (``->``, ``→``) or new lines part them.

    Raises:
        QuestionError: every step that cannot be read, together.
    """
    mistakes: list[Text] = []
    steps = []
    for number, part in enumerate(_parts(text), 1):
        try:
            steps.append(_read_step(part))
        except QuestionError as error:
            where = Text("Step {number}, «{part}»: ", "Шаг {number}, «{part}»: ")
            mistakes.append(where.format(number=number, part=part.strip()) + words_of(error))
    if mistakes:
        raise QuestionError(together(mistakes, Text("The steps cannot be read:", "Шаги не удалось прочитать:")))
    return tuple(steps)


def written_steps(steps: tuple[Step, ...]) -> str:
    """The steps as they are written; reading it gives the same steps."""
    return ", ".join(
        step.predicate
        + ("?" if step.optional else "")
        + (f" within {written_span(step.within)}" if step.within else "")
        for step in steps
    )


def read_exclusions(text: str) -> tuple[Exclusion, ...]:
    """Exclusions out of ``refund, event:logout@1-2``: from step 1 to step 2; without the scope, the whole attempt.

    Raises:
        QuestionError: every exclusion that cannot be read, together.
    """
    mistakes: list[Text] = []
    found = []
    for number, part in enumerate(_parts(text), 1):
        try:
            found.append(_read_exclusion(part))
        except QuestionError as error:
            where = Text("Exclusion {number}, «{part}»: ", "Исключение {number}, «{part}»: ")
            mistakes.append(where.format(number=number, part=part.strip()) + words_of(error))
    if mistakes:
        raise QuestionError(
            together(mistakes, Text("The exclusions cannot be read:", "Исключения не удалось прочитать:"))
        )
    return tuple(found)


def written_exclusions(exclusions: tuple[Exclusion, ...]) -> str:
    """The exclusions as they are written; reading it gives the same."""
    return ", ".join(
        e.predicate
        + ("" if e.from_step == 1 and e.to_step is None else f"@{e.from_step}-{'' if e.to_step is None else e.to_step}")
        for e in exclusions
    )


def _read_step(text: str) -> Step:
    reader = _Reader(text)
    acts = reader.acts()
    optional = reader.take(r"\?") is not None
    within = None
    if reader.take(r"<|within\b") is not None:
        within = read_span(reader.need(r"-?[^\s?]+", Text("a time, as 2d or 12h", "срок вида 2d или 12h")))
        optional = reader.take(r"\?") is not None or optional
    reader.end()
    return Step(predicate=written_predicate(acts), optional=optional, within=within)


def _read_exclusion(text: str) -> Exclusion:
    reader = _Reader(text)
    acts = written_predicate(reader.acts())
    if reader.take("@") is None:
        reader.end()
        return Exclusion(predicate=acts)
    from_step = int(reader.need(r"\d+", Text("the number of a step", "номер шага")))
    to_step = None
    if reader.take("-") is not None:
        to = reader.take(r"\d+")
        to_step = int(to) if to else None
    else:
        to_step = from_step + 1
    reader.end()
    return Exclusion(predicate=acts, from_step=from_step, to_step=to_step)


_PART = re.compile(r'"(?:[^"]|"")*"?|\[(?:[^\]"]|"(?:[^"]|"")*")*\]?|(->|→|[,\n])|[^"\[,\n→-]+|-', re.DOTALL)


def _parts(text: str) -> Iterator[str]:
    """The text between separators that stand outside quotes and brackets; blank lines and a last comma are nothing."""
    part, parts = "", []
    for token in _PART.finditer(text):
        if token.group(1):
            parts.append((part, token.group(1)))
            part = ""
        else:
            part += token.group()
    parts.append((part, ""))
    for number, (part, separator) in enumerate(parts):
        is_last = number == len(parts) - 1
        if part.strip() or (separator and separator != "\n" and not is_last):
            yield part


_BARE: Final = r"[^\s,|?<>\[\]()@\"=!~^]+"
_PLAIN = re.compile(_BARE)
_WORD_IN_NAME: Final = rf"(?:{_BARE})(?:[ \t]+(?!(?:or|within)\b)(?:{_BARE}))*"
_QUOTED: Final = r'"(?:[^"]|"")*"'


def _written(text: str) -> str:
    """Bare where that reads back to the same text, quoted otherwise."""
    if _PLAIN.fullmatch(text) and "->" not in text and "→" not in text:
        return text
    return '"' + text.replace('"', '""') + '"'


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def take(self, pattern: str) -> str | None:
        """The next piece, if it matches; blanks before it are skipped."""
        found = re.compile(rf"\s*({pattern})", re.DOTALL).match(self.text, self.place)
        if found is None:
            return None
        self.place = found.end()
        return found.group(1)

    def need(self, pattern: str, what: Text) -> str:
        """The next piece, which must match."""
        found = self.take(pattern)
        if found is None:
            rest = self.text[self.place :].strip()
            before = Text("{what} is missing before «{rest}».", "перед «{rest}» не хватает: {what}.")
            at_end = Text("{what} is missing at the end.", "в конце не хватает: {what}.")
            raise QuestionError((before if rest else at_end).format(what=what, rest=rest))
        return found

    def end(self) -> None:
        """Nothing may be left."""
        rest = self.text[self.place :].strip()
        if rest:
            raise QuestionError(
                Text("«{rest}» is not understood.", "«{rest}» — непонятно.").format(rest=rest),
                hint=Text(
                    'Put a name that holds , | ? < > [ ] ( ) @ = ! ~ ^ or a quote in quotes: event:"a, b".',
                    'Имя со знаками , | ? < > [ ] ( ) @ = ! ~ ^ или кавычкой пишется в кавычках: event:"a, b".',
                ),
            )

    def acts(self) -> Predicate:
        """Alternatives, with or without parentheses around them."""
        opened = self.take(r"\(") is not None
        found = [self.act()]
        while self.take(r"\||or\b") is not None:
            found.append(self.act())
        if opened:
            self.need(r"\)", Text("A closing parenthesis", "закрывающая скобка"))
        return tuple(dict.fromkeys(found))

    def act(self) -> Act:
        """One alternative."""
        if self.take(r"qualified\s+lead\b") is not None:
            return Act("lead", "qualified", conditions=self.conditions())
        kind = self.need(r"[^\W\d]\w*", Text("The kind of an event", "вид события"))
        if kind not in KINDS:
            kinds = Text(" Kinds: {kinds}.", " Есть: {kinds}.").format(kinds=", ".join(KINDS))
            raise QuestionError(
                Text(
                    "there is no kind «{kind}».{known} An event of that name is written event:{kind}.",
                    "вида «{kind}» нет.{known} Событие с таким именем пишется event:{kind}.",
                ).format(kind=kind, known=did_you_mean(kind, KINDS) or kinds)
            )
        variant = self.variant(kind)
        name = ""
        if self.take(":") is not None:
            if kind not in NAMED:
                raise QuestionError(
                    Text(
                        "{kind} takes no name: leave out what follows the colon.",
                        "у {kind} нет имени: уберите всё после двоеточия.",
                    ).format(kind=kind)
                )
            name = self.word(_WORD_IN_NAME, Text("The name after «{kind}:»", "имя после «{kind}:»").format(kind=kind))
        if kind == "call" and name in KINDS["call"] and not variant:
            variant, name = name, ""
        if kind == "message" and name in KINDS["message"] and not variant:
            variant, name = name, ""
        if kind in ("call", "message") and variant and name:
            raise QuestionError(
                Text(
                    "{kind}.{variant} takes no name: leave out «{name}».",
                    "у {kind}.{variant} нет имени: уберите «{name}».",
                ).format(kind=kind, variant=variant, name=name)
            )
        if kind == "event" and not name:
            raise QuestionError(
                Text(
                    "an event needs its name, as event:signup; event:* is any event.",
                    "событию нужно имя, например event:signup; event:* — любое событие.",
                )
            )
        return Act(kind, variant, name, self.conditions())

    def variant(self, kind: str) -> str:
        """The word after the dot, if there is one."""
        if self.take(r"\.") is None:
            return ""
        word = self.need(r"\w+", Text("The word after «{kind}.»", "слово после «{kind}.»").format(kind=kind))
        if word not in KINDS[kind]:
            known = Text(" Known: {words}.", " Есть: {words}.")
            no_dot = Text(" {kind} takes no dot.", " После {kind} точки не бывает.")
            more = (known if KINDS[kind] else no_dot).format(words=", ".join(KINDS[kind]), kind=kind)
            raise QuestionError(
                Text("there is no «{kind}.{word}».", "«{kind}.{word}» не бывает.").format(kind=kind, word=word)
                + (did_you_mean(word, KINDS[kind]) or more)
            )
        return word

    def conditions(self) -> tuple[Condition, ...]:
        """What stands in brackets."""
        found: list[Condition] = []
        while self.take(r"\[") is not None:
            found.append(self.condition())
            while self.take(",") is not None:
                found.append(self.condition())
            self.need(r"\]", Text("A closing bracket", "закрывающая квадратная скобка"))
        return tuple(found)

    def condition(self) -> Condition:
        """One comparison."""
        name = self.word(_BARE, Text("The name of a property", "имя свойства"))
        sign = self.need(
            r">=|<=|!=|!~|==|[=~^<>]|known\b|unknown\b",
            Text(
                "A comparison after «{name}» (= != ~ !~ ^ > >= < <=)",
                "сравнение после «{name}» (= != ~ !~ ^ > >= < <=)",
            ).format(name=name),
        )
        op: Op = "=" if sign == "==" else sign  # type: ignore[assignment]  # the pattern lists the operations
        if op in ("known", "unknown"):
            return Condition(name, op)
        after = Text("A value after «{name} {op}»", "значение после «{name} {op}»").format(name=name, op=op)
        values = [self.word(_WORD_IN_NAME, after)]
        while self.take(r"\||or\b") is not None:
            values.append(self.word(_WORD_IN_NAME, Text("Another value", "ещё одно значение")))
        if op in NUMERIC:
            wrong = [value for value in values if not re.fullmatch(r"-?\d{1,14}(\.\d{1,4})?", value)]
            if wrong or len(values) > 1:
                raise QuestionError(
                    Text(
                        "{name} {op} needs one number, not «{values}».",
                        "после {name} {op} нужно одно число, а не «{values}».",
                    ).format(name=name, op=op, values=" | ".join(values))
                )
        return Condition(name, op, tuple(dict.fromkeys(values)))

    def word(self, bare: str, what: Text) -> str:
        """A quoted or a bare word, which may not be empty."""
        found = self.need(rf"{_QUOTED}|{bare}", what)
        word = found[1:-1].replace('""', '"') if found.startswith('"') else found.strip()
        if not word:
            raise QuestionError(Text("{what} is empty.", "пусто: {what}.").format(what=what))
        return word
