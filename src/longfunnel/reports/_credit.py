"""Which touch earned each lead, deal or order, by the question's model and window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.credits import credits_sql

if TYPE_CHECKING:
    from longfunnel.reports._context import Context
    from longfunnel.reports._question import Question
    from longfunnel.reports._sql import Parameters


def credit_of(context: Context, question: Question, parameters: Parameters, subject: str) -> str:
    """SELECT of subject_key, origin_id, touch_on: at most one row per subject. ``subject`` is lead, deal or order.

    The window of the settings is kept with the derived tables; any other is worked out from the touches.
    """
    counting = context.settings.counting
    kept = question.window_days in (None, counting.lookback_days)
    rows = (
        context.table("credits")
        if kept
        else f"({credits_sql(context.schema, question.window_days, tracking_since=counting.tracking_since)})"
    )
    model = parameters.bind("model", question.model)
    return f"SELECT subject_key, origin_id, touch_on FROM {rows} WHERE subject = '{subject}' AND model = {model}"
