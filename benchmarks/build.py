"""How long the derived tables take to build: in full, and after one per cent of new facts.

Run: ``python benchmarks/build.py [EVENTS] [MEMORY]``, for instance ``python benchmarks/build.py 10000000 2500MB``. The facts are
made inside the engine, with one visitor for every ten events, one lead for every hundred and one deal for every three hundred.
Prints seconds by step (the ratio is of processors' seconds, which other programs on the machine disturb less), the peak of the process's memory and the size on disk.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from longfunnel.core.settings import Business, Settings
from longfunnel.journeys.derive.build import refresh_journeys
from longfunnel.warehouse.database import open_warehouse, transaction
from longfunnel.warehouse.identifiers import node_sql

if TYPE_CHECKING:
    import duckdb

    from longfunnel.warehouse.facts import Fact

SETTINGS = Settings(business=Business(name="Benchmark", currency="RUB", timezone="Europe/Moscow"))
_PROVENANCE = "'bench' AS source_system, '' AS system, TIMESTAMP '2026-01-01' AS recorded_at, hash(id) AS content_hash, $import AS import_id"


def row_node(fact: Fact, alias: str) -> str:
    """A person is a visitor; facts without a cookie name nobody."""
    return node_sql("visitor", f"{alias}.visitor_id", "") if "visitor_id" in fact.column_by_name else "NULL::UBIGINT"


def add_facts(connection: duckdb.DuckDBPyConnection, first: int, events: int, number: int) -> None:
    """Facts of import ``number``: ``events`` events with ids from ``first``, and their share of leads, deals and payments."""
    # a visitor's ten events lie in three bursts, so that they make about three sessions; new facts fall on old visitors too
    span = {"first": first, "last": first + events, "import": number}
    connection.execute(
        f"""INSERT INTO facts.event BY NAME
        SELECT 'e' || id AS event_id, TIMESTAMP '2025-01-01' + to_seconds((hash(id // 4) % 30000000)::BIGINT + (id % 4) * 70) AS happened_at,
            CASE WHEN id % 5 = 4 THEN 'click' ELSE 'page_view' END AS name, 'v' || (hash(id // 4) % ($first + {events} // 10 + 1)) AS visitor_id,
            'https://shop.example/p' || (hash(id) % 500) AS url, '/p' || (hash(id) % 500) AS page,
            CASE WHEN id % 8 = 0 THEN ['yandex', 'google', 'vk'][1 + (id // 8) % 3] END AS source, CASE WHEN id % 8 = 0 THEN 'cpc' END AS medium,
            CASE WHEN id % 8 = 0 THEN 'c' || (hash(id) % 200) END AS campaign, CASE WHEN id % 8 = 4 THEN 'https://yandex.ru/' END AS referrer,
            ['desktop', 'mobile'][1 + id % 2] AS device, md5_number_lower('e' || id) AS key_hash, {_PROVENANCE}
        FROM range($first, $last) r(id)""",
        span,
    )
    visitor = f"'v' || (hash(id * 100 // 4) % ({events} // 10 + 1))"
    connection.execute(
        f"""INSERT INTO facts.lead BY NAME
        SELECT 'l' || id AS lead_id, TIMESTAMP '2025-01-01' + to_seconds((hash(id * 100 // 4) % 30000000)::BIGINT + 300) AS created_at, {visitor} AS visitor_id,
            'form' AS kind, md5_number_lower('l' || id) AS key_hash, {_PROVENANCE} FROM range($first // 100, $last // 100) r(id)""",
        span,
    )
    connection.execute(
        f"""INSERT INTO facts.deal BY NAME
        SELECT 'd' || id AS deal_id, 'l' || id AS lead_id, TIMESTAMP '2025-01-02' + to_seconds((hash(id * 100 // 4) % 30000000)::BIGINT) AS created_at,
            TIMESTAMP '2025-01-20' + to_seconds((hash(id * 100 // 4) % 30000000)::BIGINT) AS closed_at, {visitor} AS visitor_id,
            ['won', 'lost'][1 + id % 2] AS status, 1000 + id % 5000 AS amount, 'main' AS pipeline, 'done' AS stage,
            md5_number_lower('d' || id) AS key_hash, {_PROVENANCE} FROM range($first // 100, $last // 100) r(id) WHERE id % 3 = 0""",
        span,
    )
    connection.execute(
        f"""INSERT INTO facts.payment BY NAME
        SELECT 'p' || id AS payment_id, 'd' || id AS deal_id, TIMESTAMP '2025-01-21' + to_seconds((hash(id * 100 // 4) % 30000000)::BIGINT) AS paid_at,
            1000 AS amount, md5_number_lower('p' || id) AS key_hash, {_PROVENANCE} FROM range($first // 100, $last // 100) r(id) WHERE id % 6 = 0""",
        span,
    )


def identify(connection: duckdb.DuckDBPyConnection) -> None:
    """Every visitor is a person."""
    connection.execute(
        f"""CREATE OR REPLACE TABLE live.identifiers AS
        SELECT DISTINCT {node_sql("visitor", "visitor_id", "")} AS node, 'visitor' AS kind, node AS person_id, FALSE AS is_shared
        FROM (SELECT visitor_id FROM facts.event UNION SELECT visitor_id FROM facts.lead UNION SELECT visitor_id FROM facts.deal)"""
    )
    connection.execute("CREATE OR REPLACE TABLE live.shared_nodes (node UBIGINT)")
    connection.execute("CREATE OR REPLACE TEMP TABLE dirty_persons (person_id UBIGINT)")


def build(connection: duckdb.DuckDBPyConnection, title: str) -> float:
    """One build, with its time by step printed; seconds of processors."""
    began, spent = time.perf_counter(), time.process_time()
    with transaction(connection):
        done = refresh_journeys(connection, SETTINGS, row_node=row_node)
    took, spent = time.perf_counter() - began, time.process_time() - spent
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in done.seconds.items())
    print(
        f"{title}: {took:.1f} s by the clock, {spent:.1f} s of processors, {done.persons:,} persons (by the clock: {steps})"
    )
    return spent


def main(events: int, memory: str) -> None:
    """Build in full, add one per cent, build again."""
    with tempfile.TemporaryDirectory() as folder:
        connection = open_warehouse(Path(folder), memory=memory)
        with transaction(connection):
            add_facts(connection, 0, events, 1)
        identify(connection)
        full = build(connection, f"full build, {events:,} events")
        with transaction(connection):
            add_facts(connection, events, events // 100, 2)
        identify(connection)
        more = build(connection, "build after 1 % new facts")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        connection.close()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        print(
            f"full / incremental: {full / more:.1f} · peak memory {peak:.2f} GB · {size / events:.0f} bytes on disk per event"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "2500MB")
