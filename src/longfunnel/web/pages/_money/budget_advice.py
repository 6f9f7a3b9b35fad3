"""The budget: what each channel's spend brings, and how to share the money out, with what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.web.pages._money.forecast_tabs import forecast_tabs
from longfunnel.web.pages._money.parts import (
    cuts,
    figure,
    interval,
    label_of,
    money_tabs,
    picked,
    settled,
    strip_without,
)
from longfunnel.web.pages._money.pictures import short
from longfunnel.web.pages._money.what_if import part_of, signed
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_CUTS = ("channel", "campaign")
_MOVES = ("10", "20", "30", "50", "100")
_WARNINGS = ("no_advice", "not_sure", "budget_not_sure", "shared_evenly", "not_all_placed")
_TRIED = ("tried", "tried_poor", "untried")
_COLOURS = 8


def show(visit: Visit) -> Response[Any]:
    """The form, the advice, the curves."""
    if first := settled(visit):
        return first
    question = msgspec.structs.replace(
        visit.question, since=None, until=None, compare="", sort="", limit=0, metrics=(), grain=""
    )
    cut = question.by[0] if question.by and question.by[0] in _CUTS else "channel"
    budget = visit.parameter("_budget")
    move = picked(visit, "_move", _MOVES, "30")
    keep = visit.address.all("_keep")
    options = [("move", f"{move}%"), *([("keep", ", ".join(keep))] if keep else [])]
    part, mistake = part_of(visit, budget)
    if part:
        options.append(("budget", f"{part:+g}%"))
    asked = msgspec.structs.replace(question, by=(cut,), options=tuple(options))
    try:
        answer = visit.ask(asked)
    except QuestionError as error:
        mistake = error.to(visit.language)
        asked = msgspec.structs.replace(asked, options=(("move", f"{move}%"),))
        answer = visit.ask(asked)
    curves = visit.ask(msgspec.structs.replace(asked, options=(("view", "curves"),)))
    special = (*_WARNINGS, *_TRIED)
    return visit.show(
        "pages/budget.html",
        strip=strip_without(visit, "since", "compare", "basis"),
        tabs=money_tabs(visit),
        views=forecast_tabs(visit),
        cuts=cuts(visit, _CUTS, cut, _keep=None),
        budget=budget,
        move=move,
        moves=_MOVES,
        keep=[(row[cut], visit.member(cut, row[cut]), row[cut] in keep) for row in answer.rows if row["gain"] is not None or row[cut] in keep],
        kept=[pair for pair in visit.address.pairs if pair[0] not in ("_budget", "_move", "_keep")],
        mistake=mistake,
        figures=_figures(visit, answer) if answer.totals else [],
        warnings=[caveat for caveat in answer.caveats if caveat.code in _WARNINGS],
        tried=[caveat for caveat in answer.caveats if caveat.code in _TRIED],
        moves_said=_moves_said(visit, answer, cut),
        refusals=[(label_of(visit, row, (cut,)), row["note"]) for row in answer.rows if row["note"]],
        table=table_of(visit, answer, heat=("spend", "gain"), order="_sort"),
        curves=_curves(visit, answer, curves, cut),
        curves_table=table_of(visit, curves, order="_sort_curves"),
        explain=explain_url(visit.address.with_(since=None, until=None, _period="all"), answer, "advised"),
        answer=replace(answer, caveats=tuple(caveat for caveat in answer.caveats if caveat.code not in special)),
    )  # fmt: skip


def _figures(visit: Visit, answer: Answer) -> list[Any]:
    totals = answer.totals
    change = (
        signed(visit, totals["change"], "money") if totals["change"] else visit.text(Text("as it is", "как сейчас"))
    )
    return [
        figure(visit, answer, "spend"),
        figure(visit, answer, "leads"),
        figure(visit, answer, "advised", note=change),
        figure(visit, answer, "gain", note=interval(visit, totals["gain_low"], totals["gain_high"], "money")),
    ]


def _moves_said(visit: Visit, answer: Answer, cut: str) -> list[dict[str, Any]]:
    """What to change, the largest gain first."""
    rows = sorted((row for row in answer.rows if row["change"]), key=lambda row: -row["gain"])
    return [
        {
            "name": label_of(visit, row, (cut,)),
            "from": short(visit, row["spend"], "money"),
            "to": short(visit, row["advised"], "money"),
            "change": signed(visit, row["change"], "money"),
            "gain": signed(visit, row["gain"], "money"),
            "between": interval(visit, row["gain_low"], row["gain_high"], "money"),
        }
        for row in rows
    ]


def _curves(visit: Visit, answer: Answer, curves: Answer, cut: str) -> dict[str, Any] | None:
    """Every curve with its interval, where it stands now, and where the advice puts it; None without any."""
    rows = {row[cut]: row for row in answer.rows}
    names = list(dict.fromkeys(row[cut] for row in curves.rows))[:_COLOURS]
    if not names:
        return None
    everything = visit.address.with_(since=None, until=None, _period="all")
    advised, drawn = (
        "" if visit.is_shared else explain_url(everything, of, name)
        for of, name in ((answer, "advised"), (curves, "brings"))
    )
    series = []
    for place, name in enumerate(names):
        points = [row for row in curves.rows if row[cut] == name]
        spent = rows_url(visit, "cost", of_row(rows[name], (cut,)))
        marks = [_mark(visit, rows[name], points, "spend") | {"url": spent and f"{spent}&_period=all"}]
        if rows[name]["change"]:
            marks.append(_mark(visit, rows[name], points, "advised") | {"url": advised})
        series.append(
            {
                "name": visit.member(cut, name),
                "kind": "line",
                "colour": place + 1,
                "url": drawn,
                "points": [_point(visit, visit.member(cut, name), row) for row in points],
                "marks": marks,
            }
        )
    return {
        "title": _steepest(visit, rows, names, cut),
        "data": {
            "type": "curves",
            "series": series,
            "across": visit.text(Text("Spend a week", "Расход в неделю")),
            "up": visit.text(Text("Brings a week", "Приносит в неделю")),
            "even": visit.text(Text("pays for itself", "окупается")),
            "language": visit.language,
        },
    }


def _point(visit: Visit, name: str, row: dict[str, Any]) -> list[Any]:
    money = [short(visit, row[key], "money") for key in ("spend", "brings", "brings_low", "brings_high")]
    said = f"{name}\n{money[0]} → {money[1]} ({money[2]} … {money[3]})"
    return [*(float(row[key]) for key in ("spend", "brings", "brings_low", "brings_high")), said]


def _mark(visit: Visit, row: dict[str, Any], points: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """A place on the curve, between the points that it was drawn by."""
    spend, is_advised = float(row[name]), name == "advised"
    after = next((place for place, point in enumerate(points) if float(point["spend"]) >= spend), len(points) - 1)
    one, two = points[max(after - 1, 0)], points[after]
    width = float(two["spend"] - one["spend"])
    part = (spend - float(one["spend"])) / width if width else 0.0
    brings = float(one["brings"]) + part * float(two["brings"] - one["brings"])
    said = Text("advised: {spend}", "совет: {spend}") if is_advised else Text("now: {spend}", "сейчас: {spend}")
    text = visit.text(said.format(spend=short(visit, row[name], "money")))
    return {"at": [spend, brings], "shown": text, "hollow": is_advised}


def _steepest(visit: Visit, rows: dict[str, dict[str, Any]], names: list[str], cut: str) -> str:
    """Where the last unit of money brings most, in words."""
    best = max((rows[name] for name in names), key=lambda row: row["marginal"])
    name = next(name for name in names if rows[name] is best)
    unit = short(visit, Decimal(1), "money")
    said = Text("{name}: one more {unit} brings {value}", "{name}: ещё {unit} расхода приносит {value}")
    value = visit.shown.money(Decimal(f"{best['marginal']:.2f}"))
    return visit.text(said.format(name=visit.member(cut, name), unit=unit, value=value))
