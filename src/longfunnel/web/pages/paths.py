"""Paths: what people do next, by which channels they come to an order, how long it takes, and who comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.web.page import EVERYONE, READERS, Nav, Page, Route
from longfunnel.web.pages._paths.period_heat import cohort_heat, retention_heat, usual_grain
from longfunnel.web.pages._paths.pictures import chains_picture, flow_picture, lags_picture
from longfunnel.web.pages._paths.tabs import tabs
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_POINT = "page:*"
_DEPTHS = ("3", "4", "5", "6")
_GRAINS = {
    "day": Text("days", "дням"),
    "week": Text("weeks", "неделям"),
    "month": Text("months", "месяцам"),
}
_STARTS = {
    "touch": Text("first touch", "первого касания"),
    "visit": Text("first visit", "первого визита"),
    "lead": Text("first lead", "первого лида"),
    "order": Text("first order", "первого заказа"),
}
_KINDS = {
    "classic": Text("in that period", "в этом периоде"),
    "rolling": Text("in every period up to it", "в каждом периоде до него"),
    "unbounded": Text("in it or later", "в нём или позже"),
}
_MEASURES = {
    "ltv": Text("revenue per person", "выручка на человека"),
    "revenue": Text("revenue", "выручка"),
    "orders": Text("orders", "заказы"),
    "profit": Text("profit", "прибыль"),
}


def flow(visit: Visit) -> Response[Any]:
    """What people do after a point, or what they did before it."""
    point = visit.parameter("_point").strip() or _POINT
    is_before = visit.parameter("_way") == "before"
    depth = visit.parameter("_depth") if visit.parameter("_depth") in _DEPTHS else "4"
    options = [("before" if is_before else "after", point), ("depth", depth)]
    if shown := visit.parameter("_show").strip():
        options.append(("show", shown))
    links = visit.ask(options=(*options, ("view", "links")), sort="", limit=0, by=(), metrics=(), grain="")
    whole = visit.ask(options=(*options, ("view", "paths")), sort="", limit=20, by=(), metrics=(), grain="")
    return visit.show(
        "pages/paths.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        chart=flow_picture(visit, links, point, is_before=is_before),
        chart_table=table_of(visit, links, can_sort=False),
        table=table_of(visit, whole, can_sort=False),
        answer=whole,
        form={"point": point, "shown": shown, "depth": depth, "is_before": is_before, "depths": _DEPTHS},
    )


def chains(visit: Visit) -> Response[Any]:
    """The chains of channels before an order."""
    answer = visit.ask(options=(("view", "chains"),), limit=visit.question.limit or 50)
    return visit.show(
        "pages/chains.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        chart=chains_picture(visit, answer),
        table=table_of(visit, answer),
        answer=answer,
    )


def lags(visit: Visit) -> Response[Any]:
    """How long it takes to an order, and how many visits and touches."""
    start = visit.parameter("_start") if visit.parameter("_start") in ("lead", "touch") else "lead"
    answer = visit.ask(options=(("start", start),))
    words = {name: _STARTS[name] for name in ("lead", "touch")}
    return visit.show(
        "pages/lags.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        chart=lags_picture(visit, answer),
        table=table_of(visit, answer),
        answer=answer,
        starts=_choices(visit, "_start", words, start),
    )


def cohorts(visit: Visit) -> Response[Any]:
    """What people who came in one period have brought so far, period by period."""
    start, grain = _chosen(visit, "_start", _STARTS, "touch"), _grain(visit)
    measure = _chosen(visit, "_measure", _MEASURES, "ltv")
    options = (("start", start),)
    to_date = visit.ask(options=options, grain=grain)
    by_age = visit.ask(options=(*options, ("ages", "yes")), grain=grain, by=())
    return visit.show(
        "pages/cohorts.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        chart=cohort_heat(visit, by_age, measure, grain),
        chart_table=table_of(visit, by_age, can_sort=False),
        table=table_of(visit, to_date, can_sort=False, heat=("ltv", "revenue", "profit")),
        answer=to_date,
        starts=_choices(visit, "_start", _STARTS, start),
        grains=_choices(visit, "_grain", _GRAINS, grain),
        measures=_choices(visit, "_measure", _MEASURES, measure),
    )


def retention(visit: Visit) -> Response[Any]:
    """Which share comes back, period by period."""
    start, grain = _chosen(visit, "_start", _STARTS, "visit"), _grain(visit)
    kind = _chosen(visit, "_kind", _KINDS, "classic")
    activity = visit.parameter("_activity").strip()
    options = [("start", start), ("kind", kind), *([("activity", activity)] if activity else [])]
    answer = visit.ask(options=tuple(options), grain=grain)
    return visit.show(
        "pages/retention.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        chart=retention_heat(visit, answer, grain),
        table=table_of(visit, answer, can_sort=False),
        answer=answer,
        starts=_choices(visit, "_start", _STARTS, start),
        grains=_choices(visit, "_grain", _GRAINS, grain),
        kinds=_choices(visit, "_kind", _KINDS, kind),
        activity=activity,
    )


def _chosen(visit: Visit, name: str, known: dict[str, Text], usual: str) -> str:
    wanted = visit.parameter(name)
    return wanted if wanted in known else usual


def _grain(visit: Visit) -> Any:
    return _chosen(visit, "_grain", _GRAINS, usual_grain(visit.question))


def _choices(visit: Visit, name: str, words: dict[str, Text], chosen: str) -> list[Choice]:
    return [
        Choice(visit.text(text), str(visit.address.with_(**{name: key})), key == chosen) for key, text in words.items()
    ]


PAGE = Page(
    title=Text("Paths", "Пути"),
    lead=Text(
        "What people do, in which order, and how long it takes.", "Что люди делают, в каком порядке и как долго."
    ),
    nav=Nav("chart-sankey", 40),
    routes=(
        Route("/paths", flow, access=READERS, report="paths"),
        Route("/paths/chains", chains, access=EVERYONE, report="paths"),
        Route("/paths/lags", lags, access=EVERYONE, report="lags"),
        Route("/paths/cohorts", cohorts, access=READERS, report="cohorts"),
        Route("/paths/retention", retention, access=READERS, report="retention"),
    ),
)
