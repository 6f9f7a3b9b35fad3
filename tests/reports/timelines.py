"""Timelines for tests: rows in plain Python, written into the tables of the contract."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from tests.reports.derived import warehouse

if TYPE_CHECKING:
    import duckdb

FIRST = datetime(2026, 1, 1)
DAY = 86_400


@dataclass(frozen=True)
class Did:
    """One row of a timeline: whose, seconds after the first of January, what, and what it carries."""

    person: int
    at: float
    kind: str = "event"
    name: str = "a"
    detail: str | None = None
    key: int = 0
    amount: str | None = None
    origin: int | None = None


def page(person: int, at: float, path: str, **more: Any) -> Did:
    return Did(person, at, "page", "page_view", path, **more)


def visit(person: int, at: float, origin: int | None = None, **more: Any) -> Did:
    return Did(person, at, "visit", "visit", None, origin=origin, **more)


def act_id(kind: str, name: str, detail: str | None) -> int:
    text = repr((kind, name, detail)).encode()
    return zlib.crc32(text) << 32 | zlib.adler32(text)


def instant(seconds: float) -> datetime:
    return FIRST + timedelta(microseconds=round(seconds * 1_000_000))


def filled(rows: list[Did], tables: dict[str, list[dict[str, Any]]] | None = None) -> duckdb.DuckDBPyConnection:
    """A warehouse whose timeline holds these rows, ordered as the build orders them: bucket, person, instant, as given."""
    connection = warehouse(tables)
    put(connection, rows)
    return connection


def put(connection: duckdb.DuckDBPyConnection, rows: list[Did]) -> None:
    """Make these rows the timeline and the dictionary of acts."""
    numbered = sorted(enumerate(rows), key=lambda item: (item[1].person % 64, item[1].person, item[1].at, item[0]))
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "bucket": (pa.uint8(), [row.person % 64 for _, row in numbered]),
        "person_id": (pa.uint64(), [row.person for _, row in numbered]),
        "at": (pa.timestamp("us"), [instant(row.at) for _, row in numbered]),
        "seq": (pa.uint32(), [number for number, _ in numbered]),
        "act_id": (pa.uint64(), [act_id(row.kind, row.name, row.detail) for _, row in numbered]),
        "fact_key": (pa.uint64(), [row.key or 1_000_000 + number for number, row in numbered]),
        "amount": (pa.decimal128(18, 4), [None if row.amount is None else Decimal(row.amount) for _, row in numbered]),
        "origin_id": (pa.uint64(), [row.origin for _, row in numbered]),
    }
    timeline = pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()})
    acts = {(row.kind, row.name, row.detail) for row in rows}
    words = [list(column) for column in zip(*acts, strict=True)] if acts else [[], [], []]
    dictionary = pa.table(
        {
            "act_id": pa.array([act_id(*act) for act in acts], pa.uint64()),
            **{
                name: pa.array(column, pa.string())
                for name, column in zip(("kind", "name", "detail"), words, strict=True)
            },
        }
    )
    for table, values in (("timeline", timeline), ("acts", dictionary)):
        connection.register("given", values)
        connection.execute(f"DELETE FROM live.{table}; INSERT INTO live.{table} BY NAME SELECT * FROM given")
        connection.unregister("given")
