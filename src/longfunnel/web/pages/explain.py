"""«How is this counted?»: what a number says, its formula, its basis and filters, what to know about it, how fresh it is, its SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.metrics import SUBJECTS, metrics
from longfunnel.reports import BASIS_WORDS, explain, reports
from longfunnel.web.page import ANALYSTS, EVERYONE, Page, Route
from longfunnel.web.pages._settings.forms import FORMS
from longfunnel.web.strip import model_title, strip_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def show(visit: Visit) -> Response[Any]:
    """The panel, for ``_metric`` of the asked report."""
    answer = visit.ask()
    name = visit.parameter("_metric")
    column = next((column for column in answer.columns if column.name == name), None)
    metric = visit.metrics.get(name)
    # a report's own column may have a metric's name and mean something else: those who do not go on are not the deals lost
    is_own = column is not None and metric is not None and column.meaning != metric.meaning
    explanation = explain(name, visit.settings.stage) if metric and not is_own else None
    is_credited = explanation is None or any(SUBJECTS[subject].credit for subject in _subjects(name))
    said = explanation.said if explanation else (column.meaning,) if column else ()
    plain = msgspec.structs.replace(answer.question, filters=visit.question.filters)
    return visit.show(
        "pages/explain.html",
        answer=answer,
        name=name,
        column=column,
        explanation=explanation,
        said=[_linked(visit, line) for text in said for line in visit.text(text).split("\n") if line.strip()],
        report=reports()[answer.report],
        strip=strip_of(visit),
        basis=visit.text(BASIS_WORDS[plain.basis]) if plain.basis and is_credited else "",
        model=model_title(visit, plain.model) if is_credited else "",
        command=f"longfunnel report {plain.to_text()}",
        title=visit.text(explanation.title if explanation else column.title if column else answer.title),
    )


def _linked(visit: Visit, line: str) -> list[tuple[str, str]]:
    """A line in pieces, each with where it leads: the title of a setting to the settings, for whom they are open."""
    if visit.user and visit.user.role in ANALYSTS:
        for field in FORMS["counting"].fields:
            before, title, after = line.partition(f"«{visit.text(field.title)}»")
            if title:
                return [(before, ""), (title, "/settings/counting"), (after, "")]
    return [(line, "")]


def _subjects(name: str) -> set[str]:
    """What a metric counts, with what the metrics count that it is made of."""
    metric = metrics()[name]
    return set(metric.subjects).union(*map(_subjects, metric.uses))


PAGE = Page(
    title=Text("How is this counted?", "Как это посчитано?"),
    routes=(Route("/explain", show, access=EVERYONE, report="summary"),),
)
