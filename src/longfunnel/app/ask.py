"""Ask: a question in, an answer out, from what is known now or was known then."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.app.build import build, schema_of
from longfunnel.core.calendar import end_of_day
from longfunnel.reports import Answer, Question, answer, read_question

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.core.progress import Progress


def ask(business: Business, report: str | Question, *, progress: Progress | None = None, **fields: Any) -> Answer:
    """The answer to a question, given as a value or as a report's name with the question's fields as keywords.

    Builds first when there are facts that the last build has not seen. Raises QuestionError that lists every mistake of the
    question, with what was meant.
    """
    fields = {name: _moment(value, business) if name == "as_of" else value for name, value in fields.items()}
    question = report if isinstance(report, Question) else read_question(report, fields)
    build(business, as_of=question.as_of, progress=progress)
    with business.interruptible():
        return answer(business.warehouse, business.settings, question, schema=schema_of(question.as_of))


def _moment(as_of: Any, business: Business) -> Any:
    """A bare day means its end where the business is; anything else stays for the question to read."""
    try:
        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError:
        return as_of
    is_day = isinstance(day, date) and not isinstance(day, datetime)
    return end_of_day(day, business.settings.business.zone) if is_day else as_of
