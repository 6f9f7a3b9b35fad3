"""Where a number leads: the address of the rows that it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def rows_url(visit: Visit, name: str, filters: Iterable[Filter] = ()) -> str:
    """The rows behind a metric, with these filters besides those of the page; empty where they cannot be shown."""
    if not has_rows(name) or visit.is_shared:
        return ""
    address = visit.address.of_question().to("/behind").with_(_metric=name)
    for item in filters:
        address = address.with_filter(item)
    return str(address)


def of_row(row: dict[str, Any], by: Iterable[str]) -> list[Filter]:
    """The filters that say which row of a cut is meant."""
    return [Filter(name, "unknown") if row[name] is None else Filter(name, "is", (str(row[name]),)) for name in by]
