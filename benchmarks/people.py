"""Who is who at the scale of 10 M events: a full build, a build after 1 % new facts, and the same graph by networkx.

    python benchmarks/people.py [--events 10000000]

One million visitors make ten million events; three in ten leave a lead, with an e-mail and a phone, some from a second
device. networkx is given the links ready-made and only has to find the components; the build reads them from the facts.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from longfunnel.core.settings import Settings
from longfunnel.people import refresh_people
from longfunnel.people.components import components
from longfunnel.warehouse.database import open_warehouse, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

FIRST = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_EVENTS = """INSERT INTO facts.event
    (event_id, happened_at, name, visitor_id, ym_client_id, yclid, source_system, system, recorded_at, key_hash, content_hash, import_id)
SELECT $first + i, TIMESTAMP '2025-01-01' + to_seconds(i % 31536000), 'page_view', 'v' || v, CASE WHEN v % 2 = 0 THEN 'ym' || v END,
    CASE WHEN i % 20 = 0 THEN 'click' || i END, 'site', '', $at, $first + i, 0, $import
FROM (SELECT i, hash(i + $first) % $visitors AS v FROM range($count) r(i))"""
_LEADS = """INSERT INTO facts.lead
    (lead_id, created_at, email, phone, visitor_id, ym_client_id, source_system, system, recorded_at, key_hash, content_hash, import_id)
SELECT $first + i, TIMESTAMP '2025-01-01' + to_seconds(i * 7 % 31536000), 'p' || p || '@mail.ru', '+79' || lpad(p::VARCHAR, 9, '0'), 'v' || v,
    CASE WHEN v % 2 = 0 THEN 'ym' || v END, 'crm', 'crm', $at, $first + i, 0, $import
FROM (SELECT i, hash(i + $first) % $visitors AS v, hash(i + $first) % $visitors // 2 AS p FROM range($count) r(i))"""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        connection = open_warehouse(Path(folder))
        put(connection, events, first=0, number=1)
        print(
            f"{events:,} events, {events * 3 // 100:,} leads, {connection.execute('SELECT current_setting($1)', ['threads']).fetchall()[0][0]} threads"
        )
        full = measure("full build", lambda: build(connection))
        put(connection, events // 100, first=events, number=2)
        again = measure("build after 1 % new facts", lambda: build(connection))
        print(f"{'':32} {full / again:7.1f} × faster than the full one")
        ends = connection.execute("SELECT DISTINCT node_a, node_b FROM live.links").fetchnumpy()
        print(f"{len(ends['node_a']):,} links")
        ours = measure("components, SciPy", lambda: components(ends["node_a"], ends["node_b"]))
        theirs = measure("components, networkx", lambda: by_networkx(ends["node_a"].tolist(), ends["node_b"].tolist()))
        print(f"{'':32} {theirs / ours:7.1f} × faster than networkx")


def put(connection: duckdb.DuckDBPyConnection, events: int, *, first: int, number: int) -> None:
    """Put facts into the warehouse as an import would."""
    values = {
        "first": first,
        "at": FIRST + timedelta(days=number),
        "import": number,
        "visitors": (first + events) // 10,
    }
    with transaction(connection):
        connection.execute(_EVENTS, {**values, "count": events})
        connection.execute(_LEADS, {**values, "count": events * 3 // 100})


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring persons up to date and say what came of it."""
    with transaction(connection):
        change = refresh_people(connection, Settings(), [])
    print(
        f"{change.persons:,} persons of {change.identifiers:,} identifiers, {change.dirty:,} dirty, {change.merged:,} merged"
    )


def by_networkx(left: list[int], right: list[int]) -> int:
    """The number of components, by networkx."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_edges_from(zip(left, right, strict=True))
    return sum(1 for _ in nx.connected_components(graph))


def measure(what: str, action: Callable[[], object]) -> float:
    """Seconds that an action took, printed with the peak memory of the process so far."""
    start = time.perf_counter()
    action()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / 1024
    print(f"{what:32} {seconds:7.2f} s, peak memory so far {peak:.2f} GB")
    return seconds


if __name__ == "__main__":
    main()
