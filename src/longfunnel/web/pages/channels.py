"""Channels: what each channel costs and earns, down to the keyword."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.reports import Filter, reports
from longfunnel.web.page import EVERYONE, Nav, Page, Route
from longfunnel.web.pages._channels.pictures import cost_and_profit, sparks
from longfunnel.web.pages._channels.rules import difference, side_by_side
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import exports_of, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.reports import Answer, Column, Question
    from longfunnel.web.address import Address
    from longfunnel.web.table import Table
    from longfunnel.web.visit import Visit

LADDER = ("channel", "source", "campaign", "ad_group", "term")
"""How the drill-down goes, from the channel to the keyword."""
_HOT = ("cost", "visits", "leads", "orders", "revenue", "profit")
_PAGE_ROWS = 100
_SHOWN_BY_DEFAULT = ("cost", "visits", "leads", "cpl", "orders", "cr1", "revenue", "profit", "romi")


def show(visit: Visit) -> Response[Any]:
    """The page; columns that were picked become part of the address first."""
    if visit.address.has("_column"):
        picked = tuple(name for name in visit.address.all("_column") if name)
        chosen = None if picked == _SHOWN_BY_DEFAULT else ", ".join(picked) or None
        return visit.go(str(visit.address.with_(_column=None, metrics=chosen, _bare=None if picked else "1")))
    question = _asked(visit)
    view = visit.parameter("_view")
    more: dict[str, Any]
    if view == "models":
        more = {
            "models": side_by_side(visit, question),
            "table": None,
            "chart": None,
            "difference": None,
            "more_url": "",
        }
    else:
        more = _table(visit, question) | {"models": None}
    return visit.show(
        "pages/channels.html",
        strip=strip_of(visit),
        by=question.by[0],
        ways=_ways(visit, question),
        others=_others(visit, question),
        crumbs=_crumbs(visit, question),
        columns=_columns(visit, question),
        kept=[pair for pair in visit.address.pairs if pair[0] not in ("metrics", "_column", "_bare", "sort")],
        searched=[pair for pair in visit.address.pairs if pair[0] not in ("_search", "limit")],
        search=visit.parameter("_search"),
        bare_url=str(visit.address.with_(_bare=None)) if visit.parameter("_bare") and view != "models" else "",
        views=[
            Choice(visit.text(Text("Table", "Таблица")), str(visit.address.with_(_view=None)), view != "models"),
            Choice(visit.text(Text("Models side by side", "Модели рядом")), str(visit.address.with_(_view="models")), view == "models"),
        ],
        saved=saved_menu(visit, "channels"),
        **more,
    )  # fmt: skip


def _asked(visit: Visit) -> Question:
    """The question with the page's own cut, columns and search filled in."""
    question = visit.question
    by = question.by or ("channel",)
    shown = question.metrics or _SHOWN_BY_DEFAULT
    filters = question.filters
    if text := visit.parameter("_search").strip():
        filters = (*filters, Filter(by[0], "contains", (text,)))
    sort = question.sort if question.sort.removeprefix("-") in (*by, *shown) else ""
    return msgspec.structs.replace(question, by=by, metrics=shown, filters=filters, grain="", sort=sort)


def _table(visit: Visit, question: Question) -> dict[str, Any]:
    """The table with its sparklines, the picture, and what the chosen rules change."""
    limit = max(question.limit or _PAGE_ROWS, 1)
    full = visit.ask(msgspec.structs.replace(question, limit=limit + 1))
    has_more = full.table.num_rows > limit
    answer = replace(
        full, table=full.table.slice(0, limit), cases={name: cases[:limit] for name, cases in full.cases.items()}
    )
    table = table_of(visit, answer, row_url=_down(visit, question), cell_url=_behind(visit, question), heat=_HOT)
    exported = replace(answer, question=msgspec.structs.replace(answer.question, limit=0))
    return {
        "table": _with_sparks(visit, question, replace(table, exports=exports_of(visit, exported)), answer),
        "chart": cost_and_profit(visit, question),
        "difference": difference(visit, question),
        "more_url": str(visit.address.with_(limit=str(limit + _PAGE_ROWS))) if has_more else "",
        "answer": answer,
    }


def _with_sparks(visit: Visit, question: Question, table: Table, answer: Answer) -> Table:
    title, lines = sparks(visit, question, [tuple(row[name] for name in question.by) for row in answer.rows])
    return replace(table, sparks=lines, spark_title=title)


def _down(visit: Visit, question: Question) -> Any:
    """Gives the address one level below a row: the row as filters, cut by the next dimension; at the end, its leads."""
    fixed = {item.dimension for item in question.filters} | set(question.by)
    start = LADDER.index(question.by[-1]) + 1 if question.by[-1] in LADDER else 0
    below = next((name for name in LADDER[start:] if name not in fixed), None)

    def url(row: dict[str, Any]) -> str:
        if visit.is_shared:
            return ""
        wanted = of_row(row, question.by)
        if below is None:
            return rows_url(visit, "leads", wanted)
        address = visit.address.with_(by=below, sort=None, limit=None, _search=None)
        for item in wanted:
            address = address.with_filter(item)
        return str(address)

    return url


def _behind(visit: Visit, question: Question) -> Any:
    def url(row: dict[str, Any], column: Column) -> str:
        return rows_url(visit, column.name, of_row(row, question.by))

    return url


def _ways(visit: Visit, question: Question) -> list[Choice]:
    """The steps of the ladder as ways to cut."""
    return [_way(visit, question, name) for name in LADDER]


def _others(visit: Visit, question: Question) -> list[Choice]:
    """All other ways to cut."""
    found = [_way(visit, question, name) for name in dimensions() if name not in LADDER]
    return sorted(found, key=lambda choice: choice.label)


def _way(visit: Visit, question: Question, name: str) -> Choice:
    address = visit.address.with_(by=name, sort=None, limit=None, _search=None)
    return Choice(visit.text(dimensions()[name].title), str(address), question.by == (name,))


def _crumbs(visit: Visit, question: Question) -> list[Choice]:
    """The way down so far: every level leads back to itself."""
    written = list(zip(visit.question.filters, visit.address.all("filter"), strict=False))
    levels = [
        (name, item, text)
        for name in LADDER
        for item, text in written
        if item.dimension == name and item.op in ("is", "unknown")
    ]
    if not levels:
        return []

    def without(texts: list[str], by: str) -> Address:
        address = visit.address.with_(by=by, sort=None, limit=None, _search=None)
        for text in texts:
            address = address.without_filter(text)
        return address

    everything = Text("All channels", "Все каналы")
    found = [Choice(visit.text(everything), str(without([text for *_, text in levels], "channel")), False)]
    for place, (name, item, _) in enumerate(levels):
        after = levels[place + 1][0] if place + 1 < len(levels) else question.by[0]
        url = str(without([text for *_, text in levels[place + 1 :]], after))
        label = ", ".join(visit.member(name, value) for value in item.values or (None,))
        found.append(Choice(f"{visit.text(dimensions()[name].title)}: {label}", url, place == len(levels) - 1))
    return found


def _columns(visit: Visit, question: Question) -> list[tuple[str, Text, Text, bool]]:
    """Every metric with its meaning, and whether it is shown: what is shown first, in its order."""
    known = visit.metrics
    shown = [name for name in question.metrics if name in known]
    rest = [name for name in known if name not in shown]
    return [(name, known[name].title, known[name].meaning, name in shown) for name in (*shown, *rest)]


PAGE = Page(
    title=Text("Channels", "Каналы"),
    lead=reports()["channels"].meaning,
    nav=Nav("chart-bar", 20),
    routes=(Route("/channels", show, access=EVERYONE, report="channels", can_share=True),),
)
