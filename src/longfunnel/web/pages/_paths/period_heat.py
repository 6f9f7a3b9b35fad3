"""Heat maps of cohorts: a row per cohort, a column per period since, one number in each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel.dates import format_skeleton

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.reports import Answer, Question
    from longfunnel.web.visit import Visit

_WEEKS_UP_TO = 200
"""Days of a period that is still cut into weeks; a longer one is cut into months."""
_UNITS = {
    "day": Text("day", "день"),
    "week": Text("week", "неделя"),
    "month": Text("month", "месяц"),
}


def usual_grain(question: Question) -> str:
    """The cut of the cohorts that reads well for so many days."""
    if question.since and question.until and (question.until - question.since).days < _WEEKS_UP_TO:
        return "week"
    return "month"


def cohort_heat(visit: Visit, answer: Answer, measure: str, grain: str) -> dict[str, Any]:
    """What each cohort has brought, up to each period since."""
    column = answer.column(measure)
    cells = {(row["cohort"], row["age"]): row[measure] for row in answer.rows}

    def label(value: Any) -> str:
        return visit.shown.value(value, column.format, places=0)

    title = {
        "ltv": Text(
            "What one person of each cohort has brought so far",
            "Сколько принёс к этому сроку один человек каждой когорты",
        ),
        "revenue": Text("Revenue of each cohort so far", "Выручка каждой когорты к этому сроку"),
        "orders": Text("Orders of each cohort so far", "Заказы каждой когорты к этому сроку"),
        "profit": Text("Profit of each cohort so far", "Прибыль каждой когорты к этому сроку"),
    }[measure]
    return _heat(visit, cells, grain, visit.text(title), label)


def retention_heat(visit: Visit, answer: Answer, grain: str) -> dict[str, Any]:
    """Which share of each cohort came back in each period since; the first period, where all are there, is left out."""
    cells = {(row["cohort"], row["age"]): row["retention"] for row in answer.rows if row["age"]}
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
    return _heat(visit, cells, grain, visit.text(title), visit.shown.share)


def _heat(visit: Visit, values: dict[tuple[date, int], Any], grain: str, title: str, label: Any) -> dict[str, Any]:
    cohorts = sorted({cohort for cohort, _ in values})
    ages = sorted({age for _, age in values if any(values.get((cohort, age)) is not None for cohort in cohorts)})
    unit = visit.text(_UNITS[grain])
    cells = []
    for y, cohort in enumerate(cohorts):
        for x, age in enumerate(ages):
            value = values.get((cohort, age))
            if value is not None:
                said = f"{_named(visit, cohort, grain)}, {unit} {age}\n{label(value)}"
                cells.append({"value": [x, y, float(value)], "label": label(value), "shown": said})
    return {
        "title": title,
        "data": {
            "type": "heat",
            "columns": [f"{unit} {age}" for age in ages],
            "rows": [_named(visit, cohort, grain) for cohort in cohorts],
            "cells": cells,
            "max": max((cell["value"][2] for cell in cells), default=1) or 1,
            "height": 32 * len(cohorts) + 48,
        },
    }


def _named(visit: Visit, cohort: date, grain: str) -> str:
    return str(format_skeleton("yMMM", cohort, locale=visit.language)) if grain == "month" else visit.shown.day(cohort)
