"""Attribution: what each channel has earned by the chosen model, how sure that is, and where models disagree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.compute as pc

from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import MODELS, PLAIN
from longfunnel.reports import reports
from longfunnel.web.address import Address
from longfunnel.web.page import READERS, Nav, Page, Route
from longfunnel.web.pages._money.attribution_pictures import credits_picture, models_picture, removal_picture
from longfunnel.web.pages._money.attribution_way import below_only, crumbs, down, level_of, way_of
from longfunnel.web.pages._money.parts import DROPPED, choices, cuts, money_tabs, picked, settled
from longfunnel.web.pages._paths.people import touched_people, touched_url
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import strip_of
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.reports import Answer, Column
    from longfunnel.web.pages._money.attribution_way import Way
    from longfunnel.web.visit import Visit

_CUTS = ("channel", "source", "campaign")
_COMPARED = ("first", "last_non_direct", "linear", "markov", "shapley")
_MEASURES = {
    "profit": Text("Margin", "Маржа"),
    "revenue": Text("Revenue", "Выручка"),
    "orders": Text("Orders", "Заказы"),
    "ltv": Text("LTV", "LTV"),
    "leads": Text("Leads", "Лиды"),
    "deals": Text("Deals", "Сделки"),
}
_DIRECT = {"count": Text("counted", "считать"), "skip": Text("skipped", "пропускать")}
_JOURNEY = {"sale": Text("to the sale", "до продажи"), "lead": Text("to the lead", "до лида")}
_ROWS = {"profit": "orders", "revenue": "orders", "orders": "orders", "leads": "leads", "deals": "deals"}
"""The metric whose rows a measure is made of."""
_OF_ORDERS = ("profit", "revenue", "orders")
"""Measures whose credits are parts of orders."""

_OWN = frozenset({"models", "direct", "journey", "measure", "view"})
"""Options that the page sets itself, from its own choices."""


@dataclass(frozen=True)
class _Asked:
    """What the address asks for beside the question."""

    way: Way
    """The levels above the rows."""
    cut: str
    model: str
    direct: str
    journey: str
    measure: str
    """Empty: what the report chooses by the data."""

    @property
    def options(self) -> dict[str, str]:
        """As the report reads them."""
        models = dict.fromkeys((self.model, *_COMPARED))
        found = {"models": ", ".join(models), "direct": self.direct, "journey": self.journey}
        return found | ({"measure": self.measure} if self.measure else {})


def show(visit: Visit) -> Response[Any]:
    """The page."""
    if first := settled(visit, filters="no_origin"):
        return first
    question, way = visit.question, way_of(visit)
    asked = _Asked(
        way,
        level_of(visit, way),
        question.model,
        picked(visit, "_direct", _DIRECT, "count"),
        picked(visit, "_journey", _JOURNEY, "sale"),
        picked(visit, "_measure", _MEASURES, ""),
    )
    by = asked.cut
    levels = (*dict(way), by)
    plain = msgspec.structs.replace(question, by=levels, limit=0, metrics=(), grain="", sort="")
    # the address may set what the page has no choice for; a mistake in it is told, not passed over
    options = {name: value for name, value in question.options if name not in _OWN} | asked.options
    answer = visit.ask(msgspec.structs.replace(plain, options=tuple(options.items())))
    beside = tuple((options | {"view": "side", "draws": "0"}).items())
    side = below_only(visit.ask(msgspec.structs.replace(plain, options=beside)), way)
    measure = asked.measure or _measure_of(visit, answer)
    # what is said of whole channels is said at the top
    disagree = [caveat for caveat in answer.caveats if caveat.code.startswith("models_disagree")]
    chosen, chain = (_by_model(answer, way, name) for name in (asked.model, "markov"))
    leave_out = ("title", *(() if asked.model == "markov" else ("removal",)))
    urls, lower = _behind(visit, asked, measure), down(visit, way, by)
    return visit.show(
        "pages/attribution.html",
        strip=strip_of(visit),
        tabs=money_tabs(visit),
        saved=saved_menu(visit, "attribution"),
        dropped=visit.parameter(DROPPED),
        measures=choices(visit, "_measure", _MEASURES, measure),
        directs=choices(visit, "_direct", _DIRECT, asked.direct, "count"),
        journeys=choices(visit, "_journey", _JOURNEY, asked.journey, "sale"),
        cuts=cuts(visit, _CUTS, by, _in=None) if not way else [],
        crumbs=crumbs(visit, way),
        warnings=[] if way else disagree,
        chart=credits_picture(visit, chosen, by, urls),
        table=table_of(visit, chosen, row_url=lower, leave_out=leave_out, cell_url=urls, heat=("credit",), order="_sort"),
        explain=explain_url(visit.address, answer, "credit"),
        models=models_picture(visit, side, by, asked.model, urls),
        models_table=table_of(
            visit, side, row_url=lower, cell_url=urls, heat=tuple(asked.options["models"].split(", ")), order="_sort_models"
        ),
        removal=removal_picture(visit, chain, by, urls),
        removal_table=table_of(
            visit, chain, row_url=lower, leave_out=_all_but_removal(chain, by), cell_url=urls, order="_sort_removal"
        ),
        rules=[MODELS[name] for name in dict.fromkeys((asked.model, *_COMPARED))],
        chosen=PLAIN[asked.model],
        is_counted=_is_counted(asked.model, asked, measure),
        chains_url=str(visit.address.of_question().to("/paths/chains").with_(model=None)),
        answer=replace(answer, caveats=tuple(caveat for caveat in answer.caveats if caveat not in disagree)),
    )  # fmt: skip


def _by_model(answer: Answer, way: Way, model: str) -> Answer:
    """The rows of one model."""
    whole = replace(answer, table=answer.table.filter(pc.equal(answer.table.column("model"), model)))
    return below_only(whole, way)


def _all_but_removal(answer: Answer, by: str) -> tuple[str, ...]:
    return tuple(column.name for column in answer.columns if column.name not in (by, "removal", "credit", "cost"))


def _measure_of(visit: Visit, answer: Answer) -> str:
    """What the report chose to share out."""
    column = answer.column("credit")
    if column.format == "money":
        return "profit"
    return "orders" if column.title == visit.metrics["orders"].title else "leads"


def _is_counted(model: str, asked: _Asked, measure: str) -> bool:
    """Whether a credit is a count of rows that stand under the channel: those of a model of one touch, of journeys to the lead."""
    plain = PLAIN.get(model)
    is_whole = plain is not None and plain.is_whole
    return is_whole and asked.journey == "lead" and asked.direct == "count" and measure in _ROWS


def _behind(visit: Visit, asked: _Asked, measure: str) -> Callable[[dict[str, Any], Column], str]:
    """Behind a cost its spend; behind a credit the rows that it counts, or else the orders that it is a part of."""
    basis = visit.question.basis or reports()["attribution"].basis

    def url(row: dict[str, Any], column: Column) -> str:
        origin = (*asked.way, (asked.cut, row[asked.cut]))
        wanted = of_row(dict(origin), dict(origin))
        if column.name == "cost":
            return rows_url(visit, "cost", wanted)
        model = asked.model if column.name in ("credit", "profit") else column.name
        if model not in PLAIN and column.name != "removal":
            return ""
        if not _is_counted(model, asked, measure):
            return touched_url(visit, origin) if measure in _OF_ORDERS else ""
        found = rows_url(visit, _ROWS[measure], wanted)
        if not found:
            return ""
        more = "" if visit.address.has("basis") else f"&basis={basis}"
        return str(Address.of(*found.split("?", 1)).with_(model=model)) + more

    return url


PAGE = Page(
    title=Text("Attribution", "Атрибуция"),
    lead=reports()["attribution"].meaning,
    nav=Nav("scale", 26, of="economics"),
    routes=(
        Route("/attribution", show, access=READERS, report="attribution", can_share=True),
        Route("/attribution/orders", touched_people, access=READERS, report="paths"),
    ),
)
