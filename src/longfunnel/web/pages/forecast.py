"""Forecast: the weeks ahead, what becomes of the open deals, and what the forecasts of the past were worth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.reports import reports
from longfunnel.web.page import READERS, Nav, Page, Route
from longfunnel.web.pages._money import budget_advice, what_if
from longfunnel.web.pages._money.forecast_pictures import check_picture, deals_picture, fan
from longfunnel.web.pages._money.forecast_tabs import WEEKS, forecast_tabs
from longfunnel.web.pages._money.parts import (
    DROPPED,
    choices,
    figure,
    interval,
    money_tabs,
    picked,
    settled,
    strip_without,
)
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import Choice
from longfunnel.web.table import as_it_is, explain_url, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.reports import Answer, Column
    from longfunnel.web.visit import Visit

_PAST = 12
"""Weeks that have passed, before those ahead."""
_CUTS = ("manager", "product", "region")
_TRIED = ("tried", "tried_poor", "untried")


def show(visit: Visit) -> Response[Any]:
    """Orders and revenue by week, after the weeks that were."""
    if first := settled(visit, filters="none"):
        return first
    weeks = picked(visit, "_weeks", WEEKS, "8")
    plain = msgspec.structs.replace(visit.question, by=(), filters=())
    answer = visit.ask(msgspec.structs.replace(plain, options=(("weeks", weeks),)))
    past = visit.ask(msgspec.structs.replace(plain, options=(("view", "past"), ("weeks", str(_PAST)))))
    table = table_of(visit, answer, order="_sort")
    return visit.show(
        "pages/forecast.html",
        **_frame(visit),
        horizons=choices(visit, "_weeks", WEEKS, weeks, "8"),
        figures=_figures(visit, answer) if answer.totals else [],
        tried=_of_code(answer, _TRIED),
        revenue=fan(visit, past, answer, "revenue"),
        orders=fan(visit, past, answer, "orders"),
        table=table,
        ahead=as_it_is(table),
        past=table_of(visit, past, order="_sort_past"),
        explain=explain_url(visit.address, answer, "expected_orders"),
        check_url=str(visit.address.of_question().to("/forecast/check")),
        answer=_without(answer, _TRIED),
    )


def deals(visit: Visit) -> Response[Any]:
    """The open deals by stage, or by who has them: how they may end, the ways competing with one another."""
    if first := settled(visit):
        return first
    weeks = picked(visit, "_weeks", WEEKS, "8")
    cut = visit.question.by[0] if visit.question.by and visit.question.by[0] in _CUTS else ""
    by = (cut,) if cut else ()
    options = (("view", "pipeline"), ("weeks", weeks))
    answer = visit.ask(msgspec.structs.replace(visit.question, by=by, options=options))
    ways = [
        Choice(visit.text(Text("Stage", "Этап")), str(visit.address.with_(by=None)), not cut),
        *(
            Choice(visit.text(dimensions()[name].title), str(visit.address.with_(by=name)), name == cut)
            for name in _CUTS
        ),
    ]
    return visit.show(
        "pages/open_deals.html",
        **_frame(visit, filters=True),
        horizons=choices(visit, "_weeks", WEEKS, weeks, "8"),
        cuts=ways,
        chart=deals_picture(visit, answer, cut, lambda row: _standing(visit, row, by or ("pipeline", "stage"))),
        table=table_of(visit, answer, cell_url=_deals_behind(visit, by), order="_sort"),
        explain=explain_url(visit.address, answer, "won_share"),
        answer=answer,
    )


def check(visit: Visit) -> Response[Any]:
    """The forecasts of the past beside what came."""
    if first := settled(visit, filters="none"):
        return first
    weeks = picked(visit, "_weeks", WEEKS, "8")
    options = (("view", "backtest"), ("weeks", weeks))
    answer = visit.ask(msgspec.structs.replace(visit.question, by=(), filters=(), options=options))
    table = table_of(visit, answer, order="_sort")
    return visit.show(
        "pages/forecast_check.html",
        **_frame(visit),
        horizons=choices(visit, "_weeks", WEEKS, weeks, "8"),
        tried=_of_code(answer, _TRIED),
        orders=check_picture(visit, answer, "orders", weeks),
        revenue=check_picture(visit, answer, "revenue", weeks),
        table=table,
        same=as_it_is(table),
        explain=explain_url(visit.address, answer, "weeks_within"),
        answer=_without(answer, _TRIED),
    )


def _frame(visit: Visit, *, filters: bool = False) -> dict[str, Any]:
    """What every tab shows around its own."""
    unused = ("model", "basis", *(() if filters else ("filters",)))
    return {
        "strip": strip_without(visit, *unused),
        "tabs": money_tabs(visit),
        "views": forecast_tabs(visit),
        "saved": saved_menu(visit, "forecast") if visit.address.path == "/forecast" else None,
        "dropped": visit.parameter(DROPPED),
    }


def _of_code(answer: Answer, codes: tuple[str, ...]) -> list[Any]:
    return [caveat for caveat in answer.caveats if caveat.code in codes]


def _without(answer: Answer, codes: tuple[str, ...]) -> Answer:
    return replace(answer, caveats=tuple(caveat for caveat in answer.caveats if caveat.code not in codes))


def _figures(visit: Visit, answer: Answer) -> list[Any]:
    totals = answer.totals

    def between(name: str, form: str) -> str:
        return interval(visit, totals[f"{name}_low"], totals[f"{name}_high"], form)

    def part(name: str) -> str:
        share = visit.shown.share(totals[name] / (totals["expected_orders"] or 1), places=0)
        return visit.text(Text("{share} of the orders", "{share} заказов").format(share=share))

    return [
        figure(visit, answer, "expected_revenue", note=between("revenue", "money")),
        figure(visit, answer, "expected_orders", note=between("orders", "ratio")),
        figure(visit, answer, "open_orders", note=part("open_orders")),
        figure(visit, answer, "new_orders", note=part("new_orders")),
    ]


def _deals_behind(visit: Visit, by: tuple[str, ...]) -> Callable[[dict[str, Any], Column], str]:
    """The deals that stand in the stage, whenever they came."""

    def url(row: dict[str, Any], column: Column) -> str:
        if column.name != "deals" or row["pipeline"] is None:
            return ""
        return _standing(visit, row, (*by, "pipeline", "stage"))

    return url


def _standing(visit: Visit, row: dict[str, Any], names: tuple[str, ...]) -> str:
    """The deals with the same values of these dimensions, whenever they came."""
    found = rows_url(visit, "deals", of_row(row, names))
    return f"{found}&_period=all" if found else ""


PAGE = Page(
    title=Text("Forecast", "Прогноз"),
    lead=reports()["forecast"].meaning,
    nav=Nav("trending-up", 28, of="economics"),
    routes=(
        Route("/forecast", show, access=READERS, report="forecast", can_share=True),
        Route("/forecast/deals", deals, access=READERS, report="forecast", can_share=True),
        Route("/forecast/check", check, access=READERS, report="forecast", can_share=True),
        Route("/forecast/what-if", what_if.show, access=READERS, report="what_if", can_share=True),
        Route("/forecast/budget", budget_advice.show, access=READERS, report="budget", can_share=True),
    ),
)
