"""The state of a page: all of it is its URL. Values to change a URL with, and the question that it asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from longfunnel.reports import DEFAULT_PERIOD, PERIOD, PERIODS, in_zone, page_question

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from longfunnel.reports import Filter, Question

__all__ = ["DEFAULT_PERIOD", "PERIOD", "PERIODS", "Address", "in_zone", "read_address"]


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


def read_address(address: Address, report: str, today: date, zone: ZoneInfo) -> Question:
    """The question that the address asks of ``report``, unless it names another. See ``reports.page_question``."""
    return page_question(address.pairs, report, today, zone)
