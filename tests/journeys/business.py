"""A tiny business for the tests: rows go straight into the fact tables; persons are found by a plain union-find."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from longfunnel.core.settings import Settings
from longfunnel.journeys.derive.build import Refreshed, refresh_journeys
from longfunnel.warehouse.database import open_warehouse, transaction
from longfunnel.warehouse.facts import Fact, facts
from longfunnel.warehouse.identifiers import node, node_sql
from longfunnel.warehouse.load import load

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

TABLES = (
    "origins", "spends", "visits", "touches", "leads", "deals", "stage_entries", "orders", "payments", "credits", "timeline", "acts",
)  # fmt: skip


class Facts:
    """Facts of a small business, and the tables derived from them."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.connection: duckdb.DuckDBPyConnection = open_warehouse(folder, threads=1)
        self.settings = settings or Settings()
        self.imports = 0
        self.shared: set[tuple[str, str]] = set()

    def close(self) -> None:
        self.connection.close()

    def add(
        self, fact: str, *rows: dict[str, Any], source: str = "crm", system: str = "", recorded_at: str = "2026-01-01"
    ) -> None:
        """Import rows given as ``column: value``; instants and days as ISO text."""
        declared = facts()[fact]
        self.imports += 1
        columns = list(dict.fromkeys(column for row in rows for column in row))
        kinds = ", ".join(f"{column} {declared.column_by_name[column].type.value}" for column in columns)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE incoming_rows ({kinds})")
        texts = [json.dumps(row, ensure_ascii=False) for row in rows]
        typed = ", ".join(f"CAST(j->>'{c}' AS {declared.column_by_name[c].type.value})" for c in columns)
        self.connection.execute(
            f"INSERT INTO incoming_rows SELECT {typed} FROM (SELECT unnest($texts)::JSON AS j)", {"texts": texts}
        )
        load(
            self.connection, declared, "incoming_rows", columns, source_system=source, system=system,
            recorded_at=datetime.fromisoformat(recorded_at), import_id=self.imports,
        )  # fmt: skip

    def row_node(self, fact: Fact, alias: str) -> str:
        """The node of the first identifier of a row that is not shared, as the contract with people says."""
        guarded = {kind for kind, _ in self.shared}
        nodes = []
        for column in fact.identifiers:
            sql = node_sql(str(column.identifier), f"{alias}.{column.name}", f"{alias}.system")
            free = f"CASE WHEN {sql} NOT IN (SELECT node FROM live.shared_nodes) THEN {sql} END"
            nodes.append(free if column.identifier in guarded else sql)
        return f"coalesce({', '.join(nodes)})" if nodes else "NULL::UBIGINT"

    def identify(self, schema: str = "live") -> None:
        """Persons are components of identifiers that stand in one row; shared ones link nobody. Leaves ``dirty_persons``."""
        leader: dict[int, int] = {}
        kind_of: dict[int, str] = {}
        shared = {node(kind, value) for kind, value in self.shared}

        def find(n: int) -> int:
            while leader.setdefault(n, n) != n:
                n = leader[n]
            return n

        for fact in facts().values():
            for row in self.connection.execute(
                f"SELECT {', '.join(['system', *(c.name for c in fact.identifiers)])} FROM facts.{fact.name}"
            ).fetchall():
                nodes = []
                for column, value in zip(fact.identifiers, row[1:], strict=True):
                    if value is not None:
                        nodes.append(node(str(column.identifier), value, row[0] or ""))
                        kind_of[nodes[-1]] = str(column.identifier)
                        find(nodes[-1])
                free = [n for n in nodes if n not in shared]
                for other in free[1:]:
                    a, b = find(free[0]), find(other)
                    leader[max(a, b)] = min(a, b)
        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        there = self.connection.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'identifiers'", [schema]
        ).fetchone()
        before = (
            dict(self.connection.execute(f"SELECT node, person_id FROM {schema}.identifiers").fetchall())
            if there
            else {}
        )
        now = {n: (None if n in shared else find(n)) for n in kind_of}
        dirty = {
            p
            for n in before.keys() | now.keys()
            if before.get(n) != now.get(n)
            for p in (before.get(n), now.get(n))
            if p
        }
        self.connection.execute(
            f"""CREATE OR REPLACE TABLE {schema}.identifiers (node UBIGINT, kind VARCHAR, person_id UBIGINT, is_shared BOOLEAN);
            CREATE OR REPLACE TABLE {schema}.shared_nodes (node UBIGINT);
            CREATE OR REPLACE TEMP TABLE dirty_persons (person_id UBIGINT)"""
        )
        rows = [{"n": str(n), "k": kind_of[n], "p": p and str(p), "s": n in shared} for n, p in now.items()]
        self._fill(f"{schema}.identifiers", rows, "(j->>'n')::UBIGINT, j->>'k', (j->>'p')::UBIGINT, (j->>'s')::BOOLEAN")
        self._fill(f"{schema}.shared_nodes", [{"n": str(n)} for n in shared], "(j->>'n')::UBIGINT")
        self._fill("dirty_persons", [{"n": str(n)} for n in dirty], "(j->>'n')::UBIGINT")

    def _fill(self, table: str, rows: list[dict[str, Any]], select: str) -> None:
        texts = [json.dumps(row) for row in rows]
        self.connection.execute(
            f"INSERT INTO {table} SELECT {select} FROM (SELECT unnest($t::VARCHAR[])::JSON AS j)", {"t": texts}
        )

    def build(self, *, schema: str = "live", as_of: str = "", dirty_only: bool = False) -> Refreshed:
        with transaction(self.connection):
            self.identify(schema)
            return refresh_journeys(
                self.connection, self.settings, row_node=self.row_node, schema=schema,
                as_of=datetime.fromisoformat(as_of) if as_of else None, dirty_only=dirty_only,
            )  # fmt: skip

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        rows = self.rows(sql)
        assert len(rows) == 1, rows
        return rows[0][0] if len(rows[0]) == 1 else rows[0]

    def tables(self) -> dict[str, list[str]]:
        """Every derived table as sorted text, to compare two builds."""
        return {t: sorted(map(repr, self.rows(f'SELECT * FROM live."{t}"'))) for t in TABLES}
