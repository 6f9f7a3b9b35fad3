"""What an answer stands on: the connection, the schema of the derived tables, the settings, and which tables have rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longfunnel.metrics import SUBJECTS, metrics

if TYPE_CHECKING:
    import duckdb

    from longfunnel.core.settings import Settings
    from longfunnel.metrics import Measure, Metric

_TABLES = ("spends", "visits", "leads", "deals", "orders", "payments", "stage_entries")
REPORTED = ("reported_visits", "reported_leads", "reported_orders", "reported_revenue")


@dataclass(frozen=True)
class Context:
    """One answering. ``schema`` is ``live``, or the schema of an earlier state."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    schema: str = "live"
    known_once: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What ``once`` has found; a server keeps it from answer to answer while the build stands."""

    @property
    def metrics(self) -> dict[str, Metric]:
        """Every metric by name, titled as this business calls it."""
        return metrics(self.settings.stage)

    def table(self, name: str) -> str:
        """A derived table's quoted name."""
        return f"{quoted(self.schema)}.{quoted(name)}"

    @cached_property
    def connected(self) -> frozenset[str]:
        """The tables that have any row, and the reported columns that have any value: the others are not connected at all,
        so that what they would count is unknown, not 0."""
        checks = {name: f"EXISTS (FROM {self.table(name)})" for name in _TABLES}
        checks |= {name: f"EXISTS (FROM {self.table('spends')} WHERE {name} IS NOT NULL)" for name in REPORTED}
        checks["survey_answers"] = "EXISTS (FROM facts.survey_answer)"
        row = self.once(f"SELECT {', '.join(checks.values())}")[0]
        return frozenset(name for name, there in zip(checks, row, strict=True) if there)

    @cached_property
    def made(self) -> set[str]:
        """The temporary tables that this answering has made."""
        return set()

    def can_count(self, measure: Measure) -> bool:
        """Whether the measure's rows, or the sources' own totals in their stead, are connected."""
        return SUBJECTS[measure.subject].table in self.connected or measure.instead in self.connected

    def has_values(self, table: str, column: str) -> bool:
        """Whether any row of a derived table knows the column."""
        return bool(self.once(f"SELECT EXISTS (FROM {self.table(table)} WHERE {quoted(column)} IS NOT NULL)")[0][0])

    def once(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of SQL that depends on the build alone, not on the question: they are read once."""
        key = f"{sql}\n{parameters or ''}"
        if key not in self.known_once:
            self.known_once[key] = self.connection.execute(sql, parameters).fetchall()
        rows: list[tuple[Any, ...]] = self.known_once[key]
        return rows

    def one(self, sql: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
        """The first row."""
        row: tuple[Any, ...] = self.connection.execute(sql, parameters).fetchall()[0]
        return row


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
