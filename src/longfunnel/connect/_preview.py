"""A file as a mapping that a person has written reads it: its columns with examples, and the first rows as understood."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from longfunnel.connect._propose import NO_FILE, Proposal, notes_of, understand
from longfunnel.connect._reading import open_table
from longfunnel.connect._typed import clean_sql, register
from longfunnel.core.errors import SourceError
from longfunnel.core.text import NOTHING
from longfunnel.warehouse import identifiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.connect._reading import Table
    from longfunnel.core.settings import Business, Source

_LOOK = 500
_EXAMPLES = 3


def columns_of(path: Path, source: Source, *, folder: Path) -> list[tuple[str, list[str]]]:
    """The file's own columns, in order, each with up to three different values. Raises SourceError when it is no table."""
    with _opened(path, source, folder) as (connection, table):
        cells = ", ".join(
            clean_sql(f"c{place}") if table.kind(place) == "VARCHAR" else f"CAST(c{place} AS VARCHAR)"
            for place in range(len(table.headers))
        )
        rows = connection.execute(f"SELECT {cells} FROM ({table.sql}) LIMIT {_LOOK}", table.parameters).fetchall()
    return [
        (header, list(dict.fromkeys(value for row in rows if (value := row[place])))[:_EXAMPLES])
        for place, header in enumerate(table.headers)
    ]


def preview(path: Path, source: Source, *, business: Business, folder: Path) -> Proposal:
    """The first rows as ``source`` would read them, and what it would not understand. Nothing is written.

    Raises SourceError when the mapping names what is not there, or leaves out what no row can do without.
    """
    with _opened(path, source, folder) as (connection, table):
        proposal = Proposal(path, source, NOTHING, 1.0, notes=notes_of(table))
        understand(connection, proposal, table, business)
        return proposal


@contextmanager
def _opened(path: Path, source: Source, folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Table]]:
    file = folder / path
    if not file.is_file():
        raise SourceError(NO_FILE.format(path=path))
    with (
        tempfile.TemporaryDirectory(prefix="longfunnel-", ignore_cleanup_errors=True) as work,
        duckdb.connect(":memory:") as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        register(connection)
        identifiers.register(connection)
        yield connection, open_table(connection, file, source, Path(work))
