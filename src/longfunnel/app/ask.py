"""Ask: a question in, an answer out, from what is known now or was known then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.build import build, schema_of
from longfunnel.reports import Answer, Question, answer, read_question

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business


def ask(
    business: Business, report: str | Question, *, progress: Callable[[str, float], None] | None = None, **fields: Any
) -> Answer:
    """The answer to a question, given as a value or as a report's name with the question's fields as keywords.

    Builds first when there are facts that the last build has not seen. Raises QuestionError that lists every mistake of the
    question, with what was meant.
    """
    question = report if isinstance(report, Question) else read_question(report, fields)
    build(business, as_of=question.as_of, progress=progress)
    return answer(business.warehouse, business.settings, question, schema=schema_of(question.as_of))
