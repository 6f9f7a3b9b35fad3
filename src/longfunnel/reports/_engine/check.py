"""Checks a question against what exists, and says everything that is wrong with it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.core.calendar import GRAINS
from longfunnel.core.errors import QuestionError, did_you_mean, together
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension, dimensions
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.metrics import BASES, metrics
from longfunnel.reports._engine.question import COMPARES, MODELS, OPS, WITHOUT_VALUES, Question
from longfunnel.reports._engine.report import reports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.reports._engine.report import Report


NEEDS_MENDING: Final = Text("The question needs mending:", "Вопрос нужно поправить:")
_KINDS: Final = {
    "report": Text("unknown report «{word}».", "отчёта «{word}» нет."),
    "metric": Text("unknown metric «{word}».", "показателя «{word}» нет."),
    "dimension": Text("unknown dimension «{word}».", "разреза «{word}» нет."),
    "grain": Text("unknown grain «{word}».", "шага времени «{word}» нет."),
    "comparison": Text("unknown comparison «{word}».", "сравнения «{word}» нет."),
    "basis": Text("unknown basis «{word}».", "базы дат «{word}» нет."),
    "model": Text("unknown model «{word}».", "модели «{word}» нет."),
    "word": Text("unknown word «{word}».", "слова «{word}» нет."),
}


def check(question: Question) -> None:
    """Nothing for a sound question. Raises QuestionError listing every mistake."""
    mistakes = mistakes_of(question)
    if mistakes:
        raise QuestionError(together(mistakes, NEEDS_MENDING))


def mistakes_of(question: Question) -> list[Text]:
    """Every mistake of the question, as sentences."""
    report = reports().get(question.report)
    mistakes = [] if report else [_unknown("report", question.report, reports())]
    mistakes += _words(question)
    mistakes += _filters(question)
    mistakes += _period(question)
    if question.limit < 0:
        mistakes.append(
            Text(
                "limit must be 0 (all rows) or more, not {limit}.",
                "limit: нужно число от 0 (все строки), а не {limit}.",
            ).format(limit=question.limit)
        )
    if question.window_days is not None and question.window_days < 1:
        mistakes.append(
            Text("window_days must be at least 1, not {days}.", "window_days: нужно число от 1, а не {days}.").format(
                days=question.window_days
            )
        )
    return mistakes + (_of_report(question, report) if report else [])


def _words(question: Question) -> list[Text]:
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


def _filters(question: Question) -> list[Text]:
    mistakes = []
    for item in question.filters:
        where = Text("filter «{item}»: ", "фильтр «{item}»: ").format(item=item)
        if dimension(item.dimension) is None:
            mistakes.append(where + _unknown("dimension", item.dimension, _dimension_names()))
        if item.op not in OPS:
            mistakes.append(where + _unknown("word", item.op, OPS))
        elif (item.op in WITHOUT_VALUES) == bool(item.values):
            takes_none = Text("takes no value.", "значение здесь не нужно.")
            mistakes.append(where + (takes_none if item.values else Text("needs a value after it.", "нужно значение.")))
    return mistakes


def _period(question: Question) -> list[Text]:
    if question.since and question.until and question.since > question.until:
        return [
            Text(
                "since {since} is after until {until}: swap them.",
                "начало {since} позже конца {until}: поменяйте их местами.",
            ).format(since=question.since, until=question.until)
        ]
    if question.compare and not (question.since and question.until):
        return [
            Text("a comparison needs both since and until.", "для сравнения нужны и начало, и конец (since и until).")
        ]
    return []


def _of_report(question: Question, report: Report) -> list[Text]:
    known = [*report.options, *Question.__struct_fields__]
    mistakes = [
        Text("the report {report} has no setting «{name}».", "у отчёта {report} нет настройки «{name}».").format(
            report=question.report, name=name
        )
        + did_you_mean(name, known)
        for name, _ in question.options
        if name not in report.options
    ]
    mistakes += [
        Text("the report {report} does not take {field}: {why}.", "отчёт {report} не принимает {field}: {why}.").format(
            report=question.report, field=field, why=report.refuses[field]
        )
        for field in report.refuses
        if getattr(question, field) not in (_default(field), None)
    ]
    model = PLAIN.get(question.model)
    if model and not model.is_whole and not report.in_shares:
        whole = ", ".join(name for name, one in PLAIN.items() if one.is_whole)
        mistakes.append(
            Text(
                "the report {report} counts whole rows, and the model {model} shares each between touches: name one of {whole}.",
                "отчёт {report} считает строки целиком, а модель {model} делит каждую между касаниями: назовите одну из моделей {whole}.",
            ).format(report=question.report, model=model.name, whole=whole)
        )
    return mistakes


def _default(field: str) -> object:
    return getattr(Question(""), field)


def _dimension_names() -> list[str]:
    return [*dimensions(), *(alias for entry in dimensions().values() for alias in entry.aliases), "props.NAME"]


def _unknown(kind: str, word: str, known: Iterable[str]) -> Text:
    names = list(known)
    return _KINDS[kind].format(word=word) + (
        did_you_mean(word, names) or Text(" Known: {names}.", " Есть: {names}.").format(names=", ".join(names))
    )
