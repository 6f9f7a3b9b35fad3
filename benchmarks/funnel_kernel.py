"""Time the funnel kernels on invented events, side by side with ClickHouse's ``windowFunnel`` where chdb is installed.

    python benchmarks/funnel_kernel.py [--events 1000000 10000000] [--steps 3 5 10] [--threads 2]

Both count, on the same events, the persons that reach each step in order within 7 days. Instants are unique within a person, and
each event matches at most one step, so that both mean the same; the counts are compared, and the ratio of times is printed.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.funnels.funnel import Funnel, Step
from longfunnel.journeys.kernels.engine import Journeys, find_attempts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DAY = 86_400_000_000
EVENTS_PER_PERSON = 20


def invent(events: int, steps: int) -> tuple[Journeys, NDArray[np.int64], NDArray[np.int64]]:
    """Journeys of 20 events each, on average, over 90 days, with the person and the event's kind of each row."""
    random = np.random.default_rng(7)
    person = np.sort(random.integers(0, events // EVENTS_PER_PERSON, events))
    at = random.integers(0, 90 * DAY, events)
    order = np.lexsort((at, person))
    at = at[order] + np.arange(events)  # unique instants
    kind = np.minimum(random.geometric(0.25, events) - 1, steps)
    bits = np.where(kind < steps, np.uint64(1) << kind.astype(np.uint64), np.uint64(0))
    starts = np.append(np.flatnonzero(np.diff(person, prepend=-1)), events)
    return Journeys(starts=starts, at=at, steps=bits), person, kind


def best_of(run: Callable[[], list[int]], times: int = 3) -> tuple[float, list[int]]:
    """The shortest of several runs, in seconds, and the answer."""
    shortest, answer = float("inf"), []
    for _ in range(times):
        begin = time.perf_counter()
        answer = run()
        shortest = min(shortest, time.perf_counter() - begin)
    return shortest, answer


def ours(journeys: Journeys, funnel: Funnel, threads: int) -> list[int]:
    """Persons that reached each step."""
    found = find_attempts(journeys, funnel, threads=threads)
    return [int(np.count_nonzero(found.furthest >= k)) for k in range(len(funnel.steps))]


def clickhouse(
    steps: int, threads: int
) -> Callable[[NDArray[np.int64], Journeys, NDArray[np.int64]], tuple[float, list[int]]]:
    """A timer of windowFunnel over a MergeTree table ordered by person and time.

    Raises:
        ImportError: chdb is not installed.
    """
    import chdb.session  # optional: only the comparison needs it
    import pyarrow as pa
    import pyarrow.parquet as pq

    def run(person: NDArray[np.int64], journeys: Journeys, kind: NDArray[np.int64]) -> tuple[float, list[int]]:
        session = chdb.session.Session()
        path = f"{os.environ.get('TMPDIR', '/tmp')}/funnel_kernel_{os.getpid()}.parquet"  # noqa: S108
        pq.write_table(
            pa.table({"person": person, "at": journeys.at.astype(np.uint64), "kind": kind.astype(np.uint8)}), path
        )
        session.query("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
        session.query(
            "CREATE TABLE bench.event (person UInt64, at UInt64, kind UInt8) ENGINE = MergeTree ORDER BY (person, at)"
        )
        session.query(f"INSERT INTO bench.event SELECT * FROM file('{path}', Parquet)")
        os.unlink(path)  # noqa: PTH108
        conditions = ", ".join(f"kind = {k}" for k in range(steps))
        query = (
            f"SELECT level, count() FROM (SELECT windowFunnel({7 * DAY})(at, {conditions}) AS level FROM bench.event "
            f"GROUP BY person) WHERE level > 0 GROUP BY level SETTINGS max_threads = {threads}"
        )

        def count() -> list[int]:
            lines = str(session.query(query, "CSV")).split()
            levels = dict(tuple(int(x) for x in line.split(",")) for line in lines)
            return [sum(n for level, n in levels.items() if level > k) for k in range(steps)]

        return best_of(count)

    return run


def main() -> None:
    """Print one line per size and number of steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--steps", type=int, nargs="+", default=[3, 5, 10])
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    print(f"{'events':>12} {'steps':>5} {'funnel s':>9} {'ClickHouse s':>13} {'ratio':>7}  counts")
    for events in asked.events:
        for steps in asked.steps:
            journeys, person, kind = invent(events, steps)
            funnel = Funnel(
                steps=tuple(Step(predicate=f"step {k}") for k in range(steps)),
                window=timedelta(days=7),
                ties="recorded",
            )
            ours(journeys, funnel, asked.threads)  # compiles, or reads the compiled kernels
            seconds, counts = best_of(lambda j=journeys, f=funnel: ours(j, f, asked.threads))  # type: ignore[misc]
            try:
                theirs, same = clickhouse(steps, asked.threads)(person, journeys, kind)
            except ImportError:
                print(f"{events:>12,} {steps:>5} {seconds:>9.3f} {'no chdb':>13} {'':>7}  {counts}")
                continue
            equal = "equal" if same == counts else f"DIFFERENT: {same}"
            print(
                f"{events:>12,} {steps:>5} {seconds:>9.3f} {theirs:>13.3f} {theirs / seconds:>6.1f}×  {counts} {equal}"
            )


if __name__ == "__main__":
    main()
