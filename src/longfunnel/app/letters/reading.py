"""A reading: what one check of an alert found, as it is kept and as its letter tells it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from longfunnel.app.access.rights import narrowed
from longfunnel.app.letters.asking import asked_for, owner_of, page_of, question_of
from longfunnel.app.letters.unusual import WEEKS, usual
from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports import Question

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.answering import Answering
    from longfunnel.reports import Answer
    from longfunnel.state import Alert, AlertState

_SHOWN_DAYS = 7 * WEEKS + 1
Why = Literal["", "unknown_value", "too_little_history"]

NOT_BY_DAY = Text(
    "«{metric}» has no value by day, so nothing can be unusual about it.",
    "У «{metric}» нет значений по дням, поэтому необычным он быть не может.",
)
"""Why a number cannot be watched for what is unusual."""


class Reading(msgspec.Struct, frozen=True):
    """The number at one check, and what it was judged by."""

    title: tuple[str, str]
    """The metric, in English and in Russian."""
    format: str
    page: str
    """Where the number stands."""
    value: Decimal | None = None
    since: date | None = None
    until: date | None = None
    middle: Decimal | None = None
    """For an unusual change: what the day usually is, and the bounds of that."""
    low: Decimal | None = None
    high: Decimal | None = None
    days: tuple[Decimal | None, ...] = ()
    """For an unusual change: the number of each day up to ``until``."""
    why: Why = ""
    """Why it could not be judged; empty when it was."""

    def to_json(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, text: str) -> Reading | None:
        """What was kept; None for an empty text."""
        return msgspec.json.decode(text, type=cls) if text else None


def read(answering: Answering, alert: Alert, at: datetime) -> tuple[AlertState, Reading]:
    """Look at the alert's number now, with its owner's rights. Raises as ``asked_for`` does, and QuestionError where the
    report has no such number."""
    return _unusual(answering, alert, at) if alert.rule == "unusual" else _threshold(answering, alert, at)


def watchable(answer: Answer) -> list[str]:
    """The numbers of an answer's total that can be watched."""
    return [
        column.name
        for column in answer.columns
        if column.kind == "metric"
        and column.format not in ("text", "date", "flag")
        and column.name in answer.totals
        and not column.name.endswith(("_before", "_change"))
    ]


def _threshold(answering: Answering, alert: Alert, at: datetime) -> tuple[AlertState, Reading]:
    """The total over the question's days against the threshold. A day that is not over is always low, so only «above» counts it."""
    asked = asked_for(answering, alert, at, with_today=alert.rule == "above")
    answer, known = asked.answer, watchable(asked.answer)
    if alert.metric not in known and alert.metric in metrics():
        answer = answering.ask(narrowed(asked.owner, about_same(asked.question, alert.metric)), asked.language)
    elif alert.metric not in known:
        raise QuestionError(
            Text("The report has no number «{metric}».", "В отчёте нет показателя «{metric}».").format(
                metric=alert.metric
            )
            + did_you_mean(alert.metric, known)
        )
    column, value = answer.column(alert.metric), _exact(answer.totals[alert.metric])
    reading = Reading(
        (column.title.en, column.title.ru), column.format, asked.path, value, asked.question.since, asked.question.until,
        why="unknown_value" if value is None else "",
    )  # fmt: skip
    if value is None or alert.threshold is None:
        return "unknown", reading
    is_out = value > alert.threshold if alert.rule == "above" else value < alert.threshold
    return "alarm" if is_out else "normal", reading


def _unusual(answering: Answering, alert: Alert, at: datetime) -> tuple[AlertState, Reading]:
    """The last whole day that there are data of, against the same weekdays before."""
    metric = metrics(answering.settings.stage).get(alert.metric)
    if metric is None:
        raise QuestionError(NOT_BY_DAY.format(metric=alert.metric))
    question = question_of(alert.query, answering, at)
    until = question.until
    if until is None:
        raise QuestionError(
            Text("All time has no last day to look at.", "У «всего времени» нет последнего дня."),
            hint=Text("Choose a period that ends now.", "Выберите период, который кончается сейчас."),
        )
    until = min(until, _newest(answering, until))
    since = until - timedelta(days=_SHOWN_DAYS - 1)
    daily = msgspec.structs.replace(about_same(question, alert.metric), since=since, until=until, grain="day")
    answer = answering.ask(narrowed(owner_of(answering, alert), daily))
    by_day = {row["day"]: _exact(row[alert.metric]) for row in answer.rows}
    is_count = metric.unit == "count"
    days = tuple(by_day.get(since + timedelta(days=number)) for number in range(_SHOWN_DAYS))
    value = days[-1]
    # a day on which nothing happened has no row; a count of nothing is none, a rate of nothing is unknown
    known = [0.0 if one is None and is_count else None if one is None else float(one) for one in days]
    bounds = usual(_begun(known[-8::-7]), is_count=is_count)
    value = Decimal(0) if value is None and is_count and by_day else value
    reading = Reading(
        (metric.title.en, metric.title.ru), metric.unit, page_of(alert.page, alert.query, msgspec.structs.replace(question, since=until, until=until)),
        value, until, until, days=days, why="unknown_value" if value is None else "" if bounds else "too_little_history",
    )  # fmt: skip
    if value is None or bounds is None:
        return "unknown", reading
    middle, low, high = (Decimal(str(round(number, 4))) for number in (bounds.middle, bounds.low, bounds.high))
    reading = msgspec.structs.replace(reading, middle=middle, low=low, high=high)
    return "alarm" if bounds.is_unusual(float(value)) else "normal", reading


def about_same(question: Question, *names: str) -> Question:
    """Metrics as such, about the same days, filters and rules as another report's question."""
    return Question(
        "summary", question.since, question.until, filters=question.filters, metrics=names, model=question.model,
        window_days=question.window_days, basis=question.basis, as_of=question.as_of,
    )  # fmt: skip


def _begun(weeks: list[float | None]) -> list[float | None]:
    """Weeks (the newest first) from the first one with anything in it: before that nothing was counted yet."""
    last = max((place for place, value in enumerate(weeks) if value), default=-1)
    return weeks[: last + 1]


def _newest(answering: Answering, day: date) -> date:
    """The newest day that any source speaks of, but not after ``day``."""
    fresh = answering.ask(Question("summary", metrics=("leads",))).freshness
    return max((item.latest_on for item in fresh if item.latest_on and item.latest_on <= day), default=day)


def _exact(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
