"""Question in, Answer out: one report per file, named by the file. Adding a report is adding a file.

question = read_question("channels", {"since": "2025-01-01", "until": "2025-12-31", "by": ["campaign"]})
answer = reports.answer(connection, settings, question)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.reports._engine.answer import Answer, Caveat, Column, Few, Fresh
from longfunnel.reports._engine.change import change_text, is_below_zero, sense
from longfunnel.reports._engine.check import check
from longfunnel.reports._engine.context import Context
from longfunnel.reports._engine.explain import Explanation, explain
from longfunnel.reports._engine.page_question import (
    DEFAULT_PERIOD,
    PERIOD,
    PERIODS,
    in_zone,
    page_question,
    period_of,
    with_fitting_model,
)
from longfunnel.reports._engine.question import DEFAULT_MODEL, MODELS, OPS, Filter, Question
from longfunnel.reports._engine.read import (
    question_from_json,
    question_from_text,
    question_from_url,
    read_filter,
    read_question,
)
from longfunnel.reports._engine.report import Report, reports
from longfunnel.reports._engine.words import BASIS_WORDS, OP_WORDS, filter_words, model_words

if TYPE_CHECKING:
    import duckdb

    from longfunnel.core.settings import Settings
    from longfunnel.reports._funnel.people import Behind

__all__ = [
    "BASIS_WORDS",
    "DEFAULT_MODEL",
    "DEFAULT_PERIOD",
    "MODELS",
    "OPS",
    "OP_WORDS",
    "PERIOD",
    "PERIODS",
    "Answer",
    "Caveat",
    "Column",
    "Context",
    "Explanation",
    "Few",
    "Filter",
    "Fresh",
    "Question",
    "Report",
    "answer",
    "change_text",
    "explain",
    "filter_words",
    "in_zone",
    "is_below_zero",
    "model_words",
    "page_question",
    "people_behind",
    "period_of",
    "question_from_json",
    "question_from_text",
    "question_from_url",
    "read_filter",
    "read_question",
    "reports",
    "sense",
    "with_fitting_model",
]


def answer(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    question: Question,
    *,
    schema: str = "live",
    once: dict[str, Any] | None = None,
) -> Answer:
    """The answer to ``question`` from the derived tables in ``schema``. ``once`` keeps what depends on the build alone, for the
    next question about the same build. Raises QuestionError for a question that cannot be asked."""
    check(question)
    report = reports()[question.report]
    filled = msgspec.structs.replace(
        question,
        by=question.by or (() if question.grain else report.by),
        metrics=question.metrics or report.metrics,
        basis=question.basis or report.basis,
    )
    return report.answer(Context(connection, settings, schema, {} if once is None else once), filled)


def people_behind(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    question: Question,
    step: int,
    *,
    lost: bool = False,
    limit: int = 100,
    schema: str = "live",
) -> tuple[list[Behind], int]:
    """The people behind a bar of the funnel that ``question`` asks for, or with ``lost`` behind the gap before it.

    Those who reached ``step`` (from 1), or reached the required step before it and not this one: the latest entries first, at
    most ``limit``; and how many there are in all. Raises QuestionError for a question that cannot be asked, a step that is
    not there, and for those lost before step 1.
    """
    from longfunnel.reports._funnel import people  # brings a compiler with it

    check(question)
    context = Context(connection, settings, schema)
    return people.people_behind(context, question, step, lost=lost, limit=limit)
