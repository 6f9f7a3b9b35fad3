"""What is behind a number: its rows, newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.reports import Question
from longfunnel.web.page import EVERYONE, Page, Route, pages
from longfunnel.web.pages._people.person import pages_of
from longfunnel.web.strip import strip_of
from longfunnel.web.table import table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_A_PAGE = 200
_DIGITS = 7


def show(visit: Visit) -> Response[Any]:
    """A page of the rows of ``_metric``, and how many there are; the exports have all."""
    asked = visit.question
    number = visit.parameter("_page")
    page = max(0, int(number) - 1) if number.isdecimal() and len(number) < _DIGITS else 0
    question = Question(
        "behind", asked.since, asked.until, filters=asked.filters, model=asked.model, window_days=asked.window_days,
        basis=asked.basis, as_of=asked.as_of, limit=_A_PAGE, metrics=(visit.parameter("_metric") or "leads",),
    )  # fmt: skip
    answer = visit.ask(question, options=(("offset", str(page * _A_PAGE)),) if page else ())
    has_people = "people" in pages()
    columns = {column.name for column in answer.columns}

    def person(row: dict[str, Any]) -> str:
        known = has_people and "person_id" in columns and row["person_id"]
        return f"/people/{row['person_id']}" if known else ""

    table = table_of(visit, answer, row_url=person, leave_out=("person_id",), can_sort=False)
    whole = msgspec.structs.replace(question, limit=0)
    table = replace(table, exports=[(name, f"/export/{name.lower()}?{whole.to_url()}") for name, _ in table.exports])
    return visit.show(
        "pages/behind.html",
        title=visit.text(answer.title),
        table=table,
        strip=strip_of(visit),
        count=answer.totals["rows"],
        pages=pages_of(visit, page, answer.totals["rows"], _A_PAGE),
        days=visit.shown.days_between(asked.since, asked.until),
    )


PAGE = Page(
    title=Text("Behind the number", "Что за числом"),
    routes=(Route("/behind", show, access=EVERYONE, report="summary"),),
)
