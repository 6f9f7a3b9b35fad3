"""What a user, or a program in their name, may ask: a manager asks about their own deals alone, whichever door the question
comes through; a program asks what its token's scopes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.reports import Filter, reports

if TYPE_CHECKING:
    from longfunnel.reports import Question
    from longfunnel.state import User

REPORTS, PEOPLE = "reports", "people"
SCOPES = {
    REPORTS: Text("Reports: numbers of many people at once.", "Отчёты: числа сразу по многим людям."),
    PEOPLE: Text(
        "People: the rows behind a number, and why a person is in a step.",
        "Люди: строки за числом и почему человек попал на шаг.",
    ),
}
"""What a token may be allowed to read; neither includes the other."""
OF_PEOPLE = frozenset({"behind", "why"})
"""Reports whose rows are single people. They are never shared, and never sent by e-mail."""


class NotAllowedError(LongfunnelError):
    """The user may not ask this."""

    code = "not_allowed"


def scope_of(report: str) -> str:
    """The scope that a token needs to ask this report."""
    return PEOPLE if report in OF_PEOPLE else REPORTS


def narrowed(user: User, question: Question) -> Question:
    """The question as this user may ask it: a manager's is about their own deals. Raises NotAllowedError."""
    if user.role != "manager":
        return question
    report = reports().get(question.report)
    # a person's own events are the same whatever the filters
    if not user.manager or question.report == "why" or (report and "filters" in report.refuses):
        raise NotAllowedError(
            Text(
                "This report cannot be narrowed to one manager's deals, so managers do not see it.",
                "Этот отчёт не сузить до сделок одного менеджера, поэтому менеджерам он не показывается.",
            )
        )
    own = Filter("manager", "is", (user.manager,))
    return msgspec.structs.replace(question, filters=(*question.filters, own))
