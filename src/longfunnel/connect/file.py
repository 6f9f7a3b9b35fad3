"""Files as sources: csv, tsv, txt, xlsx, xls, json, jsonl, parquet, and .gz or .zip of these; a glob takes many."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from longfunnel.connect._exhausted import FREE_SPACE
from longfunnel.connect._files import find_files
from longfunnel.connect._headers import check_names
from longfunnel.connect._job import Job
from longfunnel.connect._reading import Table, open_table
from longfunnel.connect._report import ImportReport
from longfunnel.connect._typed import register
from longfunnel.core.errors import SourceError, WarehouseError, together, words_of
from longfunnel.core.text import Text
from longfunnel.warehouse import identifiers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import duckdb

    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Business, Source


def import_source(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    business: Business,
    folder: Path,
    recorded_at: datetime,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring the rows of a source's files into the facts. ``recorded_at`` is the instant (naive UTC) at which we learn them.

    A file that was imported before with the same mapping is nothing to do. Each file goes in as a whole or, when something
    stops it, not at all; files before it stay, and the next import goes on from there. Rows that cannot be understood go to
    the quarantine, where the next import of their file replaces them. ``progress`` hears what is read and the share done.

    Raises SourceError before anything is written: when a file cannot be read, when the mapping names a column that is not
    there, when a column reads two ways and nothing settles which, and when no row at all can be understood. Raises
    WarehouseError when the disk is full.
    """
    files = find_files(source.path, folder, source.name)
    report = ImportReport(source.name, source.fact)
    register(connection)
    identifiers.register(connection)
    with tempfile.TemporaryDirectory(prefix="longfunnel-", dir=_beside(connection), ignore_cleanup_errors=True) as work:
        tables = _open_all(connection, files, source, Path(work))
        fact = check_names(source, {table.file.name: table.headers for table in tables})
        for number, table in enumerate(tables):
            job = Job(connection, source, fact, table, business, _name(table.file, folder), recorded_at)
            report.files.append(job.run(_part_of(progress, f"{source.name}: {table.file.name}", number, len(tables))))
    return report


def _beside(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Where temporary copies go: beside the warehouse, on the disk that has room for its data."""
    place: str = connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    parent = Path(place).parent
    return str(parent) if place and parent.is_absolute() and parent.is_dir() else None


def _open_all(connection: duckdb.DuckDBPyConnection, files: list[Path], source: Source, work: Path) -> list[Table]:
    tables: list[Table] = []
    mistakes: list[Text] = []
    for number, file in enumerate(files):
        own = work / str(number)
        own.mkdir()
        try:
            tables.append(open_table(connection, file, source, own))
        except SourceError as error:
            mistakes.append(words_of(error))
        except OSError as error:
            raise WarehouseError(
                Text(
                    "A temporary copy of {file} cannot be written ({why}): nothing was imported.",
                    "Временная копия {file} не пишется ({why}): ничего не загружено.",
                ).format(file=file.name, why=error.strerror),
                hint=FREE_SPACE,
            ) from error
    if mistakes:
        raise SourceError(together(mistakes, f"[[source]] «{source.name}»:"))
    return tables


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _part_of(progress: Progress | None, what: str, number: int, many: int) -> Callable[[float], None]:
    def tell(share: float) -> None:
        if progress:
            progress(what, (number + share) / many)

    return tell
