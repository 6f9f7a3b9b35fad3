"""Checks a question against what exists, and says everything that is wrong with it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.calendar import GRAINS
from longfunnel.core.errors import QuestionError, did_you_mean, together
from longfunnel.dimensions import dimension, dimensions
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.metrics import BASES, metrics
from longfunnel.reports._engine.question import COMPARES, MODELS, OPS, WITHOUT_VALUES, Question
from longfunnel.reports._engine.report import reports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.reports._engine.report import Report


def check(question: Question) -> None:
    """Nothing for a sound question. Raises QuestionError listing every mistake."""
    mistakes = mistakes_of(question)
    if mistakes:
        raise QuestionError(together(mistakes, "The question needs mending:"))


def mistakes_of(question: Question) -> list[str]:
    """Every mistake of the question, as sentences."""
    report = reports().get(question.report)
    mistakes = [] if report else [_unknown("report", question.report, reports())]
    mistakes += _words(question)
    mistakes += _filters(question)
    mistakes += _period(question)
    if question.limit < 0:
        mistakes.append(f"limit must be 0 (all rows) or more, not {question.limit}.")
    if question.window_days is not None and question.window_days < 1:
        mistakes.append(f"window_days must be at least 1, not {question.window_days}.")
    return mistakes + (_of_report(question, report) if report else [])


def _words(question: Question) -> list[str]:
    mistakes = [_unknown("metric", name, metrics()) for name in question.metrics if name not in metrics()]
    mistakes += [_unknown("dimension", name, _dimension_names()) for name in question.by if dimension(name) is None]
    for kind, word, known in (
        ("grain", question.grain, GRAINS),
        ("comparison", question.compare, COMPARES),
        ("basis", question.basis, BASES),
        ("model", question.model, MODELS),
    ):
        if word and word not in known:
            mistakes.append(_unknown(kind, word, known))
    return mistakes


def _filters(question: Question) -> list[str]:
    mistakes = []
    for item in question.filters:
        if dimension(item.dimension) is None:
            mistakes.append(f"filter «{item}»: {_unknown('dimension', item.dimension, _dimension_names())}")
        if item.op not in OPS:
            mistakes.append(f"filter «{item}»: {_unknown('word', item.op, OPS)}")
        elif (item.op in WITHOUT_VALUES) == bool(item.values):
            mistakes.append(f"filter «{item}»: {'takes no value' if item.values else 'needs a value after it'}.")
    return mistakes


def _period(question: Question) -> list[str]:
    if question.since and question.until and question.since > question.until:
        return [f"since {question.since} is after until {question.until}: swap them."]
    if question.compare and not (question.since and question.until):
        return ["a comparison needs both since and until."]
    return []


def _of_report(question: Question, report: Report) -> list[str]:
    known = [*report.options, *Question.__struct_fields__]
    mistakes = [
        f"the report {question.report} has no setting «{name}».{did_you_mean(name, known)}"
        for name, _ in question.options
        if name not in report.options
    ]
    mistakes += [
        f"the report {question.report} does not take {field}: {report.refuses[field]}."
        for field in report.refuses
        if getattr(question, field) not in (_default(field), None)
    ]
    model = PLAIN.get(question.model)
    if model and not model.is_whole and not report.in_shares:
        whole = ", ".join(name for name, one in PLAIN.items() if one.is_whole)
        mistakes.append(
            f"the report {question.report} counts whole rows, and the model {model.name} shares each between touches: name one of {whole}."
        )
    return mistakes


def _default(field: str) -> object:
    return getattr(Question(""), field)


def _dimension_names() -> list[str]:
    return [*dimensions(), *(alias for entry in dimensions().values() for alias in entry.aliases), "props.NAME"]


def _unknown(kind: str, word: str, known: Iterable[str]) -> str:
    names = list(known)
    return f"unknown {kind} «{word}».{did_you_mean(word, names) or ' Known: ' + ', '.join(names) + '.'}"
