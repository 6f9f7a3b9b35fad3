"""What is behind a number: its rows, newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.reports import Question, reports
from longfunnel.web.page import EVERYONE, Page, Route, pages
from longfunnel.web.pages._people.person import pages_of
from longfunnel.web.rows_behind import difference_of, has_rows, parts_of
from longfunnel.web.strip import model_title, strip_of
from longfunnel.web.table import table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_A_PAGE = 200
_DIGITS = 7
_ASIDE = "cost_of_goods"
"""A column that is left out where nothing of it is known."""

_WHOLE_ROWS = Text(
    "“{model}” shares a row between several touches. Here rows stand whole, as “{usual}” puts them: they need not add up to the number.",
    "«{model}» делит одну строку между касаниями. Здесь строки целые, как их ставит «{usual}»: с числом они могут не сойтись.",
)


@dataclass(frozen=True)
class Part:
    """One of the sums that a difference is made of."""

    title: str
    value: str
    sign: str
    """What stands before it: a minus, or nothing before the first."""
    url: str
    """Where its rows are; empty where they cannot be shown."""
    is_chosen: bool


def show(visit: Visit) -> Response[Any]:
    """A page of the rows of ``_metric``, and how many there are; the exports have all. Of a difference, as profit, the rows of one
    of the sums that it is made of: of ``_part``, or else of the first that has any.
    """
    asked = visit.question
    number = visit.parameter("_page")
    page = max(0, int(number) - 1) if number.isdecimal() and len(number) < _DIGITS else 0
    name = visit.parameter("_metric") or "leads"
    question = Question(
        "behind", asked.since, asked.until, filters=asked.filters, model=asked.model, window_days=asked.window_days,
        basis=asked.basis, as_of=asked.as_of, limit=_A_PAGE, metrics=(name,),
    )  # fmt: skip
    difference = difference_of(name)
    parts = parts_of(difference)
    whole = _whole(visit, question, (*parts, difference)) if parts else None
    chosen = _chosen(visit, whole, parts) if whole else name
    question = msgspec.structs.replace(question, metrics=(chosen,))
    answer = visit.ask(question, options=(("offset", str(page * _A_PAGE)),) if page else ())
    has_people = "people" in pages()
    columns = {column.name for column in answer.columns}

    def person(row: dict[str, Any]) -> str:
        known = has_people and "person_id" in columns and row["person_id"]
        return f"/people/{row['person_id']}" if known else ""

    empty = [] if any(row.get(_ASIDE) is not None for row in answer.rows) or chosen == _ASIDE else [_ASIDE]
    table = table_of(visit, answer, row_url=person, leave_out=("person_id", *empty), can_sort=False)
    followed = answer.question.model
    every = msgspec.structs.replace(question, limit=0, model=followed)
    table = replace(table, exports=[(kind, f"/export/{kind.lower()}?{every.to_url()}") for kind, _ in table.exports])
    said = Text("{title}: what it is made of", "{title}: из чего складывается")
    return visit.show(
        "pages/behind.html",
        title=visit.text(said.format(title=visit.metrics[name].title) if whole else answer.title),
        parts=_parts(visit, whole, parts, chosen) if whole else [],
        result=(visit.text(whole.column(difference).title), visit.shown.money(whole.totals[difference])) if whole else None,
        table=table,
        strip=strip_of(visit),
        count=answer.totals["rows"],
        pages=pages_of(visit, page, answer.totals["rows"], _A_PAGE),
        days=visit.shown.days_between(asked.since, asked.until) if asked.since or asked.until else "",
        whole_rows=visit.text(_WHOLE_ROWS.format(model=model_title(visit, asked.model), usual=model_title(visit, followed))) if asked.model != followed else "",
    )  # fmt: skip


def _whole(visit: Visit, question: Question, names: tuple[str, ...]) -> Answer:
    """The difference and its sums, of the same days, filters, basis and model as the rows."""
    basis = question.basis or reports()["behind"].basis
    return visit.ask(msgspec.structs.replace(question, report="summary", limit=0, metrics=names, basis=basis))


def _chosen(visit: Visit, whole: Answer, names: tuple[str, ...]) -> str:
    wanted = visit.parameter("_part")
    known = [one for one in names if has_rows(one)]
    return wanted if wanted in known else next((one for one in known if whole.totals[one]), known[0])


def _parts(visit: Visit, whole: Answer, names: tuple[str, ...], chosen: str) -> list[Part]:
    return [
        Part(
            visit.text(whole.column(one).title),
            visit.shown.money(whole.totals[one]),
            "−" if place else "",
            str(visit.address.with_(_part=one, _page=None)) if has_rows(one) else "",
            one == chosen,
        )
        for place, one in enumerate(names)
    ]


PAGE = Page(
    title=Text("Behind the number", "Что за числом"),
    routes=(Route("/behind", show, access=EVERYONE, report="summary"),),
)
