"""Lifetime value and client types: what clients have brought and will bring, who they are, and the people behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.app.people.clients import client_people
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.reports import reports
from longfunnel.web.page import READERS, Nav, Page, Route
from longfunnel.web.pages._money.lifetime_pictures import (
    KIND_WORDS,
    TYPE_SAID,
    alive_picture,
    kinds_picture,
    ltv_picture,
)
from longfunnel.web.pages._money.parts import (
    all_time,
    choices,
    cuts,
    figure,
    interval,
    money_tabs,
    picked,
    settled,
    strip_without,
)
from longfunnel.web.pages._people.masked import sees_whole, shown_identifier
from longfunnel.web.rows_behind import of_row
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.reports import Answer, Column
    from longfunnel.web.visit import Visit

_CUTS = ("channel", "campaign", "product", "region")
_TOUCHES = ("first", "last", "last_non_direct")
_DAYS = {
    "90": Text("3 months", "3 месяца"),
    "180": Text("6 months", "6 месяцев"),
    "365": Text("a year", "год"),
    "730": Text("2 years", "2 года"),
}
_MODELS = {
    "bg_nbd": Text("after a purchase", "после покупки"),
    "pareto_nbd": Text("at any moment", "в любой момент"),
}
"""When clients leave for good: BG/NBD, Pareto/NBD."""
_REFUSED = ("prediction_refused", "money_refused", "check_missed")
_HOT = ("customers", "ltv", "predicted_ltv")
_PEOPLE = 200
_SAYING = ("phone", "email", "telegram", "user", "contact")
"""Kinds of identifiers that a reader may know somebody by."""


def show(visit: Visit) -> Response[Any]:
    """What clients have brought and are expected to bring."""
    if first := _first(visit):
        return first
    question = visit.question
    grain = "month" if question.grain else ""
    by = () if grain else ((question.by[0] if question.by and question.by[0] in _CUTS else "channel"),)
    days, model = picked(visit, "_days", _DAYS, "365"), picked(visit, "_model", _MODELS, "bg_nbd")
    options = (("days", days), ("purchases", model), ("touch", _touch(visit)))
    asked = msgspec.structs.replace(question, by=by, grain=grain, options=options, limit=0)
    answer = visit.ask(asked)
    is_predicted = bool(answer.totals) and answer.totals["expected_orders"] is not None
    touches = {name: PLAIN[name].title for name in _TOUCHES}
    return visit.show(
        "pages/lifetime.html",
        strip=strip_without(visit, "model"),
        tabs=money_tabs(visit),
        views=_views(visit),
        saved=saved_menu(visit, "lifetime"),
        figures=_figures(visit, answer) if answer.totals else [],
        horizons=choices(visit, "_days", _DAYS, days, "365") if is_predicted else [],
        models=choices(visit, "_model", _MODELS, model, "bg_nbd") if is_predicted else [],
        touches=choices(visit, "model", touches, _touch(visit), "first"),
        is_predicted=is_predicted,
        cuts=[
            *cuts(visit, _CUTS, by[0] if by else "", grain=None),
            Choice(visit.text(Text("Month of the first order", "Месяц первого заказа")), str(visit.address.with_(by=None, grain="month")), bool(grain)),
        ],
        refusals=[caveat for caveat in answer.caveats if caveat.code in _REFUSED],
        ltv=ltv_picture(visit, answer, by, grain, _group(visit, by)),
        alive=alive_picture(visit, answer, by, grain, _group(visit, by)),
        table=table_of(visit, answer, cell_url=_people_behind(visit, by), heat=_HOT, leave_out=_unknown(answer), order="_sort"),
        picture_table=table_of(visit, answer, leave_out=_not_money(answer), order="_sort_ltv"),
        alive_table=table_of(visit, answer, leave_out=_not_orders(answer), order="_sort_alive"),
        explain=explain_url(visit.address, answer, "ltv"),
        answer=answer,
    )  # fmt: skip


def clients(visit: Visit) -> Response[Any]:
    """Clients by type and by segment."""
    if first := _first(visit):
        return first
    touch = ("touch", _touch(visit))
    plain = msgspec.structs.replace(visit.question, by=(), grain="")
    found = []
    for kind in KIND_WORDS:
        answer = visit.ask(msgspec.structs.replace(plain, options=(("kind", kind), touch)))
        found.append(
            {
                "kind": kind,
                "title": visit.text(KIND_WORDS[kind]),
                "answer": answer,
                "picture": kinds_picture(visit, answer, kind, _of_kind(visit, kind)),
                "table": table_of(visit, answer, cell_url=_clients_behind(visit, kind), heat=("clients", "revenue"), order=f"_sort_{kind}"),
                "explain": explain_url(visit.address, answer, "clients"),
            }
        )  # fmt: skip
    return visit.show(
        "pages/clients.html",
        strip=strip_without(visit, "model"),
        tabs=money_tabs(visit),
        views=_views(visit),
        kinds=found,
        said=[(visit.text(title), visit.text(meaning)) for title, meaning in TYPE_SAID],
        answer=found[0]["answer"],
    )


def people(visit: Visit) -> Response[Any]:
    """The people of a type or segment, or of a row of lifetime value."""
    kind, which = picked(visit, "_kind", KIND_WORDS, "type"), visit.parameter("_which")
    title = visit.text(Text("Clients", "Клиенты"))
    options: tuple[tuple[str, str], ...] = (("kind", kind), ("touch", _touch(visit)))
    question = msgspec.structs.replace(visit.question, by=(), grain="", options=options)
    if which:
        rows = visit.ask(question).rows
        title = next((row["title"] for row in rows if row[kind] == which), "")
        if not title:
            raise visit.missing()
    found, count = client_people(visit.site.answering, question, which, limit=_PEOPLE)
    whole = sees_whole(visit)
    return visit.show(
        "pages/client_people.html",
        title=title,
        strip=strip_of(visit),
        people=[(one, _names(one.identifiers, whole=whole)) for one in found],
        count=visit.shown.plural(count, ("client", "clients"), ("клиент", "клиента", "клиентов")),
        has_more=count > _PEOPLE,
        most=_PEOPLE,
        is_potential=which == "potential",
        days=visit.shown.days_between(question.since, question.until) if question.since else "",
    )


def _first(visit: Visit) -> Response[Any] | None:
    """All days where the address names none: a life is longer than a quarter. A model that puts a client in no one place is dropped."""
    if address := all_time(visit.address):
        return visit.go(str(address))
    return settled(visit, models=_TOUCHES)


def _touch(visit: Visit) -> str:
    """Which touch says where a client came from: the first, unless the address names another."""
    model = visit.question.model
    return model if visit.address.has("model") and model in _TOUCHES else "first"


def _views(visit: Visit) -> list[Choice]:
    words = {"/lifetime": Text("Value", "Ценность"), "/lifetime/clients": Text("Types and segments", "Типы и сегменты")}
    base, here = visit.address.of_question(), visit.address.path
    return [Choice(visit.text(text), str(base.to(path)), path == here) for path, text in words.items()]


def _figures(visit: Visit, answer: Answer) -> list[Any]:
    totals = answer.totals
    everybody = str(visit.address.of_question().to("/lifetime/people"))

    def between(name: str, form: str) -> str:
        return interval(visit, totals[f"{name}_low"], totals[f"{name}_high"], form)

    orders = visit.shown.plural(totals["orders"], ("order", "orders"), ("заказ", "заказа", "заказов"))
    so_far = [
        figure(visit, answer, "customers", note=orders, url=everybody),
        figure(visit, answer, "ltv"),
        figure(visit, answer, "revenue"),
    ]
    if totals["expected_orders"] is None:
        return so_far
    return [
        *so_far[:2],
        figure(visit, answer, "predicted_ltv", note=between("predicted", "money")),
        figure(visit, answer, "alive_share", note=between("alive", "share")),
        figure(visit, answer, "expected_orders", note=between("orders", "ratio")),
        figure(visit, answer, "expected_revenue"),
    ]


def _unknown(answer: Answer) -> tuple[str, ...]:
    """The columns that nothing is known of in any row."""
    return tuple(
        name for name in answer.table.column_names if answer.table.column(name).null_count == answer.table.num_rows
    )


def _not_money(answer: Answer) -> tuple[str, ...]:
    kept = ("customers", "ltv", "predicted_ltv", "predicted_low", "predicted_high")
    return tuple(column.name for column in answer.columns if column.kind == "metric" and column.name not in kept)


def _not_orders(answer: Answer) -> tuple[str, ...]:
    kept = ("customers", "alive_share", "alive_low", "alive_high", "expected_orders", "orders_low", "orders_high")
    return tuple(column.name for column in answer.columns if column.kind == "metric" and column.name not in kept)


def _people_behind(visit: Visit, by: tuple[str, ...]) -> Callable[[dict[str, Any], Column], str]:
    def url(row: dict[str, Any], column: Column) -> str:
        return _group(visit, by)(row) if column.name == "customers" else ""

    return url


def _group(visit: Visit, by: tuple[str, ...]) -> Callable[[dict[str, Any]], str]:
    """The people of a row."""

    def url(row: dict[str, Any]) -> str:
        if not by or visit.is_shared:
            return ""
        address = visit.address.of_question().to("/lifetime/people")
        for item in of_row(row, by):
            address = address.with_filter(item)
        return str(address)

    return url


def _of_kind(visit: Visit, kind: str) -> Callable[[dict[str, Any]], str]:
    def url(row: dict[str, Any]) -> str:
        address = visit.address.of_question().to("/lifetime/people")
        return "" if visit.is_shared else str(address.with_(_kind=kind, _which=row[kind]))

    return url


def _clients_behind(visit: Visit, kind: str) -> Callable[[dict[str, Any], Column], str]:
    def url(row: dict[str, Any], column: Column) -> str:
        return _of_kind(visit, kind)(row) if column.name == "clients" else ""

    return url


def _names(identifiers: tuple[str, ...], *, whole: bool) -> list[str]:
    """The identifiers as this reader may see them; cookies, which say nothing, are left out."""
    parts = [text.partition(":") for text in identifiers]
    said = sorted((part for part in parts if part[0] in _SAYING), key=lambda part: _SAYING.index(part[0]))
    return [shown_identifier(kind, value, whole=whole) for kind, _, value in said]


PAGE = Page(
    title=Text("Lifetime value", "Ценность клиентов"),
    lead=reports()["lifetime_value"].meaning,
    nav=Nav("users", 27, of="economics"),
    routes=(
        Route("/lifetime", show, access=READERS, report="lifetime_value", can_share=True),
        Route("/lifetime/clients", clients, access=READERS, report="clients", can_share=True),
        Route("/lifetime/people", people, access=READERS, report="clients"),
    ),
)
