"""Economics: what a channel, campaign, product, manager or cohort costs, earns and returns, and what the last spend brought."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.calendar import add_months
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.reports import Question, reports
from longfunnel.web.address import PERIOD, Address
from longfunnel.web.cards import card_of
from longfunnel.web.page import READERS, Nav, Page, Route
from longfunnel.web.pages._money.economics_pictures import (
    AHEAD,
    ahead_picture,
    last_tenth_picture,
    month_of,
    with_ahead,
)
from longfunnel.web.pages._money.parts import cuts, label_of, money_tabs
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.reports import Answer, Column
    from longfunnel.web.table import Table
    from longfunnel.web.visit import Visit

_CUTS = ("channel", "source", "campaign", "product", "manager")
_BELOW = {"channel": "campaign", "source": "campaign"}
_CARDS = ("cost", "margin", "romi", "cac")
_HOT = ("cost", "margin", "profit")
_DRAWN = ("last_tenth_low", "last_tenth_high")
_ASIDE = (
    *_DRAWN, "last_tenth", "last_tenth_romi", "cost_of_goods", "margin_share", "refunds", "refund_share", "drr", "ltv_to_cac",
    "rpl", "predicted_low", "predicted_high",
)  # fmt: skip
"""Columns that the pictures show, or only the exports."""
_TOUCHES = ("first", "last", "last_non_direct")
"""The models that lifetime value can be cut by: those that put a client in one place."""


def show(visit: Visit) -> Response[Any]:
    """The page."""
    question = visit.question
    grain = "month" if question.grain else ""
    by = () if grain else ((question.by[0] if question.by and question.by[0] in _CUTS else "channel"),)
    asked = msgspec.structs.replace(
        question, by=by, grain=grain, metrics=(), limit=0, sort="", compare="" if grain else question.compare
    )
    answer = visit.ask(asked)
    ahead = visit.ask(_ahead(question, by, grain))
    cut = [*by, *([grain] if grain else [])]
    joined = with_ahead(answer, ahead, cut)
    money = _behind(visit, question, by, grain)
    table = table_of(
        visit, joined, row_url=_down(visit, by), cell_url=money, heat=_HOT, leave_out=_ASIDE, order="_sort"
    )
    labels = [_label(visit, row, by, grain) for row in joined.rows]
    return visit.show(
        "pages/economics.html",
        strip=strip_of(visit),
        tabs=money_tabs(visit),
        saved=saved_menu(visit, "economics"),
        cards=[card_of(visit, answer, name) for name in _CARDS] if not grain else [],
        cuts=[
            *cuts(visit, _CUTS, by[0] if by else "", grain=None),
            Choice(
                visit.text(Text("Months of clients", "Месяцы клиентов")),
                str(visit.address.with_(by=None, grain="month", sort=None)),
                bool(grain),
            ),
        ],
        table=_explained(visit, table, ahead),
        ahead=ahead_picture(visit, joined, ahead, cut, labels, lambda row: money(row, answer.column("orders"))),
        ahead_table=_explained(
            visit, table_of(visit, joined, leave_out=_all_but(joined, cut), order="_sort_clients"), ahead
        ),
        touch=visit.text(PLAIN[ahead.question.option("touch")].title),
        refusals=[
            caveat for caveat in ahead.caveats if caveat.code in ("prediction_refused", "money_refused", "check_missed")
        ],
        last=last_tenth_picture(visit, joined, cut, labels, lambda row: money(row, answer.column("cost"))),
        last_table=table_of(visit, joined, leave_out=_all_but(joined, cut, last=True), order="_sort_last"),
        explain=explain_url(visit.address, answer, "profit"),
        answer=answer,
    )


def _ahead(question: Question, by: tuple[str, ...], grain: Any) -> Question:
    """What the clients of the same days are expected to bring, in the same cut."""
    touch = question.model if question.model in _TOUCHES else "first"
    return Question(
        "lifetime_value", question.since, question.until, filters=question.filters, by=by, grain=grain, as_of=question.as_of,
        window_days=question.window_days, basis=question.basis or reports()["economics"].basis, options=(("touch", touch),),
    )  # fmt: skip


def _explained(visit: Visit, table: Table, ahead: Answer) -> Table:
    """The table whose columns of what is to come are explained by the report that they are from."""
    heads = [
        replace(head, explain_url=explain_url(visit.address, ahead, head.name)) if head.name in AHEAD else head
        for head in table.heads
    ]
    return replace(table, heads=heads)


def _all_but(answer: Answer, cut: list[str], *, last: bool = False) -> tuple[str, ...]:
    """The columns that the table of a picture leaves out."""
    marginal = ("last_tenth", *_DRAWN, "last_tenth_romi", "cost")
    kept = {*cut, *(marginal if last else ("new_buyers", "cac", "ltv", "ltv_to_cac", "payback_month", *AHEAD))}
    return tuple(column.name for column in answer.columns if column.name not in kept)


def _label(visit: Visit, row: dict[str, Any], by: tuple[str, ...], grain: str) -> str:
    if grain:
        return month_of(visit, row[grain])
    return label_of(visit, row, by)


def _down(visit: Visit, by: tuple[str, ...]) -> Callable[[dict[str, Any]], str] | None:
    """From a channel to its campaigns."""
    if not by or visit.is_shared or by[0] not in _BELOW:
        return None

    def url(row: dict[str, Any]) -> str:
        address = visit.address.with_(by=_BELOW[by[0]], sort=None)
        for item in of_row(row, by):
            address = address.with_filter(item)
        return str(address)

    return url


def _behind(
    visit: Visit, question: Question, by: tuple[str, ...], grain: str
) -> Callable[[dict[str, Any], Column], str]:
    """The rows that a number counts; a sale that is shared between touches has none of its own."""
    is_whole = PLAIN[question.model].is_whole if question.model in PLAIN else True

    def url(row: dict[str, Any], column: Column) -> str:
        if not (is_whole or column.name == "cost"):
            return ""
        found = rows_url(visit, column.name, of_row(row, by))
        if not found or not grain:
            return found
        if row[grain] is None:
            return ""
        path, _, query = found.partition("?")
        since = max(filter(None, (row[grain], question.since)))
        until = min(filter(None, (add_months(row[grain], 1) - timedelta(days=1), question.until)))
        address = Address.of(path, query).with_(**{PERIOD: None}, since=since.isoformat(), until=until.isoformat())
        return str(address)

    return url


PAGE = Page(
    title=Text("Economics", "Экономика"),
    lead=reports()["economics"].meaning,
    nav=Nav("report-money", 25, title=Text("Money", "Деньги")),
    routes=(Route("/economics", show, access=READERS, report="economics", can_share=True),),
)
