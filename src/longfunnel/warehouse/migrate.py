"""Numbered migrations of the warehouse: ``migrations/NNNN_what.sql``, each applied once, in order, in its own transaction.

Fact tables follow their declarations: a table or a column that a declaration has and the file has not is added. A column
is never dropped or retyped this way; that takes a numbered migration.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from longfunnel.core.errors import WarehouseError
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    import duckdb

PROVENANCE = (
    ("source_system", "VARCHAR"),
    ("system", "VARCHAR"),
    ("recorded_at", "TIMESTAMP"),
    ("key_hash", "UBIGINT"),
    ("content_hash", "UBIGINT"),
    ("import_id", "BIGINT"),
)
"""Columns that every fact has besides its own: the ``[[source]]`` it came from, the id space, when we learnt it, the hashes
of its key and of its content, and the import that brought it."""


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the warehouse to this version. Raises WarehouseError when a newer version made it."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS main.migrations (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMP)"
    )
    applied = {row[0] for row in connection.execute("SELECT number FROM main.migrations").fetchall()}
    scripts = {
        int(file.name[:4]): file
        for file in files("longfunnel.warehouse.migrations").iterdir()
        if file.name.endswith(".sql")
    }
    if applied - scripts.keys():
        raise WarehouseError(
            Text(
                "This warehouse was made by a newer version of Longfunnel.",
                "Это хранилище сделано более новой версией Longfunnel.",
            ),
            hint=Text("Install that version or a later one.", "Поставьте её или более позднюю."),
        )
    for number in sorted(scripts.keys() - applied):
        connection.execute("BEGIN")
        connection.execute(scripts[number].read_text("utf-8"))
        connection.execute(
            "INSERT INTO main.migrations VALUES (?, ?, now()::TIMESTAMP)", [number, scripts[number].name]
        )
        connection.execute("COMMIT")
    _follow_declarations(connection)


def _follow_declarations(connection: duckdb.DuckDBPyConnection) -> None:
    have: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'facts'"
    ).fetchall():
        have.setdefault(table, set()).add(column)
    for fact in facts().values():
        wanted = [(column.name, column.type.value) for column in fact.columns] + list(PROVENANCE)
        if fact.name not in have:
            connection.execute(
                f'CREATE TABLE facts."{fact.name}" ({", ".join(f"{name} {kind}" for name, kind in wanted)})'
            )
            continue
        for name, kind in wanted:
            if name not in have[fact.name]:
                connection.execute(f'ALTER TABLE facts."{fact.name}" ADD COLUMN {name} {kind}')
