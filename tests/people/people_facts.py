"""A warehouse that a test fills with facts as an import does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.core.settings import Business, Guards, Settings
from longfunnel.people import PeopleChange, refresh_people
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import load

if TYPE_CHECKING:
    import duckdb

    from longfunnel.state import Decision

START = datetime.fromisoformat("2026-01-01")
_REQUIRED_TIME = {
    "lead": "created_at",
    "event": "happened_at",
    "call": "started_at",
    "stage_entry": "entered_at",
    "payment": "paid_at",
}


@dataclass
class Facts:
    """A warehouse that a test fills."""

    connection: duckdb.DuckDBPyConnection
    imports: int = 0

    def clear(self) -> None:
        """Forget everything."""
        for name in facts():
            self.connection.execute(f"DELETE FROM facts.{name}")
        self.connection.execute("DROP SCHEMA live CASCADE; CREATE SCHEMA live; DELETE FROM main.merge_log")
        self.imports = 0

    def put(
        self, name: str, *rows: dict[str, Any], system: str = "crm", source: str = "files", day: int | None = None
    ) -> None:
        """Import rows, recorded on the given day (as many days after the start as imports were made, if not given)."""
        self.imports += 1
        fact = facts()[name]
        rows = tuple({**({_REQUIRED_TIME[name]: START} if name in _REQUIRED_TIME else {}), **row} for row in rows)
        columns = sorted({column for row in rows for column in row})
        declared = ", ".join(f'"{column}" {fact.column_by_name[column].type.value}' for column in columns)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE staging ({declared})")
        marks = ", ".join("?" * len(columns))
        self.connection.executemany(
            f"INSERT INTO staging VALUES ({marks})", [[row.get(column) for column in columns] for row in rows]
        )
        recorded_at = START + timedelta(days=self.imports if day is None else day)
        load(
            self.connection,
            fact,
            "staging",
            columns,
            source_system=source,
            system=system,
            recorded_at=recorded_at,
            import_id=self.imports,
        )

    def build(
        self, decisions: list[Decision] | None = None, *, guards: Guards | None = None, **options: Any
    ) -> PeopleChange:
        """Bring persons up to date."""
        settings = Settings(business=Business(country="RU"), guards=guards or Guards())
        with transaction(self.connection):
            return refresh_people(self.connection, settings, decisions or [], **options)

    def persons(self, schema: str = "live") -> dict[str, int | None]:
        """The person of each identifier, as «kind:value»."""
        return dict(
            self.connection.execute(f"SELECT kind || ':' || value, person_id FROM {schema}.identifiers").fetchall()
        )

    def groups(self, schema: str = "live") -> set[frozenset[str]]:
        """Identifiers by person."""
        rows = self.connection.execute(
            f"SELECT list(kind || ':' || value) FROM {schema}.identifiers WHERE NOT is_shared GROUP BY person_id"
        ).fetchall()
        return {frozenset(group) for (group,) in rows}

    def tables(self) -> list[list[tuple[Any, ...]]]:
        """All that a build makes, in one order."""
        return [
            self.connection.execute(f"SELECT * FROM live.{name} ORDER BY ALL").fetchall()
            for name in ("evidence", "identifiers", "shared_nodes")
        ]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.connection.execute(query).fetchall()
