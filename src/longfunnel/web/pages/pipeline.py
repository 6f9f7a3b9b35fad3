"""Pipeline: the CRM's own stages: who goes on, who stands, who is lost and why, by manager, product, region, first or repeat."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.reports import Filter, Question, reports
from longfunnel.web.cards import card_of
from longfunnel.web.page import EVERYONE, READERS, Nav, Page, Route
from longfunnel.web.pages._funnels.tabs import funnel_tabs
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import explain_url, exports_of, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.reports import Answer, Column
    from longfunnel.web.visit import Visit

_CARDS = ("deals", "won", "win_rate", "days_to_order")
_CUTS = ("manager", "product", "region", "first_or_repeat", "channel")
_NUMBERS = ("deals", "won", "lost", "win_rate", "revenue", "aov", "days_to_order")
_COLUMNS = ("entered", "conversion", "lost", "win_rate", "median_days", "open", "skipped", "returned")
_RARE = ("skipped", "returned")
"""Columns that are there only where they say something."""
_BAR, _HEATS, _REASONS, _PIPES = 144.0, 5, 10, 6


@dataclass(frozen=True)
class Stage:
    """One stage of a pipeline."""

    row: dict[str, Any]
    parts: list[tuple[str, float, float, int]]
    """What became of those who entered, as pieces of a bar: kind (forward, open, lost), x, width, count."""
    entered_url: str
    open_url: str
    is_worst: bool
    """Whether it loses most deals of all: the stage that the title names."""


@dataclass(frozen=True)
class Pipe:
    """One pipeline: its stages, and how many ended in its closing ones."""

    name: str
    stages: list[Stage]
    ends: list[tuple[str, int]]


@dataclass(frozen=True)
class Heat:
    """The conversion of each stage, by the values of a cut, in one pipeline."""

    pipeline: str
    stages: list[str]
    rows: list[tuple[str, list[tuple[float | None, int, int]]]]
    """Value, and for each stage: conversion, how many entered, strength of the tint."""


def show(visit: Visit) -> Response[Any]:
    """The page."""
    question = visit.question
    cut = question.by[0] if question.by else _CUTS[0]
    answer = visit.ask(by=(), options=question.options)
    worst = _worst(answer)
    numbers = visit.ask(
        _summary(question, metrics=_CARDS, compare="previous" if question.since and question.until else "")
    )
    return visit.show(
        "pages/pipeline.html",
        strip=strip_of(visit),
        answer=answer,
        cards=[card_of(visit, numbers, name) for name in _CARDS],
        pipes=_pipes(visit, answer, worst),
        columns=[name for name in _COLUMNS if name not in _RARE or any(row[name] for row in answer.rows)],
        width=_BAR,
        title=_finding(visit, worst),
        cost=_cost(visit, question, worst),
        table=table_of(visit, answer, can_sort=False),
        explain=explain_url(visit.address, answer, "conversion"),
        pipelines=_pipelines(visit, question),
        deals=_first_or_repeat(visit, question),
        cuts=_cuts(visit, cut),
        cut=_cut(visit, question, cut),
        reasons=_reasons(visit, question),
        saved=saved_menu(visit, "pipeline"),
        tabs=funnel_tabs(visit),
    )


def _summary(question: Question, **more: Any) -> Question:
    """Other numbers of the same days, filters and rules."""
    return Question(
        "summary", question.since, question.until, filters=question.filters, model=question.model,
        window_days=question.window_days, basis=question.basis or reports()["pipeline"].basis, as_of=question.as_of, **more,
    )  # fmt: skip


def _is_closing(row: dict[str, Any]) -> bool:
    """Whether deals end in the stage: nobody leaves it."""
    return row["conversion"] is None


def _worst(answer: Answer) -> dict[str, Any] | None:
    """The row of the stage that loses most deals; None where none is lost."""
    rows = [row for row in answer.rows if row["lost"] and not _is_closing(row)]
    return max(rows, key=lambda row: row["lost"], default=None)


def _pipes(visit: Visit, answer: Answer, worst: dict[str, Any] | None) -> list[Pipe]:
    """The pipelines, the one with the most deals first."""
    names = list(dict.fromkeys(row["pipeline"] for row in answer.rows))
    of = {name: [row for row in answer.rows if row["pipeline"] == name] for name in names}
    names.sort(key=lambda name: -max(row["entered"] for row in of[name]))
    unnamed = visit.text(Text("Without a pipeline", "Без воронки"))
    return [
        Pipe(
            name or unnamed,
            _stages(visit, [row for row in of[name] if not _is_closing(row)], worst),
            [(row["stage"] or "—", row["entered"]) for row in of[name] if _is_closing(row)],
        )
        for name in names
    ]


def _stages(visit: Visit, rows: list[dict[str, Any]], worst: dict[str, Any] | None) -> list[Stage]:
    top = max((row["entered"] for row in rows), default=0) or 1
    found = []
    for row in rows:
        parts, x = [], 0.0
        for kind in ("forward", "open", "lost"):
            width = round(_BAR * row[kind] / top, 1)
            if row[kind]:
                parts.append((kind, round(x, 1), width, row[kind]))
            x += width
        found.append(Stage(row, parts, _entered_url(visit, row), _open_url(visit, row), _is_same(row, worst)))
    return found


def _is_same(row: dict[str, Any], other: dict[str, Any] | None) -> bool:
    return other is not None and (row["pipeline"], row["stage"]) == (other["pipeline"], other["stage"])


def _entered_url(visit: Visit, row: dict[str, Any]) -> str:
    """The funnel from this stage to a won deal: there are the people of both."""
    if visit.user is None or visit.user.role not in READERS or not row["stage"]:
        return ""
    name = f"{row['pipeline']}/{row['stage']}" if row["pipeline"] else row["stage"]
    quoted = '"' + name.replace('"', '""') + '"'
    return str(visit.address.of_question().to("/funnels").with_(basis=None, option=f"steps=stage:{quoted}, deal.won"))


def _open_url(visit: Visit, row: dict[str, Any]) -> str:
    return rows_url(visit, "deals", of_row(row, [name for name in ("pipeline", "stage") if row[name] is not None]))


def _finding(visit: Visit, worst: dict[str, Any] | None) -> str:
    """The stage that loses most deals, in words."""
    if worst is None:
        return visit.text(Text("Stages", "Этапы"))
    said = Text(
        "“{stage}” loses most: {lost} of {entered} deals", "Больше всего сделок теряет «{stage}»: {lost} из {entered}"
    )
    shown = visit.shown
    return visit.text(
        said.format(stage=worst["stage"] or "—", lost=shown.count(worst["lost"]), entered=shown.count(worst["entered"]))
    )


def _cost(visit: Visit, question: Question, worst: dict[str, Any] | None) -> str:
    """What the deals lost from the worst stage would have brought, had as many of them been won as of all that came there."""
    if worst is None or not worst["win_rate"]:
        return ""
    name = ("pipeline",) if worst["pipeline"] is not None else ()
    own = tuple(item for item in question.filters if item.dimension != "pipeline")
    asked = _summary(question, metrics=("aov",))
    aov = visit.ask(msgspec.structs.replace(asked, filters=(*own, *of_row(worst, name)))).totals["aov"]
    if aov is None:
        return ""
    sum_ = (Decimal(worst["lost"]) * Decimal(str(worst["win_rate"])) * aov).quantize(Decimal(1))
    said = Text(
        "About {sum} of revenue: lost deals × the win rate of the stage × the average order",
        "Это около {sum} выручки: проигранные × доля побед этапа × средний чек",
    )
    return visit.text(said.format(sum=visit.shown.money(sum_, short=True)))


def _switch(visit: Visit, question: Question, name: str, values: list[tuple[str, str]], whole: Text) -> list[Choice]:
    """A choice of one value of a dimension, kept as a filter; the first choice takes it away."""
    written = zip(question.filters, visit.address.all("filter"), strict=False)
    mine = [(item, text) for item, text in written if item.dimension == name]
    bare = visit.address
    for _, text in mine:
        bare = bare.without_filter(text)
    chosen = mine[0][0].values[0] if mine and mine[0][0].op == "is" and len(mine[0][0].values) == 1 else ""
    return [
        Choice(visit.text(whole), str(bare), not mine),
        *(
            Choice(label, str(bare.with_filter(Filter(name, "is", (value,)))), chosen == value)
            for value, label in values
        ),
    ]


def _pipelines(visit: Visit, question: Question) -> list[Choice]:
    """The pipelines to choose from, where there are several; the two switches of the page do not hide each other's choices."""
    others = tuple(item for item in question.filters if item.dimension not in ("pipeline", "first_or_repeat"))
    asked = _summary(question, by=("pipeline",), metrics=("deals",), sort="-deals", limit=_PIPES)
    every = visit.ask(msgspec.structs.replace(asked, filters=others))
    names = [row["pipeline"] for row in every.rows if row["pipeline"] and row["deals"]]
    if len(names) < 2:
        return []
    return _switch(visit, question, "pipeline", [(name, name) for name in names], Text("All pipelines", "Все воронки"))


def _first_or_repeat(visit: Visit, question: Question) -> list[Choice]:
    values = [
        ("first", visit.text(Text("First deals", "Первые"))),
        ("repeat", visit.text(Text("Repeat deals", "Повторные"))),
    ]
    return _switch(visit, question, "first_or_repeat", values, Text("All deals", "Все сделки"))


def _cuts(visit: Visit, cut: str) -> list[Choice]:
    return [
        Choice(visit.text(dimensions()[name].title), str(visit.address.with_(by=name)), name == cut) for name in _CUTS
    ]


def _cut(visit: Visit, question: Question, name: str) -> dict[str, Any]:
    """The deals by the values of a cut: their numbers, and how each stage converts."""
    compare = "previous" if question.since and question.until else ""
    numbers = visit.ask(_summary(question, by=(name,), metrics=_NUMBERS, compare=compare, sort="-deals"))
    stages = visit.ask(by=(name,))
    hot = ("deals", "revenue")
    table = table_of(visit, numbers, row_url=_narrow(visit), cell_url=_behind(visit, name), heat=hot, can_sort=False)
    return {
        "title": visit.text(dimensions()[name].title),
        "table": table,
        "heats": _heats(visit, stages, name),
        "exports": exports_of(visit, stages),
    }  # fmt: skip


def _narrow(visit: Visit) -> Callable[[dict[str, Any]], str]:
    def url(row: dict[str, Any]) -> str:
        if visit.is_shared:
            return ""
        address = visit.address.with_(by=None)
        for item in of_row(row, [name for name in row if name in dimensions()]):
            address = address.with_filter(item)
        return str(address)

    return url


def _behind(visit: Visit, cut: str) -> Callable[[dict[str, Any], Column], str]:
    def url(row: dict[str, Any], column: Column) -> str:
        return rows_url(visit, column.name, of_row(row, (cut,)))

    return url


def _heats(visit: Visit, answer: Answer, name: str) -> list[Heat]:
    """A table per pipeline: values down, stages across, tinted by conversion."""
    found = []
    rows = [row for row in answer.rows if not _is_closing(row)]
    for pipeline in dict.fromkeys(row["pipeline"] for row in rows):
        mine = [row for row in rows if row["pipeline"] == pipeline]
        most = max(mine, key=lambda row: sum(1 for other in mine if other[name] == row[name]))
        order = [row["stage"] for row in mine if row[name] == most[name]]
        order += [stage for stage in dict.fromkeys(row["stage"] for row in mine) if stage not in order]
        values = sorted(
            {row[name] for row in mine}, key=lambda value: -max(r["entered"] for r in mine if r[name] == value)
        )
        cells = {(row[name], row["stage"]): row for row in mine}
        lines = []
        for value in values:
            line: list[tuple[float | None, int, int]] = []
            for stage in order:
                row = cells.get((value, stage))
                share = row["conversion"] if row else None
                line.append(
                    (share, row["entered"] if row else 0, 0 if share is None else max(1, round(_HEATS * share)))
                )
            lines.append((visit.member(name, value), line))
        found.append(Heat(pipeline or "", [stage or "—" for stage in order], lines))
    return sorted(found, key=lambda heat: -sum(entered for _, line in heat.rows for _, entered, _ in line))


def _reasons(visit: Visit, question: Question) -> dict[str, Any] | None:
    """Why deals were lost, as bars; None where none was."""
    answer = visit.ask(_summary(question, by=("reason_lost",), metrics=("lost",), sort="-lost"))
    rows = [row for row in answer.rows if row["lost"]][:_REASONS]
    total = answer.totals["lost"]
    if not rows or not total:
        return None
    unnamed = visit.text(Text("No reason given", "Причина не указана"))
    shown = visit.shown
    top = rows[0]
    said = Text("{reason}: {share} of the lost deals", "{reason}: {share} проигранных сделок")
    return {
        "title": visit.text(said.format(reason=top["reason_lost"] or unnamed, share=shown.share(top["lost"] / total, places=0))),
        "table": table_of(visit, answer, cell_url=_behind(visit, "reason_lost"), can_sort=False),
        "explain": explain_url(visit.address.with_(by=None), answer, "lost"),
        "data": {
            "type": "bars",
            "labels": [row["reason_lost"] or unnamed for row in rows],
            "values": [row["lost"] for row in rows],
            "shown": [f"{shown.count(row['lost'])} · {shown.share(row['lost'] / total, places=0)}" for row in rows],
            "urls": [rows_url(visit, "lost", of_row(row, ("reason_lost",))) for row in rows],
            "language": visit.language,
        },
    }  # fmt: skip


PAGE = Page(
    title=Text("Pipeline", "Воронка CRM"),
    lead=reports()["pipeline"].meaning,
    nav=Nav("list-details", 30, only=EVERYONE - READERS),
    routes=(Route("/funnels/pipeline", show, access=EVERYONE, report="pipeline", can_share=True),),
)
