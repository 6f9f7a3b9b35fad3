"""An answer: a value that pages, JSON, CSV, XLSX and the terminal only show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from longfunnel.core.text import NOTHING, Text
from longfunnel.reports._engine import export

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    import pyarrow as pa

    from longfunnel.core.settings import Language
    from longfunnel.metrics import Metric
    from longfunnel.reports._engine.question import Question

Format = Literal["count", "money", "share", "ratio", "days", "score", "text", "date", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of an answer."""

    name: str
    title: Text
    format: Format
    """How a value is shown. A share is in 0..1, days are a number of days."""
    meaning: Text = NOTHING
    kind: Literal["dimension", "metric"] = "metric"
    direction: Literal["up", "down", "none"] = "none"
    """Whether more is better, worse, or neither."""
    unit: str = ""
    """For money the currency's code, else the format: count, share, days …; empty for text."""
    adds_up: bool = True
    """Whether the rows add up to the total; where not, the total is computed from all rows."""
    is_code: bool = False
    """A name for machines, which another column says in words: tables for people leave it out."""


@dataclass(frozen=True)
class Caveat:
    """Something that a reader of the numbers should know. ``code`` is stable; ``count`` is how many rows it is about."""

    code: str
    text: Text
    count: int | None = None


@dataclass(frozen=True)
class Fresh:
    """How fresh one source is: when its last import was recorded (UTC), and the last day that its rows speak of."""

    source_system: str
    recorded_at: datetime | None
    latest_on: date | None


@dataclass(frozen=True)
class Few:
    """A value that rests on too few cases. ``row`` is its place among the rows, or None for the total."""

    row: int | None
    column: str
    cases: int


@dataclass(frozen=True)
class Answer:
    """What a report answers to a question."""

    report: str
    question: Question
    """As it was answered: with the report's own breakdown, metrics and basis filled in."""
    columns: tuple[Column, ...]
    table: pa.Table
    """The rows, by the columns' names. Money is decimal, unknown is null."""
    totals: dict[str, Any]
    """One value for each metric column: of all rows, also of those beyond the limit."""
    caveats: tuple[Caveat, ...] = ()
    freshness: tuple[Fresh, ...] = ()
    sql: str = ""
    """The statement that made it, with its values written in: it can be run as it stands."""
    cases: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    """For rates and averages: how many cases each row's value rests on."""
    total_cases: dict[str, int | None] = field(default_factory=dict)
    min_cases: int = 0
    language: Language = "en"
    title: Text = NOTHING
    timezone: str = "UTC"
    """The business's: instants are in UTC here, in JSON and in CSV, and on its clock wherever a person reads them."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as dicts: Decimal for money, date for days, None for unknown."""
        found: list[dict[str, Any]] = self.table.to_pylist()
        return found

    @property
    def few(self) -> list[Few]:
        """Every value that rests on fewer cases than ``min_cases``; an empty value is not one."""
        found = []
        for name, cases in self.cases.items():
            values = self.table.column(name).to_pylist()
            found += [
                Few(row, name, n)
                for row, (n, value) in enumerate(zip(cases, values, strict=True))
                if n is not None and n < self.min_cases and value is not None
            ]
        found += [
            Few(None, name, n)
            for name, n in self.total_cases.items()
            if n is not None and n < self.min_cases and self.totals.get(name) is not None
        ]
        return found

    def column(self, name: str) -> Column:
        """The column called ``name``. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    @property
    def first_measure(self) -> Column | None:
        """The first column of numbers that is no comparison: what a simple picture of the answer shows."""
        for column in self.columns:
            is_measure = column.kind == "metric" and column.format in ("money", "count", "share", "days")
            if is_measure and not column.name.endswith(("_before", "_change")):
                return column
        return None

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """report, question, columns, rows, totals, caveats, sql, few, freshness: plain values, money still decimal."""
        return export.to_dict(self)

    def to_json(self) -> str:
        """The same as JSON; money is a number with all its digits."""
        return export.to_json(self)

    def to_csv(self) -> str:
        """Comma-separated text with a header of column names, without the total; text that a spreadsheet would run is disarmed."""
        return export.to_csv(self)

    def to_xlsx(self, path: str | Path) -> None:
        """A workbook: the rows with real number formats and the total, and a sheet that says how they were counted."""
        export.to_xlsx(self, path)


def metric_columns(metrics: list[Metric], currency: str, *, compared: bool, reported: list[str]) -> list[Column]:
    """The columns of metrics, with what they were and how they changed in a comparison."""
    found = []
    for metric in metrics:
        title = (
            Text("{title}, as reported", "{title}, по отчётам").format(title=metric.title)
            if metric.name in reported
            else metric.title
        )
        unit = currency if metric.unit == "money" else metric.unit
        found.append(
            Column(metric.name, title, metric.unit, metric.meaning, "metric", metric.direction, unit, metric.adds_up)
        )
        if compared:
            before = Text("{title} before", "{title} раньше").format(title=title)
            change = Text("{title}, change", "{title}, изменение").format(title=title)
            said = Text("Now / before − 1.", "Сейчас / раньше − 1.")
            found.append(
                Column(
                    f"{metric.name}_before",
                    before,
                    metric.unit,
                    metric.meaning,
                    "metric",
                    metric.direction,
                    unit,
                    metric.adds_up,
                )
            )
            found.append(
                Column(f"{metric.name}_change", change, "share", said, "metric", metric.direction, "share", False)
            )
    return found
