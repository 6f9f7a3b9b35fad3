"""The state of a page: all of it is its URL. Values to change a URL with, and the question that it asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from longfunnel.core.calendar import Period, add_months, end_of_day, floor
from longfunnel.core.text import Text
from longfunnel.reports import Question, question_from_url, reports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from longfunnel.reports import Filter

OWN = "_"
"""Parameters that begin so are the page's own; all others are the question's."""
PERIOD = "_period"
DEFAULT_PERIOD = "90d"
PERIODS: dict[str, Text] = {
    "today": Text("Today", "Сегодня"),
    "7d": Text("Last 7 days", "7 дней"),
    "30d": Text("Last 30 days", "30 дней"),
    "90d": Text("Last 90 days", "90 дней"),
    "month": Text("This month", "Этот месяц"),
    "last_month": Text("Last month", "Прошлый месяц"),
    "quarter": Text("This quarter", "Этот квартал"),
    "last_quarter": Text("Last quarter", "Прошлый квартал"),
    "year": Text("This year", "Этот год"),
    "12m": Text("Last 12 months", "12 месяцев"),
    "all": Text("All time", "Всё время"),
}


@dataclass(frozen=True)
class Address:
    """A page's path and the parameters of its query, in order."""

    path: str
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, path: str, query: str) -> Address:
        """The address that a browser asked for."""
        return cls(path, tuple(parse_qsl(query, keep_blank_values=True)))

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.pairs)}" if self.pairs else self.path

    def get(self, name: str) -> str:
        """The first value of a parameter, or an empty string."""
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self.pairs if key == name]

    def has(self, name: str) -> bool:
        """Whether the parameter is there, be it empty."""
        return any(key == name for key, _ in self.pairs)

    def to(self, path: str) -> Address:
        """The same parameters at another path."""
        return Address(path, self.pairs)

    def with_(self, **values: str | None) -> Address:
        """With these parameters in the stead of any of that name; None takes one away."""
        kept = tuple((key, value) for key, value in self.pairs if key not in values)
        return Address(self.path, kept + tuple((key, value) for key, value in values.items() if value is not None))

    def with_filter(self, item: Filter | str) -> Address:
        """With one more filter, unless it is there."""
        pair = ("filter", str(item))
        return self if pair in self.pairs else Address(self.path, (*self.pairs, pair))

    def without_filter(self, item: Filter | str) -> Address:
        """Without this filter."""
        return Address(self.path, tuple(pair for pair in self.pairs if pair != ("filter", str(item))))

    def of_question(self) -> Address:
        """Without the page's own parameters: what another page can be asked with as well."""
        shared = ("since", "until", "compare", "filter", "basis", "model", "window_days", "as_of", PERIOD)
        return Address(self.path, tuple(pair for pair in self.pairs if pair[0] in shared))


def period_of(name: str, today: date) -> Period | None:
    """The days of a named period, ``today`` being its last; None for all time. An unknown name is the default period."""
    month, quarter = floor(today, "month"), floor(today, "quarter")
    match name:
        case "all":
            return None
        case "today":
            return Period(today, today)
        case "7d":
            return Period(today - timedelta(days=6), today)
        case "30d":
            return Period(today - timedelta(days=29), today)
        case "month":
            return Period(month, today)
        case "last_month":
            return Period(add_months(month, -1), month - timedelta(days=1))
        case "quarter":
            return Period(quarter, today)
        case "last_quarter":
            return Period(add_months(quarter, -3), quarter - timedelta(days=1))
        case "year":
            return Period(floor(today, "year"), today)
        case "12m":
            return Period(add_months(today, -12) + timedelta(days=1), today)
        case _:
            return Period(today - timedelta(days=89), today)


def in_zone(asked: Iterable[tuple[str, str]], zone: ZoneInfo) -> list[tuple[str, str]]:
    """A question's parameters in which ``as_of``, where it is a bare day, is the last instant of that day in the business's zone."""
    return [(key, _end(value, zone) if key == "as_of" else value) for key, value in asked]


def _end(value: str, zone: ZoneInfo) -> str:
    try:
        return end_of_day(date.fromisoformat(value.strip()), zone).isoformat()
    except ValueError:
        return value  # an instant, or a mistake that the question will name


def read_address(address: Address, report: str, today: date, zone: ZoneInfo) -> Question:
    """The question that the address asks of ``report``, unless it names another.

    Without days in it, the address means the named period (``_period``, else the last 90 days), compared with the one
    before; ``compare=`` compares with nothing. ``as_of`` a bare day means its end in ``zone``. Raises QuestionError.
    """
    asked = in_zone(((key, value) for key, value in address.pairs if not key.startswith(OWN)), zone)
    if not any(key == "report" for key, _ in asked):
        asked.insert(0, ("report", report))
    known = reports().get(dict(asked)["report"])
    refuses = known.refuses if known else {}
    if not (address.has("since") or address.has("until") or "since" in refuses):
        period = period_of(address.get(PERIOD) or DEFAULT_PERIOD, today)
        if period:
            asked += [("since", period.since.isoformat()), ("until", period.until.isoformat())]
    # what another page passed on and this report does not take is left out, so that every link of the navigation opens
    asked = [(key, value) for key, value in asked if {"filter": "filters"}.get(key, key) not in refuses]
    has_period = {"since", "until"} <= {key for key, value in asked if value}
    if has_period and not address.has("compare") and "compare" not in refuses:
        asked.append(("compare", "previous"))
    return question_from_url(urlencode(asked))
