"""The pictures of the channels page: cost beside profit, and a small line for each row."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.table import table_of

if TYPE_CHECKING:
    from longfunnel.reports import Question
    from longfunnel.web.visit import Visit

_BARS = 8
_MUCH = Decimal("0.1")
_SPARK_WIDTH, _SPARK_HEIGHT = 72.0, 20.0


def cost_and_profit(visit: Visit, question: Question) -> dict[str, Any] | None:
    """The bars of the largest rows, titled by what stands out; None where nothing has a cost or a profit."""
    asked = msgspec.structs.replace(
        question, metrics=("cost", "profit", "revenue"), compare="", sort="", limit=0, options=()
    )
    answer = visit.ask(asked)
    rows = [row for row in answer.rows if row["cost"] or row["profit"]]
    if not rows:
        return None
    largest = sorted(rows, key=lambda row: -max(abs(row["cost"] or 0), abs(row["profit"] or 0)))[:_BARS]
    # in the order of the table below
    shown, rest = (
        (rows, [])
        if len(rows) <= _BARS + 1
        else ([r for r in rows if r in largest], [r for r in rows if r not in largest])
    )
    labels = [_label(visit, row, question) for row in shown]
    urls = [rows_url(visit, "revenue" if row["revenue"] else "cost", of_row(row, question.by)) for row in shown]
    if rest:
        labels.append(visit.text(Text("{n} others", "другие: {n}").format(n=len(rest))))
        urls.append("")
    series = []
    for name, colour in (("cost", 9), ("profit", 1)):
        values = [row[name] for row in shown]
        if rest:
            values.append(sum((row[name] or Decimal(0) for row in rest), Decimal(0)) or None)
        series.append(
            {
                "name": visit.text(visit.metrics[name].title),
                "kind": "bar",
                "colour": colour,
                "values": [None if value is None else float(value) for value in values],
                "shown": [visit.shown.money(value, short=True) if value is not None else "" for value in values],
            }
        )
    finding = _finding(visit, question, answer.rows, answer.totals)
    return {
        "title": finding or visit.text(Text("Cost and profit", "Расход и прибыль")),
        "table": table_of(visit, answer, can_sort=False),
        "data": {
            "type": "bars",
            "labels": labels,
            "series": series,
            "urls": urls,
            "language": visit.language,
            "height": 46 * len(labels) + 32,
        },
    }


def _label(visit: Visit, row: dict[str, Any], question: Question) -> str:
    return " · ".join(visit.member(name, row[name]) for name in question.by)


def _finding(visit: Visit, question: Question, rows: list[dict[str, Any]], totals: dict[str, Any]) -> str:
    """The row whose part in the cost and in the profit differ most, in words; empty where none stands out."""
    cost, profit = totals["cost"], totals["profit"]
    if not cost or profit is None or profit <= 0:
        return ""
    gaps = [
        ((row["cost"] or Decimal(0)) / cost - (row["profit"] or Decimal(0)) / profit, row)
        for row in rows
        if row["cost"]
    ]
    gap, row = max(gaps, key=lambda pair: pair[0], default=(Decimal(0), {}))
    if gap < _MUCH:
        return ""
    share = visit.shown.share(row["cost"] / cost, places=0)
    earned = row["profit"] or Decimal(0)
    said = (
        Text("{name}: {share} of the cost, a loss of {money}", "{name}: {share} расхода и убыток {money}")
        if earned < 0
        else Text("{name}: {share} of the cost, {part} of the profit", "{name}: {share} расхода и {part} прибыли")
    )
    return visit.text(
        said.format(
            name=_label(visit, row, question),
            share=share,
            part=visit.shown.share(earned / profit, places=0),
            money=visit.shown.money(-earned, short=True),
        )
    )


def sparks(visit: Visit, question: Question, keys: list[tuple[Any, ...]]) -> tuple[str, list[str]]:
    """A title, and for each row the points of a small line: leads (or revenue, where no leads are known) over the period,
    read for all rows in one question. Empty lines where the period is too short to have a course."""
    days = (question.until - question.since).days + 1 if question.since and question.until else 400
    if days < 3:
        return "", []
    grain: Any = "day" if days <= 21 else "week" if days <= 400 else "month"
    asked = msgspec.structs.replace(
        question, metrics=("leads", "revenue"), grain=grain, compare="", sort="", limit=0, options=()
    )
    answer = visit.ask(asked)
    name = "leads" if answer.totals["leads"] else "revenue"
    moments = sorted({row[grain] for row in answer.rows if row[grain] is not None})
    found: dict[tuple[Any, ...], dict[Any, float]] = {}
    for row in answer.rows:
        found.setdefault(tuple(row[part] for part in question.by), {})[row[grain]] = float(row[name] or 0)
    title = {
        "day": Text("{metric} by day", "{metric} по дням"),
        "week": Text("{metric} by week", "{metric} по неделям"),
        "month": Text("{metric} by month", "{metric} по месяцам"),
    }[grain].format(metric=visit.metrics[name].title)
    if len(moments) < 3:
        return "", []
    return visit.text(title), [_line([found.get(key, {}).get(moment, 0.0) for moment in moments]) for key in keys]


def _line(values: list[float]) -> str:
    """The points of an SVG polyline, from 0 to the row's own highest value; empty for a row of nothing."""
    top = max(values)
    if top <= 0:
        return ""
    step = _SPARK_WIDTH / (len(values) - 1)
    return " ".join(
        f"{place * step:.1f},{1 + (_SPARK_HEIGHT - 2) * (1 - max(value, 0) / top):.1f}"
        for place, value in enumerate(values)
    )
