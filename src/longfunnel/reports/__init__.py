"""Question in, Answer out: one report per file, named by the file. Adding a report is adding a file.

question = read_question("channels", {"since": "2025-01-01", "until": "2025-12-31", "by": ["campaign"]})
answer = reports.answer(connection, settings, question)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from longfunnel.reports._answer import Answer, Caveat, Column, Few, Fresh
from longfunnel.reports._check import check
from longfunnel.reports._context import Context
from longfunnel.reports._explain import Explanation, explain
from longfunnel.reports._question import DEFAULT_MODEL, MODELS, OPS, Filter, Question
from longfunnel.reports._read import question_from_json, question_from_text, question_from_url, read_question
from longfunnel.reports._report import Report, reports

if TYPE_CHECKING:
    import duckdb

    from longfunnel.core.settings import Settings

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "OPS",
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
    "explain",
    "question_from_json",
    "question_from_text",
    "question_from_url",
    "read_question",
    "reports",
]


def answer(
    connection: duckdb.DuckDBPyConnection, settings: Settings, question: Question, *, schema: str = "live"
) -> Answer:
    """The answer to ``question`` from the derived tables in ``schema``. Raises QuestionError for a question that cannot be asked."""
    check(question)
    report = reports()[question.report]
    filled = msgspec.structs.replace(
        question,
        by=question.by or (() if question.grain else report.by),
        metrics=question.metrics or report.metrics,
        basis=question.basis or report.basis,
    )
    return report.answer(Context(connection, settings, schema), filled)
