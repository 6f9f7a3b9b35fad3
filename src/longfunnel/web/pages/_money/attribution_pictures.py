"""The pictures of attribution: credits with their intervals, models side by side, what would be lost without a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.web.pages._money.parts import label_of
from longfunnel.web.pages._money.pictures import ROWS, Line, number, ranges, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.reports import Answer, Column
    from longfunnel.web.visit import Visit

_COLOURS = 8


def credits_picture(
    visit: Visit, answer: Answer, by: str, url: Callable[[dict[str, Any], Column], str]
) -> dict[str, Any] | None:
    """The credit of each row by the chosen model with its interval, against what it cost; None without rows."""
    rows = [row for row in answer.rows if row["credit"] or row["cost"]][:ROWS]
    if not rows:
        return None
    credit = answer.column("credit")
    lines = [Line("credit", visit.text(credit.title), 1, low="credit_low", high="credit_high")]
    if credit.format == "money" and any(row["cost"] for row in rows):
        lines.append(Line("cost", visit.text(answer.column("cost").title), 9, kind="tick"))
    labels = [label_of(visit, row, (by,)) for row in rows]
    urls = [[url(row, answer.column(line.column)) for row in rows] for line in lines]
    return {
        "title": _most(visit, answer, by),
        "data": ranges(visit, answer, rows, labels, lines, urls=urls),
    }


def _most(visit: Visit, answer: Answer, by: str) -> str:
    """Who earns most, in words."""
    known = [row for row in answer.rows if row[by] is not None and row["credit"] > 0]
    credit = answer.column("credit")
    if not known:
        return visit.text(credit.title)
    best = max(known, key=lambda row: row["credit"])
    said = Text("{name} brings most: {value}, {share} of the total", "Больше всех даёт {name}: {value}, {share} итога")
    return visit.text(
        said.format(
            name=visit.member(by, best[by]),
            value=short(visit, best["credit"], credit.format),
            share=visit.shown.share(best["credit_share"], places=0),
        )
    )


def models_picture(
    visit: Visit, side: Answer, by: str, chosen: str, url: Callable[[dict[str, Any], Column], str]
) -> dict[str, Any] | None:
    """The models side by side: a point for each, a line between the least and the largest; None without rows."""
    columns = [column for column in side.columns if column.name not in (by, "cost")]
    rows = [row for row in side.rows if any(row[column.name] for column in columns)][:ROWS]
    if not rows:
        return None
    lines = [
        Line(column.name, visit.text(column.title), 1 if column.name == chosen else place % _COLOURS + 1)
        for place, column in enumerate(columns)
    ]
    if columns[0].format == "money" and any(row["cost"] for row in rows):
        lines.append(Line("cost", visit.text(side.column("cost").title), 9, kind="tick"))
    labels = [label_of(visit, row, (by,)) for row in rows]
    return {
        "title": _widest(visit, rows, [column.name for column in columns], by, columns[0].format),
        "data": ranges(
            visit,
            side,
            rows,
            labels,
            lines,
            joined=True,
            urls=[[url(row, side.column(line.column)) for row in rows] for line in lines],
        ),
    }


def _widest(visit: Visit, rows: list[dict[str, Any]], models: list[str], by: str, form: str) -> str:
    """The row of which the models say the most different things, in words."""

    def gap(row: dict[str, Any]) -> Any:
        return max(row[name] for name in models) - min(row[name] for name in models)

    known = [row for row in rows if row[by] is not None and gap(row)]
    if not known or len(models) < 2:
        return visit.text(Text("The models agree", "Модели сходятся"))
    widest = max(known, key=gap)
    said = Text(
        "{name}: from {low} to {high}, depending on the model", "{name}: от {low} до {high} в зависимости от модели"
    )
    ends = [short(visit, pick(widest[name] for name in models), form) for pick in (min, max)]
    return visit.text(said.format(name=visit.member(by, widest[by]), low=ends[0], high=ends[1]))


def removal_picture(
    visit: Visit, answer: Answer, by: str, url: Callable[[dict[str, Any], Column], str]
) -> dict[str, Any] | None:
    """What share would be lost without each row, by the Markov chain; None where the chain was not asked for or lost nothing."""
    rows = sorted((row for row in answer.rows if row.get("removal")), key=lambda row: -row["removal"])[:ROWS]
    if not rows:
        return None
    said = Text("Without {name}, {share} would be lost", "Без «{name}» потерялось бы {share}")
    return {
        "title": visit.text(
            said.format(name=visit.member(by, rows[0][by]), share=visit.shown.share(rows[0]["removal"]))
        ),
        "data": {
            "type": "bars",
            "labels": [label_of(visit, row, (by,)) for row in rows],
            "values": [100 * (number(row["removal"]) or 0.0) for row in rows],
            "shown": [visit.shown.share(row["removal"]) for row in rows],
            "urls": [url(row, answer.column("removal")) for row in rows],
            "language": visit.language,
            "height": 30 * len(rows) + 40,
        },
    }
