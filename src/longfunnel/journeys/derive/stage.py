"""One build of the journeys: what every step of it needs, and the tables that only the build itself reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from longfunnel.journeys.derive.days import day_sql
from longfunnel.journeys.derive.declared import declaration
from longfunnel.warehouse.facts import Fact, facts
from longfunnel.warehouse.identifiers import node_sql
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import duckdb
    import pyarrow as pa

    from longfunnel.core.settings import Settings

BUCKETS: Final = 64
"""Persons are hashed into this many buckets; each kernel call reads one."""


@dataclass(frozen=True)
class Build:
    """One build: the connection, the rules, and where the tables go."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    schema: str
    row_node: Callable[[Fact, str], str]
    """SQL for the identity node of a fact's row, under the given alias: joins ``identifiers.node``."""
    as_of: datetime | None = None
    is_full: bool = True
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def live(self) -> str:
        """The quoted schema that the tables stand in."""
        return f'"{self.schema}"'

    def run(self, sql: str, **values: Any) -> duckdb.DuckDBPyConnection:
        """Run one statement with its bound values."""
        return self.connection.execute(sql, values) if values else self.connection.execute(sql)

    def one(self, sql: str, **values: Any) -> Any:
        """The first column of the only row."""
        row = self.run(sql, **values).fetchone()
        return row[0] if row else None

    def day(self, instant: str) -> str:
        """SQL of the day, in the business's zone, of an instant in UTC."""
        return day_sql(instant, self.settings.business.timezone)

    def replace(self, table: str, select: str, **values: Any) -> None:
        """Make ``table`` anew from a SELECT whose columns bear the table's names."""
        self.run(f"DROP TABLE IF EXISTS {self.live}.{table}")
        self.run(declaration(table).replace(f"CREATE TABLE {table}", f"CREATE TABLE {self.live}.{table}", 1))
        self.run(f"INSERT INTO {self.live}.{table} BY NAME {select}", **values)


def take_table(build: Build, name: str, table: pa.Table) -> None:
    """Temp table ``name`` from Arrow. Reading Arrow in place would push joins' bounds into it, which fails above 2^63."""
    build.connection.register("arrow_rows", table)
    build.run(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM arrow_rows")
    build.connection.unregister("arrow_rows")


def stage_current(build: Build, name: str) -> None:
    """Temp table ``now_<fact>``: the latest versions of a fact's rows with ``person_id`` and ``is_shared``.

    ``person_id`` is NULL for a row that names nobody; ``is_shared`` when something that it names is shared by many.
    """
    fact = facts()[name]
    values = {} if build.as_of is None else {"as_of": build.as_of}
    rows = current_sql(fact, as_of=build.as_of is not None)
    if not fact.identifiers:
        build.run(
            f"CREATE OR REPLACE TEMP TABLE now_{name} AS SELECT f.*, NULL::UBIGINT AS person_id, FALSE AS is_shared FROM ({rows}) f",
            **values,
        )
        return
    build.run(
        f"CREATE OR REPLACE TEMP TABLE named AS SELECT f.*, ({build.row_node(fact, 'f')}) AS node FROM ({rows}) f",
        **values,
    )
    # the identifiers of these rows are a small part of all
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE now_{name} AS
        SELECT f.* EXCLUDE (node), i.person_id, {_is_shared(build, fact)} AS is_shared
        FROM named f LEFT JOIN (SELECT node, person_id FROM {build.live}.identifiers SEMI JOIN named USING (node)) i ON i.node = f.node"""
    )
    build.run("DROP TABLE named")


def _is_shared(build: Build, fact: Fact) -> str:
    """SQL: whether the row names an identifier that many contacts share. Only kinds that have shared ones are looked at."""
    kinds = {
        row[0] for row in build.run(f"SELECT DISTINCT kind FROM {build.live}.identifiers WHERE is_shared").fetchall()
    }
    looks = [
        f"coalesce({node_sql(column.identifier, f'f.{column.name}', 'f.system')} IN (SELECT node FROM {build.live}.shared_nodes), FALSE)"
        for column in fact.identifiers
        if column.identifier and column.identifier in kinds
    ]
    return f"({' OR '.join(looks)})" if looks else "FALSE"
