"""Paths: what people do next, by which channels they come to an order, how long it takes, and who comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.web.act_fields import act_field, fields_sent, found_acts, picked
from longfunnel.web.page import EVERYONE, READERS, Nav, Page, Route
from longfunnel.web.pages._paths import people
from longfunnel.web.pages._paths.period_heat import cohort_heat, retention_heat, usual_grain
from longfunnel.web.pages._paths.pictures import (
    chain_url,
    chains_in_words,
    chains_picture,
    flow_picture,
    in_words,
    lags_picture,
    waits_picture,
    without_repeats,
)
from longfunnel.web.pages._paths.tabs import tabs
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import as_it_is, ordered, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_POINT = "page"
_CHAINS = 50
"""Chains that the table shows; the files have all."""
_ALL_CHAINS = 100_000
_FIELDS = {"/paths": ("point", "show"), "/paths/retention": ("activity",)}
"""By page: the fields in which acts are picked."""
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
    point, shown = visit.parameter("_point").strip() or _POINT, visit.parameter("_show").strip()
    options = _flow_options(visit)
    depth, is_before = dict(options)["depth"], "before" in dict(options)
    links = visit.ask(options=(*options, ("view", "links")), sort="", limit=0, by=(), metrics=(), grain="")
    whole = visit.ask(options=(*options, ("view", "paths")), sort="", limit=20, by=(), metrics=(), grain="")
    found = found_acts(visit)
    links_shown, whole_shown = ordered(visit, links, "_sort_links"), ordered(visit, whole, "_sort")
    return visit.show(
        "pages/paths.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        saved=saved_menu(visit, visit.address.path.removeprefix("/")),
        chart=flow_picture(visit, links, point, is_before=is_before),
        chart_table=in_words(visit, links_shown, table_of(visit, links_shown, order="_sort_links"), ("from", "to")),
        table=in_words(visit, whole_shown, table_of(visit, whole_shown, order="_sort"), ("path",)),
        answer=whole,
        point=act_field(visit, "point", point, found, verb="set"),
        shown=act_field(visit, "show", shown, found),
        form={"depth": depth, "is_before": is_before, "depths": _DEPTHS},
        kept=_kept(visit, "_way", "_depth"),
    )


def _flow_options(visit: Visit) -> tuple[tuple[str, str], ...]:
    way = "before" if visit.parameter("_way") == "before" else "after"
    depth = visit.parameter("_depth") if visit.parameter("_depth") in _DEPTHS else "4"
    shown = visit.parameter("_show").strip()
    point = visit.parameter("_point").strip() or _POINT
    return ((way, point), ("depth", depth), *((("show", shown),) if shown else ()))


def _retention_options(visit: Visit) -> tuple[tuple[str, str], ...]:
    activity = visit.parameter("_activity").strip()
    start, kind = _chosen(visit, "_start", _STARTS, "visit"), _chosen(visit, "_kind", _KINDS, "classic")
    return (("start", start), ("kind", kind), *((("activity", activity),) if activity else ()))


def _lag_start(visit: Visit) -> str:
    return visit.parameter("_start") if visit.parameter("_start") in ("lead", "touch") else "lead"


def edit(visit: Visit) -> Response[Any]:
    """What a form with fields of acts asks, as an address of its page."""
    path = visit.address.path.removesuffix("/edit")
    names = _FIELDS[path]
    given = {f"_{name}": picked(visit.address, name) for name in names}
    bare = visit.address.to(path).with_(**dict.fromkeys((*fields_sent(names), "_do")))
    return visit.go(str(bare.with_(**{name: text or None for name, text in given.items()})))


def _kept(visit: Visit, *own: str) -> list[tuple[str, str]]:
    """What a form of the page keeps of its address, besides its own fields."""
    mine = (*own, "_do", *fields_sent(_FIELDS[visit.address.path]))
    return [pair for pair in visit.address.pairs if pair[0] not in mine]


def chains(visit: Visit) -> Response[Any]:
    """The chains of channels before an order."""
    every = visit.ask(options=(("view", "chains"),), limit=_ALL_CHAINS)
    found = ordered(visit, every, "_sort")
    answer = replace(
        found,
        table=found.table.slice(0, _CHAINS),
        cases={name: counts[:_CHAINS] for name, counts in found.cases.items()},
    )
    table = table_of(
        visit, answer, order="_sort",
        cell_url=lambda row, column: chain_url(visit, row["chain"]) if column.name == "orders" else "",
    )  # fmt: skip
    table = chains_in_words(visit, answer, table)
    return visit.show(
        "pages/chains.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        saved=saved_menu(visit, visit.address.path.removeprefix("/")),
        chart=chains_picture(visit, every),
        table=table,
        same=as_it_is(table),
        many=every.table.num_rows,
        answer=answer,
    )  # fmt: skip


def lags(visit: Visit) -> Response[Any]:
    """How long it takes to an order, and how many visits and touches."""
    start = _lag_start(visit)
    found = visit.ask(options=(("start", start),))
    answer = ordered(visit, found, "_sort")
    words = {name: _STARTS[name] for name in ("lead", "touch")}
    few = {mark.row: mark.cases for mark in answer.few if mark.column == "median_days" and mark.row is not None}
    table = without_repeats(table_of(visit, answer, order="_sort"), few)
    return visit.show(
        "pages/lags.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        saved=saved_menu(visit, visit.address.path.removeprefix("/")),
        waits=waits_picture(visit, found),
        chart=lags_picture(visit, found),
        table=table,
        same=as_it_is(table),
        thin=len(few),
        least=answer.min_cases,
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
        saved=saved_menu(visit, visit.address.path.removeprefix("/")),
        chart=cohort_heat(visit, by_age, measure, grain),
        chart_table=table_of(visit, by_age, order="_sort_ages"),
        table=table_of(visit, to_date, order="_sort", heat=("ltv", "revenue", "profit")),
        answer=to_date,
        starts=_choices(visit, "_start", _STARTS, start),
        grains=_choices(visit, "_grain", _GRAINS, grain),
        measures=_choices(visit, "_measure", _MEASURES, measure),
    )


def retention(visit: Visit) -> Response[Any]:
    """Which share comes back, period by period."""
    options, grain = _retention_options(visit), _grain(visit)
    start, kind, activity = (dict(options).get(name, "") for name in ("start", "kind", "activity"))
    answer = visit.ask(options=options, grain=grain)
    return visit.show(
        "pages/retention.html",
        strip=strip_of(visit),
        tabs=tabs(visit),
        saved=saved_menu(visit, visit.address.path.removeprefix("/")),
        chart=retention_heat(visit, answer, grain),
        table=table_of(visit, answer, order="_sort"),
        answer=answer,
        starts=_choices(visit, "_start", _STARTS, start),
        grains=_choices(visit, "_grain", _GRAINS, grain),
        kinds=_choices(visit, "_kind", _KINDS, kind),
        activity=act_field(visit, "activity", activity, found_acts(visit)),
        kept=_kept(visit),
    )


def _behind_flow(visit: Visit) -> Response[Any]:
    return people.flow_people(visit, _flow_options(visit))


def _others(visit: Visit) -> Response[Any]:
    return people.flow_others(visit, _flow_options(visit))


def _behind_lags(visit: Visit) -> Response[Any]:
    return people.lag_people(visit, _lag_start(visit))


def _behind_cohort(visit: Visit) -> Response[Any]:
    options = (("start", _chosen(visit, "_start", _STARTS, "touch")),)
    return people.cohort_people(visit, options, _grain(visit))


def _behind_retention(visit: Visit) -> Response[Any]:
    return people.retention_people(visit, _retention_options(visit), _grain(visit))


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
        Route("/paths", flow, access=READERS, report="paths", can_share=True),
        Route("/paths/edit", edit, access=READERS),
        Route("/paths/retention/edit", edit, access=READERS),
        Route("/paths/people", _behind_flow, access=READERS, report="paths"),
        Route("/paths/others", _others, access=READERS, report="paths"),
        Route("/paths/chains/people", people.chain_people, access=EVERYONE, report="paths"),
        Route("/paths/lags/people", _behind_lags, access=EVERYONE, report="lags"),
        Route("/paths/cohorts/people", _behind_cohort, access=READERS, report="cohorts"),
        Route("/paths/retention/people", _behind_retention, access=READERS, report="retention"),
        Route("/paths/chains", chains, access=EVERYONE, report="paths", can_share=True),
        Route("/paths/lags", lags, access=EVERYONE, report="lags", can_share=True),
        Route("/paths/cohorts", cohorts, access=READERS, report="cohorts", can_share=True),
        Route("/paths/retention", retention, access=READERS, report="retention", can_share=True),
    ),
)
