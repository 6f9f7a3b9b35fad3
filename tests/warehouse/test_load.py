"""Loading a staging table: what is new, changed, known and in conflict."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longfunnel.warehouse.database import open_warehouse, transaction
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import Loaded, current_sql, hash_sql, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 22)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_warehouse(tmp_path, threads=1)
    yield connection
    connection.close()


def put(
    warehouse: duckdb.DuckDBPyConnection, rows: str, *, fact: str = "deal", number: int = 1, source: str = "crm"
) -> Loaded:
    columns = {
        "deal": ["deal_id", "created_at", "amount", "modified_at"],
        "event": ["event_id", "happened_at", "name"],
    }[fact]
    warehouse.execute(f"CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM (VALUES {rows}) v({', '.join(columns)})")
    with transaction(warehouse):
        return load(
            warehouse,
            facts()[fact],
            "staged",
            columns,
            source_system=source,
            system="s",
            recorded_at=NOW + timedelta(days=number),
            import_id=number,
        )


def test_new_changed_and_known_rows(warehouse: duckdb.DuckDBPyConnection) -> None:
    first = "('1', TIMESTAMP '2025-09-01', 5.00, NULL::TIMESTAMP), ('2', TIMESTAMP '2025-09-01', NULL, NULL)"
    assert put(warehouse, first) == Loaded(2, 0, 0)
    assert put(warehouse, first, number=2) == Loaded(0, 0, 2)
    assert put(warehouse, first.replace("5.00", "6.00") + ", ('3', NULL, 1, NULL)", number=3) == Loaded(1, 1, 1)
    assert warehouse.execute(
        f"SELECT deal_id, amount, import_id FROM ({current_sql(facts()['deal'])}) ORDER BY 1"
    ).fetchall() == [
        ("1", 6, 3),
        ("2", None, 1),
        ("3", 1, 3),
    ]


def test_rows_of_one_key_within_a_load(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = """('1', TIMESTAMP '2025-09-01', 5.0, TIMESTAMP '2025-09-02'), ('1', TIMESTAMP '2025-09-01', 6.0, TIMESTAMP '2025-09-03'),
        ('2', TIMESTAMP '2025-09-01', 1.0, NULL), ('2', TIMESTAMP '2025-09-01', 1.0, NULL), ('2', TIMESTAMP '2025-09-01', 2.0, NULL)"""
    assert put(warehouse, rows) == Loaded(added=2, changed=0, same=2, conflicts=1, repeated=1, superseded=1)
    assert warehouse.execute("SELECT deal_id, amount FROM facts.deal ORDER BY 1").fetchall() == [("1", 6), ("2", 1)]


def test_immutable_facts_keep_their_first_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = "('1', TIMESTAMP '2025-09-01', 'a'), ('1', TIMESTAMP '2025-09-01', 'a'), ('1', TIMESTAMP '2025-09-01', 'b')"
    assert put(warehouse, rows, fact="event") == Loaded(added=1, changed=0, same=1, conflicts=1, repeated=1)
    assert put(warehouse, "('1', TIMESTAMP '2025-09-01', 'z')", fact="event", number=2) == Loaded(0, 0, 1)
    assert warehouse.execute("SELECT name FROM facts.event").fetchall() == [("a",)]


def test_two_sources_of_one_system_do_not_make_versions_of_each_other_for_ever(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    one, two = (
        "('1', TIMESTAMP '2025-09-01', 5.0, NULL::TIMESTAMP)",
        "('1', TIMESTAMP '2025-09-01', 7.0, NULL::TIMESTAMP)",
    )
    assert put(warehouse, one, source="a").added == 1
    assert put(warehouse, two, source="b", number=2).changed == 1
    assert put(warehouse, one, source="a", number=3) == Loaded(0, 0, 1)
    assert put(warehouse, two, source="b", number=4) == Loaded(0, 0, 1)


def test_a_failure_in_the_middle_leaves_nothing(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("CREATE TEMP TABLE staged AS SELECT '1' AS event_id, 'no date' AS happened_at, 'a' AS name")
    columns = ["event_id", "happened_at", "name"]
    with pytest.raises(duckdb.Error), transaction(warehouse):
        load(warehouse, facts()["event"], "staged", columns, source_system="a", system="", recorded_at=NOW, import_id=1)
    assert warehouse.execute("SELECT count(*) FROM facts.event").fetchall() == [(0,)]


@pytest.mark.parametrize("parts", [["a"], ["", "b"], [None, "ж"], ["a\x1fb"]])
def test_hashes_are_those_of_md5_and_stay_so(parts: list[str | None]) -> None:
    text = "\x1f".join("\0" if part is None else part for part in parts)
    expected = int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:], "little")
    names = [f"$p{number}" for number in range(len(parts))]
    got = (
        duckdb.connect()
        .execute(f"SELECT {hash_sql(names)}", {f"p{number}": part for number, part in enumerate(parts)})
        .fetchall()
    )
    assert got == [(expected,)]


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads=st.lists(st.dictionaries(st.integers(1, 5), st.integers(1, 3), min_size=1), min_size=1, max_size=5))
def test_the_newest_version_of_each_key_is_current_at_every_moment(
    warehouse: duckdb.DuckDBPyConnection, loads: list[dict[int, int]]
) -> None:
    warehouse.execute("DELETE FROM facts.deal")
    known: dict[str, int] = {}
    after: list[dict[str, int]] = []
    for number, rows in enumerate(loads, 1):
        news = {str(key): value for key, value in rows.items()}
        loaded = put(
            warehouse,
            ", ".join(f"('{key}', NULL::TIMESTAMP, {value}, NULL::TIMESTAMP)" for key, value in news.items()),
            number=number,
        )
        assert loaded.added == len(news.keys() - known.keys())
        assert loaded.changed == sum(key in known and known[key] != value for key, value in news.items())
        assert loaded.added + loaded.changed + loaded.same == len(news)
        known |= news
        after.append(dict(known))
    for number, expected in enumerate(after, 1):
        sql = f"SELECT deal_id, amount FROM ({current_sql(facts()['deal'], as_of=True)})"
        assert dict(warehouse.execute(sql, {"as_of": NOW + timedelta(days=number)}).fetchall()) == expected
