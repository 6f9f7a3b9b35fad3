"""An answer as a file: CSV, XLSX, JSON, of exactly the question that the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from longfunnel.core.text import Text
from longfunnel.reports import question_from_url
from longfunnel.web.address import in_zone
from longfunnel.web.api import exported
from longfunnel.web.page import EVERYONE, Page, Route

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def export(visit: Visit) -> Response[Any]:
    """The file."""
    form = visit.path["form"]
    if form not in ("csv", "xlsx", "json"):
        raise visit.missing()
    answer = visit.ask(question_from_url(urlencode(in_zone(visit.address.pairs, visit.settings.business.zone))))
    visit.audit("export", f"{form} {answer.question.to_url()}")
    if form == "json":
        return visit.file(answer.to_json().encode(), f"{answer.report}.json", "application/json")
    return exported(visit, answer, form)


PAGE = Page(title=Text("Export", "Выгрузка"), routes=(Route("/export/{form:str}", export, access=EVERYONE),))
