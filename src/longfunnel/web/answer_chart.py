"""A simple chart of any answer: its first measure over time, or by its first dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longfunnel.reports import Answer, Column
    from longfunnel.web.visit import Visit

_BARS = 12


def chart_of(visit: Visit, answer: Answer) -> dict[str, Any] | None:
    """What ``parts/chart.html`` draws: ``title`` and ``data``; None where the answer has nothing to draw simply.

    A chart shows the first measure: by the answer's grain as bars in time, else by its one dimension, the largest first.
    """
    question, rows = answer.question, answer.rows
    measure = answer.first_measure
    if measure is None or len(rows) < 2 or (len(question.by) + bool(question.grain)) != 1:
        return None
    grain = question.grain
    data = _in_time(visit, rows, grain, measure) if grain else _by(visit, rows, question.by[0], measure)
    return {"title": measure.title.to(visit.language), "data": {**data, "language": visit.language}}


def _in_time(visit: Visit, rows: list[dict[str, Any]], grain: str, measure: Column) -> dict[str, Any]:
    points = sorted((row for row in rows if row[grain] is not None), key=lambda row: row[grain])
    series = {"name": measure.title.to(visit.language), "kind": "bar", "colour": 1, **_values(visit, points, measure)}
    return {"type": "time", "labels": [visit.shown.day(row[grain]) for row in points], "series": [series]}


def _by(visit: Visit, rows: list[dict[str, Any]], dimension: str, measure: Column) -> dict[str, Any]:
    largest = sorted((row for row in rows if row[measure.name] is not None), key=lambda row: -abs(row[measure.name]))
    labels = [visit.member(dimension, row[dimension]) for row in largest[:_BARS]]
    return {"type": "bars", "labels": labels, **_values(visit, largest[:_BARS], measure)}


def _values(visit: Visit, rows: list[dict[str, Any]], measure: Column) -> dict[str, Any]:
    values = [row[measure.name] for row in rows]
    return {
        "values": [None if value is None else float(value) for value in values],
        "shown": [visit.shown.card(value, measure.format) for value in values],
    }
