"""The people behind a bar of a funnel or behind the gap before it, as a server asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.app.build import schema_of
from longfunnel.reports import Context

if TYPE_CHECKING:
    from longfunnel.app.answering import Answering
    from longfunnel.reports import Question
    from longfunnel.reports._funnel.people import Behind


def funnel_people(
    answering: Answering,
    question: Question,
    step: int,
    *,
    lost: bool,
    limit: int,
    took: tuple[int, float, float] | None = None,
) -> tuple[list[Behind], int]:
    """Who reached ``step`` (from 1), or with ``lost`` who came to the step before and not to this one; with ``took`` (another
    step, from so many days, to so many) only those who took so long from that step: the latest entries, at most ``limit``; and
    how many there are in all. Raises QuestionError.
    """
    from longfunnel.reports._funnel.people import Took, people_behind  # brings a compiler with it

    cursor = answering.cursor()
    try:
        context = Context(cursor, answering.settings, schema_of(question.as_of))
        return people_behind(context, question, step, lost=lost, took=Took(*took) if took else None, limit=limit)
    finally:
        cursor.close()
