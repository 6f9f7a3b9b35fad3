"""Which touches earned each lead, deal or order, by the question's model and window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.journeys.derive.credits import DEFAULT_MODEL, MODELS, credits_sql

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._engine.sql import Parameters


def is_on_row(context: Context, question: Question) -> bool:
    """Whether leads, deals and orders bear the question's credit themselves, as ``credited_origin_id`` and ``credited_on``:
    they do for the default model and the window of the settings."""
    return question.model == DEFAULT_MODEL and _is_kept(context, question)


def in_shares(question: Question) -> bool:
    """Whether the question's model shares a sale between several touches."""
    return not PLAIN[question.model].is_whole


def credit_of(context: Context, question: Question, parameters: Parameters, subject: str) -> str:
    """SELECT of subject_key, origin_id, touch_on: at most one row per subject. ``subject`` is lead, deal or order.

    Where the model shares credit (``in_shares``) there is one row per origin and day of a subject's touches, with their ``share``.
    The window of the settings is kept with the derived tables for the simplest models; all else is worked out from the touches.
    """
    if question.model not in MODELS:
        from longfunnel.reports._engine.shares import (
            shares_table,  # brings a compiler with it, which other models do without
        )

        return f"SELECT subject_key, origin_id, touch_on, share FROM {shares_table(context, question)} WHERE subject = '{subject}'"
    if is_on_row(context, question):
        columns = f"{subject}_key AS subject_key, credited_origin_id AS origin_id, credited_on AS touch_on"
        return f"SELECT {columns} FROM {context.table(subject + 's')}"
    rows = (
        context.table("credits")
        if _is_kept(context, question)
        else f"({credits_sql(context.schema, question.window_days, tracking_since=context.settings.counting.tracking_since)})"
    )
    model = parameters.bind("model", question.model)
    return f"SELECT subject_key, origin_id, touch_on FROM {rows} WHERE subject = '{subject}' AND model = {model}"


def _is_kept(context: Context, question: Question) -> bool:
    return question.window_days in (None, context.settings.counting.lookback_days)
