"""Importing a large CSV: rows a second on one core, memory, and what the same takes in pandas and in the engine alone.

    python benchmarks/import_csv.py [--rows 3000000] [--memory 600MB] [--keep]

Each run is a process of its own, so that its memory is its own. The file has the columns of an ad cabinet's export (a date,
texts, whole numbers, money); ``--kind event`` writes a site's events instead. Figures are of processor time: on a busy machine
the clock says nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

SPEND = """SELECT DATE '2015-01-01' + CAST(i // 2000 AS INTEGER) AS day, 'c' || (i % 200) AS campaign_id, 'campaign ' || (i % 200) AS campaign,
'keyword ' || (i % 2000) AS keyword, i % 1000 AS impressions, i % 37 AS clicks, printf('%.2f', (i % 100000) / 100.0) AS cost FROM range($rows) r(i)"""
EVENT = """SELECT 'ev' || i AS event_id, TIMESTAMP '2025-01-01' + to_seconds(i) AS happened_at, ['page_view', 'click', 'form_submit'][1 + i % 3] AS name,
'visitor-' || (i % 500000) AS visitor_id, 'https://shop.example/catalog/item-' || (i % 9999) || '?x=' || i AS url, printf('%.2f', i % 1000 / 10.0) AS amount
FROM range($rows) r(i)"""
MAPPINGS = {
    "spend": {"day_on": "day", "campaign_id": "campaign_id", "campaign": "campaign", "term": "keyword", "impressions": "impressions",
              "clicks": "clicks", "cost": "cost"},
    "event": {"event_id": "event_id", "happened_at": "happened_at", "name": "name", "visitor_id": "visitor_id", "page": "url", "amount": "amount"},
}  # fmt: skip
DATES = {"spend": "day", "event": "happened_at"}


def write(file: Path, kind: str, rows: int) -> None:
    """The file to import."""
    import duckdb

    sql = (SPEND if kind == "spend" else EVENT).replace("$rows", str(rows))
    duckdb.connect().execute(f"COPY ({sql}) TO '{file}' (HEADER)")


def run_longfunnel(file: Path, kind: str, memory: str) -> int:
    """The import as a user has it, on one thread."""
    from longfunnel.connect import import_source
    from longfunnel.core.settings import Business, Source
    from longfunnel.warehouse.database import open_warehouse

    warehouse = open_warehouse(file.parent / "warehouse", memory=memory, threads=1)
    source = Source(name="large", fact=kind, path=file.name, columns=MAPPINGS[kind])
    business = Business(currency="RUB", timezone="Europe/Moscow")
    report = import_source(warehouse, source, business=business, folder=file.parent, recorded_at=datetime(2026, 11, 22))  # noqa: DTZ001
    warehouse.close()
    return report.added


def run_engine(file: Path, kind: str, memory: str) -> int:
    """The engine's own reader into a table of the same types: no checks, no keys, no versions."""
    import duckdb

    connection = duckdb.connect(str(file.parent / "plain.duckdb"), config={"threads": 1, "memory_limit": memory})
    connection.execute(f"CREATE TABLE {kind} AS SELECT * FROM read_csv('{file}')")
    rows: int = connection.execute(f"SELECT count(*) FROM {kind}").fetchall()[0][0]
    connection.close()
    return rows


def run_pandas(file: Path, kind: str, _memory: str) -> int:
    """pandas into memory, dates parsed: nothing is stored."""
    import pandas as pd  # type: ignore[import-untyped]

    return len(pd.read_csv(file, parse_dates=[DATES[kind]]))


RUNS = {"longfunnel": run_longfunnel, "engine alone": run_engine, "pandas": run_pandas}


def one(name: str, file: Path, kind: str, memory: str) -> None:
    """One measured run, in this process."""
    clock = time.perf_counter()
    try:
        rows = RUNS[name](file, kind, memory)
    except ImportError:
        print(f"{name:14} is not installed (group bench)")
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    processor = used.ru_utime + used.ru_stime
    print(
        f"{name:14} {rows / processor:>11,.0f} rows/s of processor time  {rows / (time.perf_counter() - clock):>11,.0f} rows/s by the clock"
        f"  {file.stat().st_size / processor / 1e6:>6.1f} MB/s  peak {used.ru_maxrss // 1024:>5} MB"
    )


def main() -> None:
    """Write the file and measure each way."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=3_000_000)
    arguments.add_argument("--kind", choices=sorted(MAPPINGS), default="spend")
    arguments.add_argument("--memory", default="600MB")
    arguments.add_argument("--only", choices=sorted(RUNS))
    arguments.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.file:
        one(given.only, given.file, given.kind, given.memory)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.csv"
        write(file, given.kind, given.rows)
        print(
            f"{given.rows:,} rows of {given.kind}, {file.stat().st_size / 1e6:,.0f} MB; {os.cpu_count()} cores, one thread used"
        )
        for name in [given.only] if given.only else RUNS:
            command = [
                sys.executable,
                __file__,
                "--file",
                str(file),
                "--only",
                name,
                "--kind",
                given.kind,
                "--memory",
                given.memory,
            ]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
