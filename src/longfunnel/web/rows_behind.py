"""Where a number leads: the address of the rows that it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.dimensions import dimension
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.metrics import SUBJECTS, Difference, Measure, Ratio, metrics
from longfunnel.reports import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from longfunnel.web.visit import Visit

_TABLES = ("spends", "visits", "leads", "deals", "orders")
"""Tables whose rows the report ``behind`` shows."""


def has_rows(name: str) -> bool:
    """Whether the rows behind a metric can be shown."""
    known = metrics().get(name)
    match known.how if known else None:
        case Measure(subject) | Ratio(Measure(subject), _):
            return SUBJECTS[subject].table in _TABLES
        case Ratio(str() as part, _) | Difference(part, _):
            return has_rows(part)
    return False


def difference_of(name: str) -> str:
    """The difference that a metric is, or that a rate is of; empty for any other."""
    known = metrics().get(name)
    match known.how if known else None:
        case Difference():
            return name
        case Ratio(str() as part, _):
            return difference_of(part)
    return ""


def parts_of(name: str) -> tuple[str, ...]:
    """The metrics that a difference is made of, what is subtracted after what it is subtracted from; nothing for any other metric."""
    known = metrics().get(name)
    match known.how if known else None:
        case Difference(of, less):
            return (*(parts_of(of) or (of,)), *(leaf for part in less for leaf in parts_of(part) or (part,)))
    return ()


def rows_url(visit: Visit, name: str, filters: Iterable[Filter] = ()) -> str:
    """The rows behind a metric, with these filters besides those of the page; empty where they cannot be shown."""
    filters = tuple(filters)
    if not has_rows(name) or visit.is_shared or _is_in_parts(visit, name, filters):
        return ""
    address = visit.address.of_question().to("/behind").with_(_metric=name)
    for item in filters:
        address = address.with_filter(item)
    return str(address)


def _is_in_parts(visit: Visit, name: str, filters: tuple[Filter, ...]) -> bool:
    """Whether the model gives the metric parts of rows here: then no list of whole rows adds up to it."""
    question, model = visit.question, PLAIN.get(visit.question.model)
    if model is None or model.is_whole or not _is_credited(name):
        return False
    cuts = (dimension(item.dimension) for item in (*question.filters, *filters))
    return question.basis == "touch" or any(cut is not None and cut.is_origin for cut in cuts)


def _is_credited(name: str) -> bool:
    """Whether the rows behind a metric stand where an attribution model puts them."""
    match metrics()[name].how:
        case Measure(subject) | Ratio(Measure(subject), _):
            return bool(SUBJECTS[subject].credit)
        case Ratio(str() as part, _) | Difference(part, _):
            return _is_credited(part)
    return False


def of_row(row: dict[str, Any], by: Iterable[str]) -> list[Filter]:
    """The filters that say which row of a cut is meant."""
    return [Filter(name, "unknown") if row[name] is None else Filter(name, "is", (str(row[name]),)) for name in by]
