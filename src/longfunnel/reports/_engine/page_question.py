"""The question of a page's address: its parameters, with the days of a named period filled in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from longfunnel.core.calendar import Period, add_months, end_of_day, floor
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.reports._engine.question import DEFAULT_MODEL
from longfunnel.reports._engine.read import question_from_url
from longfunnel.reports._engine.report import reports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._engine.report import Report

OWN = "_"
"""Parameters that begin so are the page's own; all others are the question's."""
PERIOD = "_period"
DEFAULT_PERIOD = "90d"
PERIODS: dict[str, Text] = {
    "today": Text("Today", "Сегодня"),
    "7d": Text("Last 7 days", "7 дней"),
    "30d": Text("Last 30 days", "30 дней"),
    "90d": Text("Last 90 days", "90 дней"),
    "month": Text("This month", "Этот месяц"),
    "last_month": Text("Last month", "Прошлый месяц"),
    "quarter": Text("This quarter", "Этот квартал"),
    "last_quarter": Text("Last quarter", "Прошлый квартал"),
    "year": Text("This year", "Этот год"),
    "12m": Text("Last 12 months", "12 месяцев"),
    "all": Text("All time", "Всё время"),
}


def period_of(name: str, today: date) -> Period | None:
    """The days of a named period, ``today`` being its last; None for all time. An unknown name is the default period."""
    month, quarter = floor(today, "month"), floor(today, "quarter")
    match name:
        case "all":
            return None
        case "today":
            return Period(today, today)
        case "7d":
            return Period(today - timedelta(days=6), today)
        case "30d":
            return Period(today - timedelta(days=29), today)
        case "month":
            return Period(month, today)
        case "last_month":
            return Period(add_months(month, -1), month - timedelta(days=1))
        case "quarter":
            return Period(quarter, today)
        case "last_quarter":
            return Period(add_months(quarter, -3), quarter - timedelta(days=1))
        case "year":
            return Period(floor(today, "year"), today)
        case "12m":
            return Period(add_months(today, -12) + timedelta(days=1), today)
        case _:
            return Period(today - timedelta(days=89), today)


def in_zone(asked: Iterable[tuple[str, str]], zone: ZoneInfo) -> list[tuple[str, str]]:
    """A question's parameters in which ``as_of``, where it is a bare day, is the last instant of that day in the business's zone."""
    return [(key, _end(value, zone) if key == "as_of" else value) for key, value in asked]


def with_fitting_model(question: Question) -> Question:
    """The question with the default model where its own shares a sale between touches and the report counts whole ones: a link
    carries the model from page to page, and not every page can follow it."""
    report = reports().get(question.report)
    if report is None or _can_follow(report, question.model):
        return question
    return msgspec.structs.replace(question, model=DEFAULT_MODEL)


def _can_follow(report: Report, name: str) -> bool:
    model = PLAIN.get(name)
    return model is None or ("model" not in report.refuses and (model.is_whole or report.in_shares))


def _end(value: str, zone: ZoneInfo) -> str:
    try:
        return end_of_day(date.fromisoformat(value.strip()), zone).isoformat()
    except ValueError:
        return value  # an instant, or a mistake that the question will name


def page_question(pairs: Iterable[tuple[str, str]], report: str, today: date, zone: ZoneInfo) -> Question:
    """What an address with these parameters asks of ``report``, unless it names another.

    Without days in it, the address means the named period (``_period``, else the last 90 days) that ends with ``today``,
    compared with the one before; ``compare=`` compares with nothing. ``as_of`` a bare day means its end in ``zone``. Days typed the
    wrong way round are turned. Raises QuestionError.
    """
    given = list(pairs)
    present = {key for key, _ in given}
    asked = in_zone(((key, value) for key, value in given if not key.startswith(OWN)), zone)
    if "report" not in present:
        asked.insert(0, ("report", report))
    known = reports().get(dict(asked)["report"])
    refuses = known.refuses if known else {}
    if not ({"since", "until"} & present or "since" in refuses):
        period = period_of(dict(given).get(PERIOD) or DEFAULT_PERIOD, today)
        if period:
            asked += [("since", period.since.isoformat()), ("until", period.until.isoformat())]
    # what another page passed on and this report does not take is left out, so that every link of the navigation opens
    asked = [
        (key, value)
        for key, value in asked
        if {"filter": "filters"}.get(key, key) not in refuses
        and not (key == "model" and known is not None and not _can_follow(known, value))
    ]
    has_period = {"since", "until"} <= {key for key, value in asked if value}
    if has_period and "compare" not in present and "compare" not in refuses:
        asked.append(("compare", "previous"))
    return question_from_url(urlencode(_in_order(asked)))


def _in_order(asked: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """With the earlier of the two days first."""
    days = {key: value for key, value in asked if key in ("since", "until")}
    try:
        is_turned = len(days) == 2 and date.fromisoformat(days["since"]) > date.fromisoformat(days["until"])
    except ValueError:
        return asked  # the question will name the mistake
    turned = {"since": days["until"], "until": days["since"]} if is_turned else {}
    return [(key, turned.get(key, value)) for key, value in asked]
