"""Funnels from the store on disk to the counts: ours, ClickHouse's windowFunnel (chdb), retentioneering and SQL on DuckDB, side by side.

    python benchmarks/funnel.py [--events 1000000 10000000] [--steps 3 5 10] [--kinds 100] [--times 3] [--without chdb …]

Every engine answers from its own store on disk, filled from the same events (one every few hours per person, all instants of one
person distinct, --kinds kinds of events, the first ones the commonest), with the default window of 30 days, and by a cut. Semantics agree where no instant is shared
and no step is repeated: there the counts are compared, and a difference stops the run. Engines without a window are run and compared
without one. Printed: median seconds by the clock and their ratio to ours, the same for processor seconds (which other programs on the machine
disturb less), peak memory of the process so far and bytes on disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from longfunnel.core.settings import Settings
from longfunnel.reports import answer, read_question
from longfunnel.warehouse.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Callable

PER_PERSON = 20
DAYS = 90
WINDOW = 30 * 86_400_000_000
THREADS = 2


def fill(connection: duckdb.DuckDBPyConnection, events: int, kinds: int) -> None:
    """A timeline as a full build leaves it: by bucket, person and instant; the same at every run."""
    migrate(connection)
    connection.execute("USE live")
    contract = [
        files("longfunnel.journeys").joinpath(name).read_text("utf-8") for name in ("tables.sql", "staging.sql")
    ]
    connection.execute("\n".join(contract).replace(" at TIMESTAMP", ' "at" TIMESTAMP'))
    connection.execute("INSERT INTO builds (version) VALUES ('1')")
    connection.execute(f"INSERT INTO acts SELECT hash(i, 7), 'event', 'e' || i, NULL FROM range({kinds + 1}) t(i)")
    connection.execute("INSERT INTO acts VALUES (1, 'visit', 'visit', NULL)")
    connection.execute(
        "INSERT INTO origins BY NAME SELECT i + 1 AS origin_id, 'channel ' || (i % 8) AS channel FROM range(64) t(i)"
    )
    persons = max(events // PER_PERSON, 1)
    connection.execute(
        f"""INSERT INTO timeline BY NAME
        SELECT CAST(person_id % 64 AS UTINYINT) AS bucket, person_id, "at", CAST(0 AS UINTEGER) AS seq, act_id, i AS fact_key, origin_id FROM (
            SELECT i, hash(i % {persons}, 1) AS person_id,
                CASE WHEN i < {persons} THEN TIMESTAMP '2025-12-31' ELSE
                    TIMESTAMP '2026-01-01' + to_microseconds(CAST(hash(i, 2) % {DAYS * 86_400_000_000} AS BIGINT)) END AS "at",
                CASE WHEN i < {persons} THEN 1 ELSE hash(CAST({kinds} * pow(hash(i, 3) % 1000000 / 1000000, 2) AS BIGINT), 7) END AS act_id,
                CASE WHEN i < {persons} THEN 1 + hash(i, 4) % 64 END AS origin_id
            FROM range({events}) t(i))
        QUALIFY row_number() OVER (PARTITION BY person_id, "at") = 1
        ORDER BY bucket, person_id, "at" """
    )
    connection.execute("USE " + connection.execute("SELECT current_database()").fetchall()[0][0] + ".main")
    connection.execute("CHECKPOINT")


def export(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """The same events as Parquet, for the other engines; a person's channel is that of their visit."""
    connection.execute(
        f"""COPY (
            SELECT t.person_id, epoch_us(t."at") AS at, CAST(coalesce(CAST(a.name[2:] AS INTEGER), -1) AS SMALLINT) AS name,
                max(o.channel) OVER (PARTITION BY t.person_id) AS channel
            FROM live.timeline t LEFT JOIN (FROM live.acts WHERE kind = 'event') a USING (act_id) LEFT JOIN live.origins o ON o.origin_id = t.origin_id
            ORDER BY t.bucket, t.person_id, t."at"
        ) TO '{file}' (FORMAT parquet)"""
    )


def ours(connection: duckdb.DuckDBPyConnection) -> Callable[[int, bool, bool], dict[str, list[int]]]:
    """The report, from the store on disk to its rows."""

    def run(steps: int, windowed: bool, cut: bool) -> dict[str, list[int]]:
        fields = {"steps": ", ".join(f"event:e{n}" for n in range(steps)), "window": "30d" if windowed else "730d"}
        found = answer(
            connection, Settings(), read_question("funnel", fields | ({"by": "channel"} if cut else {}))
        ).rows
        counts: dict[str, list[int]] = {}
        for row in found:
            counts.setdefault((row["channel"] or "") if cut else "", []).append(row["count"])
        return counts

    return run


def clickhouse(file: Path, folder: Path) -> Callable[[int, bool, bool], dict[str, list[int]]]:
    """windowFunnel over a MergeTree table ordered by person and instant."""
    from chdb.session import Session

    session = Session(str(folder / "clickhouse"))
    session.query("CREATE DATABASE bench")
    session.query(
        """CREATE TABLE bench.events (person_id UInt64, at Int64, name Int16, channel LowCardinality(String))
        ENGINE = MergeTree ORDER BY (person_id, at)"""
    )
    session.query(
        f"INSERT INTO bench.events SELECT person_id, at, name, ifNull(channel, '') FROM file('{file}', Parquet)"
    )
    session.query("OPTIMIZE TABLE bench.events FINAL")

    def run(steps: int, windowed: bool, cut: bool) -> dict[str, list[int]]:
        conditions = ", ".join(f"name = {n}" for n in range(steps))
        window = WINDOW if windowed else 730 * 86_400_000_000
        text = session.query(
            f"""SELECT channel, level, count() FROM (
                SELECT person_id, {"any(channel)" if cut else "''"} AS channel, windowFunnel({window})(toUInt64(at), {conditions}) AS level
                FROM bench.events WHERE name IN ({", ".join(map(str, range(steps)))}) GROUP BY person_id)
            WHERE level > 0 GROUP BY channel, level SETTINGS max_threads = {THREADS}""",
            "TabSeparated",
        ).bytes()  # fmt: skip
        counts: dict[str, list[int]] = {}
        for line in text.decode().splitlines():
            channel, level, count = line.split("\t")
            own = counts.setdefault(channel, [0] * steps)
            for step in range(int(level)):
                own[step] += int(count)
        return counts

    return run


def sql(file: Path, folder: Path) -> Callable[[int, bool, bool], dict[str, list[int]]]:
    """What an analyst writes: a chain of first-after-previous. Without a window only: with one, the first entry is not the best."""
    connection = duckdb.connect(str(folder / "sql.duckdb"), config={"threads": THREADS})
    connection.execute(f"CREATE TABLE events AS SELECT person_id, t.at AS moment, name, channel FROM '{file}' t")

    def run(steps: int, windowed: bool, cut: bool) -> dict[str, list[int]]:
        if windowed:
            raise NotImplementedError
        first = "SELECT person_id, min(moment) AS moment, any_value(channel) AS channel FROM events WHERE name = 0"
        parts = [f"s0 AS ({first} GROUP BY person_id)"]
        parts += [
            f"""s{n} AS (SELECT p.person_id, min(e.moment) AS moment, any_value(p.channel) AS channel
            FROM s{n - 1} p JOIN events e ON e.person_id = p.person_id AND e.name = {n} AND e.moment > p.moment GROUP BY p.person_id)"""
            for n in range(1, steps)
        ]
        channel = "coalesce(channel, '')" if cut else "''"
        union = " UNION ALL ".join(
            f"SELECT {channel} AS channel, {n} AS step, count(*) AS n FROM s{n} GROUP BY 1" for n in range(steps)
        )
        counts: dict[str, list[int]] = {}
        for word, step, count in connection.execute(f"WITH {', '.join(parts)} {union}").fetchall():
            counts.setdefault(word, [0] * steps)[step] = count
        return counts

    return run


def retentioneering(file: Path, _folder: Path) -> Callable[[int, bool, bool], dict[str, list[int]]]:
    """Its Eventstream and funnel; it has neither a window nor a cut of this kind."""
    from retentioneering import Eventstream

    query = f"SELECT person_id AS user_id, make_timestamp(t.at) AS timestamp, 'e' || name AS event FROM '{file}' t"
    stream = Eventstream(duckdb.connect().execute(query).df())

    def run(steps: int, windowed: bool, cut: bool) -> dict[str, list[int]]:
        if windowed or cut:
            raise NotImplementedError
        found = stream.funnel_data(steps=[f"e{n}" for n in range(steps)])
        return {"": [step["unique_paths"] for step in found["steps"]]}

    return run


def timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Median seconds by the clock and of processors, after one warming run. (All engines run in this process.)"""
    work()
    clock, processors = [], []
    for _ in range(times):
        start, spent = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start)
        processors.append(time.process_time() - spent)
    return statistics.median(clock), statistics.median(processors)


def compare(events: int, kinds: int, steps: list[int], times: int, without: list[str], folder: Path) -> None:
    """One size: fill, run every engine, check, print."""
    store = folder / "warehouse.duckdb"
    connection = duckdb.connect(str(store), config={"threads": THREADS})
    connection.execute("SET TimeZone = 'UTC'")
    began = time.perf_counter()
    fill(connection, events, kinds)
    rows = connection.execute("SELECT count(*) FROM live.timeline").fetchall()[0][0]
    took, size = time.perf_counter() - began, store.stat().st_size / rows
    print(
        f"\n{rows:,} events of {rows // PER_PERSON:,} persons; {size:.0f} bytes an event on disk; filled in {took:.0f} s"
    )
    file = folder / "events.parquet"
    export(connection, file)
    engines: dict[str, Callable[[int, bool, bool], dict[str, list[int]]]] = {"longfunnel": ours(connection)}
    for name, make in (("chdb", clickhouse), ("duckdb sql", sql), ("retentioneering", retentioneering)):
        if name in without:
            continue
        try:
            engines[name] = make(file, folder)
        except ImportError as error:
            print(f"{name}: not here ({error})", file=sys.stderr)
    print(f"{'steps':>5} {'window':>7} {'cut':>8} " + " ".join(f"{name:>31}" for name in engines))
    for count in steps:
        for windowed, cut in ((True, False), (True, True), (False, False)):
            cells, mine, base = [], engines["longfunnel"](count, windowed, cut), (0.0, 0.0)
            for name, run in engines.items():
                try:
                    found = run(count, windowed, cut)
                except NotImplementedError:
                    cells.append(f"{'–':>31}")
                    continue
                assert found == mine, f"{name} differs: {found} and {mine}"
                seconds = timed(
                    lambda run=run, count=count, windowed=windowed, cut=cut: run(count, windowed, cut), times
                )
                base = base if base[0] else seconds
                cells.append(
                    f"{seconds[0]:>9.3f} s {seconds[0] / base[0]:>4.1f}x {seconds[1]:>6.2f} s {seconds[1] / base[1]:>4.1f}x"
                )
            print(f"{count:>5} {'30 d' if windowed else 'none':>7} {'channel' if cut else '–':>8} " + " ".join(cells))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"      peak memory of the process so far, all engines: {memory:,.0f} MB")
    connection.close()


def main() -> None:
    """Every size in turn."""
    os.environ["RETENTIONEERING_NO_TRACK"] = "1"  # it reports its use to its makers otherwise
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--steps", type=int, nargs="+", default=[3, 5, 10])
    parser.add_argument(
        "--kinds", type=int, default=100, help="how many kinds of events: the fewer, the more of them matter"
    )
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[])
    given = parser.parse_args()
    for events in given.events:
        with tempfile.TemporaryDirectory() as folder:
            compare(events, given.kinds, given.steps, given.times, given.without, Path(folder))


if __name__ == "__main__":
    main()
