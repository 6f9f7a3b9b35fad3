"""A question: a frozen value that a URL, JSON, a command line and a call all parse to, and that prints back to each."""

from __future__ import annotations

import re
import shlex
from datetime import date, datetime
from typing import Any, Literal, get_args
from urllib.parse import urlencode

import msgspec

from longfunnel.core.calendar import Compare
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.metrics import Basis  # noqa: TC001 - msgspec reads the annotations when it runs

MODELS: tuple[str, ...] = tuple(PLAIN)
"""Every model that needs nothing more than its name. See ``journeys.attribution.models``."""
DEFAULT_MODEL = "last_non_direct"
"""The model that the ledger stands on too."""
COMPARES: tuple[Compare, ...] = get_args(Compare)

Op = Literal["is", "is_not", "contains", "not_contains", "starts_with", "known", "unknown"]
OPS: tuple[Op, ...] = get_args(Op)
WITHOUT_VALUES: tuple[Op, ...] = ("known", "unknown")

_PLAIN_NAME = re.compile(r"[^\s,\"=!~^]+")
_PLAIN_VALUE = re.compile(r"[^\s,\"](?:[^,\"\n]*[^\s,\"])?")


class Filter(msgspec.Struct, frozen=True):
    """Which rows take part: ``region is_not Moscow, Kazan``. Several values mean any of them; an unknown value is not any value."""

    dimension: str
    op: Op
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = self.dimension if _PLAIN_NAME.fullmatch(self.dimension) else _quoted(self.dimension)
        return f"{name} {self.op} {written(self.values)}".rstrip()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked. Empty fields mean: all the time, no comparison, the report's own metrics, breakdown and basis."""

    report: str
    since: date | None = None
    """First day, in the business's zone."""
    until: date | None = None
    """Last day, inclusive."""
    compare: Literal["", "previous", "year"] = ""
    """previous: the period just before; year: the same days a year ago."""
    filters: tuple[Filter, ...] = ()
    """All of them hold."""
    by: tuple[str, ...] = ()
    """Dimensions, in the order of the columns."""
    grain: Literal["", "day", "week", "month", "quarter", "year"] = ""
    metrics: tuple[str, ...] = ()
    model: str = DEFAULT_MODEL
    """Which touch earns the credit."""
    window_days: int | None = None
    """A touch earlier than this before the lead earns nothing; None: the setting counting.lookback_days."""
    basis: Basis | Literal[""] = ""
    """Which date a number belongs to; empty: the report's own."""
    as_of: datetime | None = None
    """As known at this UTC instant; None: as known now."""
    limit: int = 0
    """At most so many rows; 0: all. The total is of all rows in any case."""
    sort: str = ""
    """A column; ``-column`` for the largest first."""
    options: tuple[tuple[str, str], ...] = ()
    """What only this report understands, by name."""

    def option(self, name: str) -> str:
        """The option's value, or an empty string."""
        return dict(self.options).get(name, "")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; defaults are left out."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain | ({"options": dict(self.options)} if self.options else {})

    def to_json(self) -> str:
        """One JSON object."""
        return msgspec.json.encode(self.to_dict()).decode()

    def to_url(self) -> str:
        """The query string of the page: ``report=channels&since=2025-01-01&by=channel``."""
        return urlencode(self._pairs())

    def to_text(self) -> str:
        """The arguments of the command: ``channels --since 2025-01-01 --by channel``."""
        words = [self.report]
        for name, value in self._pairs()[1:]:
            words += (
                [f"--{name.replace('_', '-')}", value]
                if not value.startswith("-")
                else [f"--{name.replace('_', '-')}={value}"]
            )
        return shlex.join(words)

    def _pairs(self) -> list[tuple[str, str]]:
        """Every field that differs from its default, as text; several filters and options repeat their name."""
        pairs = [("report", self.report)]
        for name in self.__struct_fields__[1:]:
            value = getattr(self, name)
            if name == "filters":
                pairs += [("filter", str(item)) for item in value]
            elif name == "options":
                pairs += [("option", f"{key}={setting}") for key, setting in value]
            elif isinstance(value, tuple):
                pairs += [(name, written(value))] if value else []
            elif value not in (None, "", 0, DEFAULT_MODEL):
                pairs.append((name, value.isoformat() if isinstance(value, date) else str(value)))
        return pairs


def written(values: tuple[str, ...]) -> str:
    """Values with commas between; one that a comma, a quote or an outer space would break is quoted."""
    return ", ".join(value if _PLAIN_VALUE.fullmatch(value) else _quoted(value) for value in values)


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
