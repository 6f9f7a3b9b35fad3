"""The long funnel by channel and day over a year: our answer against pandas doing the same on frames already in memory.

    python benchmarks/long_funnel.py [--visits 3000000] [--leads 1000000] [--deals 100000] [--threads 2]

Makes synthetic derived tables in a temporary warehouse file, asks once cold and five times warm, and prints the median. The
pandas side starts from loaded frames: it pays for no reading, and leaves out what an answer has besides (totals, comparison,
caveats, freshness). Its counts are compared with ours, cell by cell.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from longfunnel.core.settings import Settings
from longfunnel.journeys.derive.credits import stand
from longfunnel.reports import answer, read_question
from longfunnel.warehouse.database import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

ORIGINS = 400
SPEND_ROWS = 150_000
QUESTION = read_question("long_funnel", {"by": "channel", "grain": "day", "since": "2025-01-01", "until": "2025-12-31"})

CHANNELS = (
    "['Paid search', 'Organic search', 'Direct', 'Email', 'Paid social', 'Referral', 'Display', 'Organic social']"
)
DAY = "(DATE '2025-01-01' + CAST(hash({seed}, i) % 365 AS INTEGER))"
ORIGIN = f"hash(hash(7, {{seed}}, i) % {ORIGINS})"


def fill(connection: duckdb.DuckDBPyConnection, visits: int, leads: int, deals: int) -> None:
    """Synthetic derived tables, the same at every run."""
    connection.execute("USE live")
    contract = files("longfunnel.journeys").joinpath("tables.sql").read_text("utf-8")
    connection.execute(contract.replace(" at TIMESTAMP", ' "at" TIMESTAMP'))

    def insert(table: str, rows: int, select: str) -> None:
        connection.execute(f"INSERT INTO {table} BY NAME SELECT {select} FROM range({rows}) AS r(i)")

    def at(seed: int) -> tuple[str, str]:
        return DAY.format(seed=seed), ORIGIN.format(seed=seed)

    insert(
        "origins",
        ORIGINS,
        f"hash(CAST(i AS UBIGINT)) AS origin_id, {CHANNELS}[1 + i % 8] AS channel, dense_rank() OVER (ORDER BY channel) AS channel_code, 'c' || i AS campaign",
    )
    day, origin = at(1)
    insert(
        "spends",
        SPEND_ROWS,
        f"i AS spend_key, 'ads' AS source_system, {day} AS day_on, {origin} AS origin_id, 1000 AS impressions, 20 "
        "AS clicks, 99.5 AS cost",
    )
    day, origin = at(2)
    insert(
        "visits",
        visits,
        f"i AS visit_key, 'site' AS source_system, {day} AS day_on, {origin} AS origin_id, 1 AS visits, i % 3 = 0 "
        "AS is_bounce",
    )
    day, _ = at(3)
    insert(
        "leads",
        leads,
        f"hash(i) AS lead_key, 'crm' AS source_system, {day} AS created_on, {day} AS created_at, i % 2 = 0 AS "
        "is_qualified, true AS is_counted, false AS is_deleted",
    )
    day, _ = at(4)
    insert(
        "deals",
        deals,
        f"hash(i) AS deal_key, 'crm' AS source_system, {day} AS created_on, {day} AS created_at, {day} AS lead_on, "
        f"{day} AS lead_at, 'won' AS status, 100 AS amount",
    )
    insert(
        "orders",
        deals // 2,
        f"hash(i) AS order_key, hash(i) AS deal_key, i % (i // 2 + 1) AS person_id, {day} AS ordered_on, {day} AS "
        f"ordered_at, {day} AS lead_on, {day} AS paid_on, 1 AS order_number, 100 AS revenue, i % 5 = 0 AS "
        "is_repeat, 5.0 AS days_to_order",
    )
    for subject, rows in (("lead", leads), ("deal", deals), ("order", deals // 2)):
        for number, model in enumerate(("first", "last", "last_non_direct")):
            day, origin = at(10 + number)
            insert(
                "credits",
                rows,
                f"'{subject}' AS subject, hash(i) AS subject_key, '{model}' AS model, 1.0 AS share, {origin} AS "
                f"origin_id, {day} AS touch_on",
            )
    stand(connection, "live")
    connection.execute(
        "USE memory.main"
        if connection.execute("SELECT current_database()").fetchall()[0][0] == "memory"
        else "USE main"
    )


def pandas_answer(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The same counts and conversions on frames in memory."""
    origins = frames["origins"]

    def by(frame: pd.DataFrame, day: str, counts: dict[str, tuple[str, str]]) -> pd.DataFrame:
        joined = frame.merge(origins, on="origin_id", how="left")
        return joined.groupby(["channel", day], dropna=False).agg(**counts).rename_axis(["channel", "day"])

    def credited(name: str, subject: str, key: str) -> pd.DataFrame:
        earned = frames["credits"]
        mine = earned[(earned["subject"] == subject) & (earned["model"] == "last_non_direct")]
        return frames[name].merge(mine, left_on=key, right_on="subject_key", how="left")

    parts = [
        by(frames["spends"], "day_on", {"impressions": ("impressions", "sum"), "clicks": ("clicks", "sum")}),
        by(frames["visits"], "day_on", {"visits": ("visits", "sum")}),
        by(
            credited("leads", "lead", "lead_key"),
            "created_on",
            {"leads": ("lead_key", "size"), "qualified_leads": ("is_qualified", "sum")},
        ),
        by(credited("deals", "deal", "deal_key"), "lead_on", {"deals": ("deal_key", "size")}),
        by(
            credited("orders", "order", "order_key"),
            "lead_on",
            {"orders": ("order_key", "size"), "repeat_orders": ("is_repeat", "sum")},
        ),
    ]
    table = pd.concat(parts, axis=1)
    names = list(table.columns)
    for before, name in pairwise(names):
        table[f"{name}_conversion"] = table[name] / table[before]
    return table


def frames_of(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """The columns that pandas needs, words as categories: its best case."""
    columns = {
        "origins": "origin_id, channel", "spends": "day_on, origin_id, impressions, clicks", "visits": "day_on, origin_id, visits",
        "leads": "lead_key, created_on, is_qualified", "deals": "deal_key, lead_on", "orders": "order_key, lead_on, is_repeat",
        "credits": "subject, subject_key, model, origin_id",
    }  # fmt: skip
    frames = {name: connection.execute(f"SELECT {sql} FROM live.{name}").df() for name, sql in columns.items()}
    for name in ("subject", "model"):
        frames["credits"][name] = frames["credits"][name].astype("category")
    frames["origins"]["channel"] = frames["origins"]["channel"].astype("category")
    return frames


def timed(work: Callable[[], object], times: int) -> float:
    """Median seconds."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Fill, ask, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("visits", 3_000_000),
        ("leads", 1_000_000),
        ("deals", 100_000),
        ("threads", 2),
        ("times", 5),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        connection = open_warehouse(Path(folder), threads=given.threads)
        fill(connection, given.visits, given.leads, given.deals)
        connection.execute("CHECKPOINT")
        settings = Settings()
        cold = timed(lambda: answer(connection, settings, QUESTION), 1)
        warm = timed(lambda: answer(connection, settings, QUESTION), given.times)
        ours = answer(connection, settings, QUESTION).table.to_pandas()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        frames = frames_of(connection)
        theirs = timed(lambda: pandas_answer(frames), max(1, given.times // 2))
        check = (
            pandas_answer(frames).reset_index().sort_values(["day", "channel"], key=lambda column: column.astype(str))
        )
        mine = ours.sort_values(["day", "channel"], key=lambda column: column.astype(str))
        for name in ("impressions", "clicks", "visits", "leads", "qualified_leads", "deals", "orders", "repeat_orders"):
            assert (check[name].fillna(0).to_numpy() == mine[name].fillna(0).to_numpy()).all(), f"{name} differs"
    print(
        f"{given.visits:,} visits, {given.leads:,} leads, {given.deals:,} deals, {len(ours):,} rows of the answer, "
        f"{given.threads} threads"
    )
    print(f"longfunnel  cold {cold * 1000:,.0f} ms   warm {warm * 1000:,.0f} ms   peak memory {memory:,.0f} MB")
    print(f"pandas      warm {theirs * 1000:,.0f} ms   ratio {theirs / warm:.1f}")


if __name__ == "__main__":
    main()
