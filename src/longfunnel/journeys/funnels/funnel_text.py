"""A funnel as words: what a command line, a URL and JSON carry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from longfunnel.core.errors import QuestionError, did_you_mean, together, words_of
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.funnel import Funnel
from longfunnel.journeys.funnels.spans import read_span, written_span
from longfunnel.journeys.funnels.step_language import read_exclusions, read_steps, written_exclusions, written_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


WORDS: Final = ("steps", "window", "order", "ties", "count", "exclude", "hold", "breakdown", "breakdown_at")
"""The names under which a funnel's parts are written."""


def read_funnel(words: Mapping[str, str]) -> Funnel:
    """The funnel of ``{"steps": "page:/pricing*, lead", "window": "30d", "exclude": "refund"}``; what is absent has its default.

    Raises:
        QuestionError: every mistake, together.
    """
    mistakes: list[Text] = []
    fields: dict[str, Any] = {}

    def put(field: str, word: str, read: Callable[[str], Any]) -> None:
        if words.get(word):
            try:
                fields[field] = read(words[word])
            except QuestionError as error:
                mistakes.append(words_of(error))

    mistakes += [
        Text("a funnel has no «{name}».", "у воронки нет «{name}».").format(name=name) + did_you_mean(name, WORDS)
        for name in words
        if name not in WORDS
    ]
    put("steps", "steps", read_steps)
    put("window", "window", read_span)
    put("exclusions", "exclude", read_exclusions)
    put("breakdown_at", "breakdown_at", lambda text: int(text) if text.isdigit() else text)
    for name in ("order", "ties", "count", "hold", "breakdown"):
        put(name, name, str)
    if mistakes:
        raise QuestionError(
            together(mistakes, Text("This funnel cannot be read:", "Эту воронку не удалось прочитать:"))
        )
    return Funnel(**({"steps": ()} | fields))


def written_funnel(funnel: Funnel) -> dict[str, str]:
    """The words of a funnel, without what is as by default. ``read_funnel`` gives the same funnel."""
    plain = Funnel(steps=funnel.steps)
    words = {"steps": written_steps(funnel.steps)}
    if funnel.window != plain.window:
        words["window"] = written_span(funnel.window)
    if funnel.exclusions:
        words["exclude"] = written_exclusions(funnel.exclusions)
    for name in ("order", "ties", "count", "hold", "breakdown", "breakdown_at"):
        if getattr(funnel, name) != getattr(plain, name):
            words[name] = str(getattr(funnel, name))
    return words


def funnel_to_json(funnel: Funnel) -> str:
    """One JSON object of the funnel's words."""
    return json.dumps(written_funnel(funnel), ensure_ascii=False)


def funnel_from_json(text: str | bytes) -> Funnel:
    """The funnel of a JSON object; ``steps`` may be a list of texts.

    Raises:
        QuestionError: not a JSON object, or every mistake in it.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise QuestionError(
            Text("The funnel is not valid JSON: {error}.", "Воронка — не JSON: {error}.").format(error=error)
        ) from error
    if not isinstance(plain, dict):
        raise QuestionError(
            Text(
                'A funnel must be a JSON object, as {"steps": "page:/pricing*, lead"}.',
                'Воронка — это объект JSON, например {"steps": "page:/pricing*, lead"}.',
            )
        )
    return read_funnel(
        {name: ", ".join(map(str, given)) if isinstance(given, list) else str(given) for name, given in plain.items()}
    )
