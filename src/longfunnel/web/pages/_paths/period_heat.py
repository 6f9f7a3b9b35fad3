"""Heat maps of cohorts: a row per cohort, a column per period since, one number in each cell."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from babel.dates import format_skeleton

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from longfunnel.reports import Answer, Question
    from longfunnel.web.visit import Visit

    Cells = dict[tuple[date, int], Any]

_WEEKS_UP_TO = 200
"""Days of a period that is still cut into weeks; a longer one is cut into months."""
_UNITS = {
    "day": Text("day", "день"),
    "week": Text("week", "неделя"),
    "month": Text("month", "месяц"),
}
_PERIODS = {
    "day": (("day", "days"), ("день", "дня", "дней")),
    "week": (("week", "weeks"), ("неделю", "недели", "недель")),
    "month": (("month", "months"), ("месяц", "месяца", "месяцев")),
}
_CELL, _NAMES = 58, 104
"""Pixels that a cell and the names of the rows need at least; a narrower page lets the map be moved sideways."""


def usual_grain(question: Question) -> str:
    """The cut of the cohorts that reads well for so many days."""
    if question.since and question.until and (question.until - question.since).days < _WEEKS_UP_TO:
        return "week"
    return "month"


def cohort_heat(visit: Visit, answer: Answer, measure: str, grain: str) -> dict[str, Any]:
    """What each cohort has brought, up to each period since. Who has not ordered has brought nothing, which is known."""
    column = answer.column(measure)
    # a sum is empty where there was no order, and where an order's sum is not known
    cells = {
        (row["cohort"], row["age"]): 0 if row[measure] is None and not row["orders"] else row[measure]
        for row in answer.rows
    }
    has_buyers = {(row["cohort"], row["age"]) for row in answer.rows if row["buyers"]}
    is_money = column.format == "money"

    def label(value: Any) -> str:
        return visit.shown.value(value, column.format, places=0)

    def whole(value: Any) -> str:
        return visit.shown.whole(Decimal(value), "money") if is_money else label(value)

    def url(cohort: date, age: int) -> str:
        return _cell_url(visit, "cohorts", cohort, age) if (cohort, age) in has_buyers else ""

    title = _cohort_finding(visit, answer, measure, grain) or visit.text(_TITLES[measure])
    return _heat(visit, cells, grain, f"{title}, {visit.shown.sign}" if is_money and title == visit.text(_TITLES[measure]) else title,
                 label, whole, url)  # fmt: skip


_TITLES = {
    "ltv": Text(
        "What one person of each cohort has brought so far", "Сколько принёс к этому сроку один человек каждой когорты"
    ),
    "revenue": Text("Revenue of each cohort so far", "Выручка каждой когорты к этому сроку"),
    "orders": Text("Orders of each cohort so far", "Заказы каждой когорты к этому сроку"),
    "profit": Text("Profit of each cohort so far", "Прибыль каждой когорты к этому сроку"),
}


def _cohort_finding(visit: Visit, answer: Answer, measure: str, grain: str) -> str:
    """What a person has brought by the latest age that at least half of the cohorts are past; empty where nothing tells."""
    cohorts = {row["cohort"] for row in answer.rows}
    over: dict[int, list[dict[str, Any]]] = {}
    for row in answer.rows:
        if row["is_mature"]:
            over.setdefault(row["age"], []).append(row)
    ages = [age for age, rows in over.items() if 2 * len(rows) >= len(cohorts)]
    if not ages or measure not in ("ltv", "orders"):
        return ""
    rows = over[max(ages)]
    people = sum(row["people"] or 0 for row in rows)
    if not people:
        return ""
    time = visit.shown.plural(max(ages) + 1, *_PERIODS[grain])
    if measure == "orders":
        share = sum(row["buyers"] or 0 for row in rows) / people
        said = Text("{share} have ordered within {time}", "За {time} заказали {share}")
        return visit.text(said.format(share=visit.shown.share(share), time=time))
    brought = sum((row["revenue"] or Decimal(0) for row in rows), Decimal(0)) / people
    said = Text("One person brings {sum} within {time}", "За {time} один человек приносит {sum}")
    return visit.text(
        said.format(sum=f"{visit.shown.value(brought, 'money', places=0)}\u00a0{visit.shown.sign}", time=time)
    )


def retention_heat(visit: Visit, answer: Answer, grain: str) -> dict[str, Any]:
    """Which share of each cohort came back in each period since; the first period, where all are there, is left out."""
    cells = {(row["cohort"], row["age"]): row["retention"] for row in answer.rows if row["age"]}
    has_people = {(row["cohort"], row["age"]) for row in answer.rows if row["active"]}
    first = [(row["active"], row["people"]) for row in answer.rows if row["age"] == 1 and row["retention"] is not None]
    title = Text("Who comes back", "Кто возвращается")
    if people := sum(count for _, count in first):
        share = visit.shown.share(sum(active for active, _ in first) / people)
        said = {
            "day": Text("{share} come back on the next day", "{share} возвращаются на следующий день"),
            "week": Text("{share} come back in the next week", "{share} возвращаются на следующей неделе"),
            "month": Text("{share} come back in the next month", "{share} возвращаются в следующем месяце"),
        }[grain]
        title = said.format(share=share)

    def url(cohort: date, age: int) -> str:
        return _cell_url(visit, "retention", cohort, age) if (cohort, age) in has_people else ""

    return _heat(visit, cells, grain, visit.text(title), visit.shown.share, visit.shown.share, url)


def _cell_url(visit: Visit, page: str, cohort: date, age: int) -> str:
    """Where the people of a cell are."""
    if visit.is_shared:
        return ""
    return str(visit.address.to(f"/paths/{page}/people").with_(_cohort=cohort.isoformat(), _age=str(age)))


def _heat(
    visit: Visit, values: Cells, grain: str, title: str,
    label: Callable[[Any], str], whole: Callable[[Any], str], url: Callable[[date, int], str],
) -> dict[str, Any]:  # fmt: skip
    cohorts = sorted({cohort for cohort, _ in values})
    ages = sorted({age for _, age in values if any(values.get((cohort, age)) is not None for cohort in cohorts)})
    unit = visit.text(_UNITS[grain])
    cells: list[dict[str, Any]] = []
    for y, cohort in enumerate(cohorts):
        for x, age in enumerate(ages):
            value = values.get((cohort, age))
            if value is not None:
                said = f"{named_cohort(visit, cohort, grain)}, {unit} {age}\n{whole(value)}"
                cell = {"value": [x, y, float(value)], "label": label(value), "shown": said}
                cells.append(cell | ({"url": where} if (where := url(cohort, age)) else {}))
    return {
        "title": title,
        "data": {
            "type": "heat",
            "columns": [f"{unit} {age}" for age in ages],
            "rows": _names(visit, cohorts, grain),
            "cells": cells,
            "max": max((cell["value"][2] for cell in cells), default=1) or 1,
            "height": 32 * len(cohorts) + 48,
            "width": _CELL * len(ages) + _NAMES,
        },
    }


def named_cohort(visit: Visit, cohort: date, grain: str) -> str:
    """A cohort by its first day, or its month."""
    return str(format_skeleton("yMMM", cohort, locale=visit.language)) if grain == "month" else visit.shown.day(cohort)


def _names(visit: Visit, cohorts: list[date], grain: str) -> list[str]:
    """The cohorts as their rows are called: the year stands once where it begins."""
    found = []
    for place, cohort in enumerate(cohorts):
        if place and cohort.year == cohorts[place - 1].year:
            found.append(str(format_skeleton("MMM" if grain == "month" else "MMMd", cohort, locale=visit.language)))
        else:
            found.append(named_cohort(visit, cohort, grain))
    return found
