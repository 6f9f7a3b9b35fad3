"""What a user may ask: a manager asks about their own deals alone, whichever door the question comes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from longfunnel.core.errors import LongfunnelError
from longfunnel.reports import Filter, reports

if TYPE_CHECKING:
    from longfunnel.reports import Question
    from longfunnel.state import User


class NotAllowedError(LongfunnelError):
    """The user may not ask this."""

    code = "not_allowed"


def narrowed(user: User, question: Question) -> Question:
    """The question as this user may ask it: a manager's is about their own deals. Raises NotAllowedError."""
    if user.role != "manager":
        return question
    report = reports().get(question.report)
    if not user.manager or (report and "filters" in report.refuses):
        raise NotAllowedError("This report cannot be narrowed to one manager's deals, so managers do not see it.")
    own = Filter("manager", "is", (user.manager,))
    return msgspec.structs.replace(question, filters=(*question.filters, own))
