"""Attribution: what each channel has earned by the chosen model, how sure that is, and where models disagree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.compute as pc

from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import MODELS, PLAIN
from longfunnel.metrics import metrics
from longfunnel.reports import reports
from longfunnel.web.page import READERS, Nav, Page, Route
from longfunnel.web.pages._money.attribution_pictures import credits_picture, models_picture, removal_picture
from longfunnel.web.pages._money.parts import DROPPED, choices, cuts, money_tabs, picked, settled
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import strip_of
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.reports import Answer, Column
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

_OWN = frozenset({"models", "direct", "journey", "measure", "view"})
"""Options that the page sets itself, from its own choices."""


@dataclass(frozen=True)
class _Asked:
    """What the address asks for beside the question."""

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
    question = visit.question
    by = question.by[0] if question.by and question.by[0] in _CUTS else "channel"
    asked = _Asked(
        by,
        question.model,
        picked(visit, "_direct", _DIRECT, "count"),
        picked(visit, "_journey", _JOURNEY, "sale"),
        picked(visit, "_measure", _MEASURES, ""),
    )
    plain = msgspec.structs.replace(question, by=(by,), limit=0, metrics=(), grain="")
    # the address may set what the page has no choice for; a mistake in it is told, not passed over
    options = {name: value for name, value in question.options if name not in _OWN} | asked.options
    answer = visit.ask(msgspec.structs.replace(plain, options=tuple(options.items())))
    side = visit.ask(msgspec.structs.replace(plain, options=tuple((options | {"view": "side", "draws": "0"}).items())))
    measure = asked.measure or _measure_of(answer)
    chosen = replace(answer, table=answer.table.filter(pc.equal(answer.table.column("model"), asked.model)))
    warnings = [caveat for caveat in answer.caveats if caveat.code.startswith("models_disagree")]
    leave_out = ("title", *(() if asked.model == "markov" else ("removal",)))
    urls = _behind(visit, asked, measure)
    return visit.show(
        "pages/attribution.html",
        strip=strip_of(visit),
        tabs=money_tabs(visit),
        saved=saved_menu(visit, "attribution"),
        dropped=visit.parameter(DROPPED),
        measures=choices(visit, "_measure", _MEASURES, measure),
        directs=choices(visit, "_direct", _DIRECT, asked.direct, "count"),
        journeys=choices(visit, "_journey", _JOURNEY, asked.journey, "sale"),
        cuts=cuts(visit, _CUTS, by),
        warnings=warnings,
        chart=credits_picture(visit, chosen, by, urls),
        table=table_of(visit, chosen, leave_out=leave_out, cell_url=urls, heat=("credit",), can_sort=False),
        explain=explain_url(visit.address, answer, "credit"),
        models=models_picture(visit, side, by, asked.model),
        models_table=table_of(visit, side, heat=tuple(asked.options["models"].split(", ")), can_sort=False),
        removal=removal_picture(visit, answer, by),
        rules=[MODELS[name] for name in dict.fromkeys((asked.model, *_COMPARED))],
        chosen=PLAIN[asked.model],
        has_rows=_has_rows(asked, measure),
        chains_url=str(visit.address.of_question().to("/paths/chains").with_(model=None)),
        answer=replace(answer, caveats=tuple(caveat for caveat in answer.caveats if caveat not in warnings)),
    )


def _measure_of(answer: Answer) -> str:
    """What the report chose to share out."""
    column = answer.column("credit")
    if column.format == "money":
        return "profit"
    return next(name for name in ("orders", "leads") if metrics()[name].title == column.title)


def _has_rows(asked: _Asked, measure: str) -> bool:
    """Whether a credit is a count of rows that stand under the channel: those of a model of one touch, of journeys to the lead."""
    model = PLAIN[asked.model]
    return model.is_whole and asked.journey == "lead" and asked.direct == "count" and measure in _ROWS


def _behind(visit: Visit, asked: _Asked, measure: str) -> Callable[[dict[str, Any], Column], str]:
    has_rows, basis = _has_rows(asked, measure), visit.question.basis or reports()["attribution"].basis

    def url(row: dict[str, Any], column: Column) -> str:
        wanted = of_row(row, (asked.cut,))
        if column.name == "cost":
            return rows_url(visit, "cost", wanted)
        if column.name != "credit" or not has_rows:
            return ""
        found = rows_url(visit, _ROWS[measure], wanted)
        return f"{found}&basis={basis}" if found and not visit.address.has("basis") else found

    return url


PAGE = Page(
    title=Text("Attribution", "Атрибуция"),
    lead=reports()["attribution"].meaning,
    nav=Nav("scale", 26, of="economics"),
    routes=(Route("/attribution", show, access=READERS, report="attribution", can_share=True),),
)
