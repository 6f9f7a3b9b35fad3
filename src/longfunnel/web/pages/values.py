"""The values that a dimension has: what the form of a filter offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Response

from longfunnel.core.text import Text
from longfunnel.reports import Question
from longfunnel.web.page import EVERYONE, Page, Route

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

_MOST = 200


def values(visit: Visit) -> Response[Any]:
    """The values of ``_dimension`` that have the most leads, as a JSON list of pairs: the value, and how pages write it."""
    name = visit.parameter("_dimension") or "channel"
    answer = visit.ask(Question("summary", by=(name,), metrics=("leads",), sort="-leads", limit=_MOST))
    return Response([[row[name], visit.member(name, row[name])] for row in answer.rows if row[name] is not None])


PAGE = Page(title=Text("Values", "Значения"), routes=(Route("/values", values, access=EVERYONE),))
