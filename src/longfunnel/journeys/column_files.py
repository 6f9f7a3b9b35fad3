"""The timeline's columns in files beside the warehouse, mapped into memory: what a kernel scans without copying or decoding.

They are a copy of the timeline of one build and bear its version, so they are never stale: a build takes them away, and the
first question after it makes them again. A warehouse without a file of its own has none, and is read through the engine.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import numpy as np

from longfunnel.journeys.arrow_columns import plain
from longfunnel.journeys.kernels.reading import act_table, code_acts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb
    from numpy.typing import NDArray

FOLDER: Final = "columns"
_CHUNK: Final = 1 << 19
_SQL: Final = {"fact_key": "fact_key", "origin_id": "coalesce(origin_id, 0) AS origin_id", "amount": "amount"}
"""Columns that only some questions ask for; each is written when the first does."""


@dataclass(frozen=True)
class ColumnFiles:
    """The columns of one build's timeline. ``starts`` has one more entry than there are persons: person i of ``person_id`` has
    rows starts[i] … starts[i+1]-1 of ``at`` (µs) and ``act`` (places in ``act_id``). ``more``: the columns asked for besides.
    """

    person_id: NDArray[np.uint64]
    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    act: NDArray[np.uint32]
    act_id: NDArray[np.uint64]
    more: dict[str, NDArray[np.int64]]


def column_files(connection: duckdb.DuckDBPyConnection, schema: str, more: Iterable[str] = ()) -> ColumnFiles | None:
    """The columns of the last build, made if need be, with ``more`` of them: fact_key, origin_id (0: unknown), amount.

    None where there can be none: a warehouse in memory, a timeline that no build has made, a folder that cannot be written.
    """
    version, place = _version(connection, schema), _place(connection)
    if version is None or place is None:
        return None
    folder = place / schema / version
    try:
        if not folder.exists() and not _make(connection, schema, folder):
            return None
        if not all((folder / f"{name}.npy").exists() or _add(connection, schema, folder, name) for name in more):
            return None
        columns = {name: _mapped(folder / f"{name}.npy") for name in ("person_id", "starts", "at", "act", "act_id")}
        return ColumnFiles(**columns, more={name: _mapped(folder / f"{name}.npy") for name in more})
    except OSError:
        return None


def forget_columns(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Take the files of a schema away: its timeline is about to change, or a person is to be erased from it."""
    place = _place(connection)
    if place is not None:
        shutil.rmtree(place / schema, ignore_errors=True)


def _place(connection: duckdb.DuckDBPyConnection) -> Path | None:
    rows = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database() AND type = 'duckdb' AND path IS NOT NULL"
    ).fetchall()
    return Path(rows[0][0]).parent / FOLDER if rows else None


def _version(connection: duckdb.DuckDBPyConnection, schema: str) -> str | None:
    """The version of the schema's last build."""
    there = connection.execute(
        "SELECT 1 FROM duckdb_columns() WHERE schema_name = ? AND table_name = 'builds' AND column_name = 'version' AND database_name = current_database()",
        [schema],
    ).fetchall()
    rows = connection.execute(f'SELECT version FROM "{schema}".builds').fetchall() if there else []
    return rows[0][0] if rows else None


def _make(connection: duckdb.DuckDBPyConnection, schema: str, folder: Path) -> bool:
    """Write the files of a version; whether they are there now. A copy that another build overtook is thrown away."""
    draft = folder.with_name(f"{folder.name}.{uuid4().hex}")
    draft.mkdir(parents=True)
    try:
        _write(connection, schema, draft)
        if _version(connection, schema) != folder.name:
            return False
        with suppress(OSError):  # another thread was faster, with the same
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for other in folder.parent.iterdir():
        if not other.name.startswith(folder.name):
            shutil.rmtree(other, ignore_errors=True)
    return folder.exists()


def _write(connection: duckdb.DuckDBPyConnection, schema: str, folder: Path) -> None:
    rows = connection.execute(f'SELECT count(*) FROM "{schema}".timeline').fetchall()[0][0]
    ids = connection.execute(f'SELECT act_id FROM "{schema}".acts ORDER BY act_id').fetchnumpy()["act_id"]
    act_id = np.asarray(ids, np.uint64)
    table = act_table(act_id)
    persons: list[NDArray[np.int64]] = []
    starts: list[NDArray[np.int64]] = []
    last, done = None, 0
    with ExitStack() as stack:
        at = _Column(stack, folder / "at.npy", np.dtype(np.int64), rows)
        act = _Column(stack, folder / "act.npy", np.dtype(np.uint32), rows)
        for raw in _read(connection, schema, ["person_id", '"at"', "act_id"]):
            person = raw["person_id"]
            opens = np.ones(len(person), np.bool_)
            opens[1:] = person[1:] != person[:-1]
            opens[0] = last is None or person[0] != last
            begins = np.flatnonzero(opens)
            persons.append(person[begins])
            starts.append(begins + done)
            at.write(raw["at"])
            act.write(code_acts(raw["act_id"], table, len(act_id)))
            last, done = person[-1], done + len(person)
    np.save(folder / "person_id.npy", np.concatenate([*persons, np.empty(0, np.int64)]).view(np.uint64))
    np.save(folder / "starts.npy", np.concatenate([*starts, np.array([done], np.int64)]))
    np.save(folder / "act_id.npy", act_id)


def _add(connection: duckdb.DuckDBPyConnection, schema: str, folder: Path, name: str) -> bool:
    """Write one more column of a version; whether it is there now."""
    draft = folder / f"{name}.{uuid4().hex}"
    try:
        with ExitStack() as stack:
            out = _Column(stack, draft, np.dtype(np.int64), len(_mapped(folder / "at.npy")))
            for raw in _read(connection, schema, [_SQL[name]]):
                out.write(raw[name])
        if _version(connection, schema) != folder.name:
            return False
        draft.replace(folder / f"{name}.npy")
    finally:
        draft.unlink(missing_ok=True)
    return True


def _read(
    connection: duckdb.DuckDBPyConnection, schema: str, columns: list[str]
) -> Iterator[dict[str, NDArray[np.int64]]]:
    """These columns of the timeline, a part at a time, in the order in which it stands."""
    reader = connection.execute(f'SELECT {", ".join(columns)} FROM "{schema}".timeline').to_arrow_reader(_CHUNK)
    for batch in reader:
        if batch.num_rows:
            yield plain(batch)


class _Column:
    """A column of known length that is being written, as numpy's own file."""

    def __init__(self, stack: ExitStack, file: Path, dtype: np.dtype[Any], rows: int) -> None:
        self._file = stack.enter_context(file.open("wb"))
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows,)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def write(self, part: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(part).data)


def _mapped(file: Path) -> NDArray[Any]:
    """A file's array without reading it. (Copy-on-write, which nobody writes: kernels are compiled once per array type, and a
    read-only array is another type.)
    """
    # an empty file cannot be mapped
    return np.asarray(np.load(file) if file.stat().st_size <= 128 else np.load(file, mmap_mode="c"))
