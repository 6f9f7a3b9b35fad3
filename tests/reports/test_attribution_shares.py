"""Other reports with models that share a sale: counted in parts, the same parts as the report of attribution gives."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reports.derived import warehouse
from tests.reports.test_attribution import ask, of_model, on, order, tables, touch

from longfunnel.core.errors import QuestionError
from longfunnel.reports import MODELS as QUESTION_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.reports.derived import Row

MODELS = ("linear", "position", "time_decay", "last_paid", "shapley", "markov")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def lead(key: int, person: int, day: float, **more: Any) -> Row:
    return {
        "lead_key": key, "person_id": person, "created_at": touch(0, person, day, 1)["at"], "created_on": on(day), "is_counted": True,
        "is_deleted": False,
    } | more  # fmt: skip


def test_sales_are_counted_in_parts(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 5, 2), touch(3, 7, 6, 2)],
        [order(1, 7, 10, 90, manager="Anna"), order(2, None, 10, 5)],
    )
    found = ask(connection, given, "channels", model="linear", metrics="orders,revenue,aov", by="channel")
    rows = {row["channel"]: (row["orders"], row["revenue"]) for row in found.rows}
    assert rows == {
        "Paid Search": (Decimal("0.3333"), 30), "Email": (Decimal("0.6667"), 60), None: (1, 5)
    }  # fmt: skip
    assert (found.totals["orders"], found.totals["revenue"]) == (2, 95)
    assert found.column("orders").format == "ratio"
    plain = ask(connection, given, "channels", model="linear", metrics="orders", by="manager")
    assert {row["manager"]: row["orders"] for row in plain.rows} == {"Anna": 1, None: 1}


@pytest.mark.parametrize("model", QUESTION_MODELS)
def test_every_model_counts_every_sale_once(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 5, 2), touch(3, 8, 6, 2), touch(4, 9, 6, 1)],
        [order(1, 7, 10, 90), order(2, None, 10, 5), order(3, 8, 10, 7, lead=7, lead_key=4)],
        leads=[lead(4, 8, 7)],
    )
    found = ask(connection, given, "channels", model=model, window_days=40, metrics="leads,orders,revenue")
    assert (found.totals["leads"], found.totals["orders"], found.totals["revenue"]) == (1, 3, 102)
    assert sum(row["orders"] or 0 for row in found.rows) == 3


def test_by_date_of_touch_each_part_stands_on_its_touch(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 5, 2)], [order(1, 7, 10, 90)])
    found = ask(
        connection, given, "channels", model="linear", metrics="revenue", basis="touch", since=on(4), until=on(8)
    )
    assert {row["channel"]: row["revenue"] for row in found.rows if row["revenue"]} == {"Email": 45}
    assert found.totals["revenue"] == 45


def test_orders_stand_where_their_lead_stands_in_the_same_shares(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 2, 2), touch(3, 7, 5, 1)],
        [order(1, 7, 10, 90, lead=3, lead_key=4)],
        leads=[lead(4, 7, 3)],
    )
    found = ask(connection, given, "channels", model="linear", metrics="leads,orders,cr1,revenue")
    assert {row["channel"]: (row["leads"], row["orders"], row["cr1"], row["revenue"]) for row in found.rows} == {
        "Paid Search": (Decimal("0.5"), Decimal("0.5"), 1, 45), "Email": (Decimal("0.5"), Decimal("0.5"), 1, 45)
    }  # fmt: skip


def test_the_long_funnel_filtered_by_channel_counts_parts(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 2, 2)], [], leads=[lead(4, 7, 3), lead(5, 8, 3)])
    found = ask(connection, given, "long_funnel", model="linear", filters="channel is Email")
    assert {row["stage"]: row["count"] for row in found.rows}["leads"] == Decimal("0.5")
    whole = ask(connection, given, "long_funnel", model="linear")
    assert {row["stage"]: row["count"] for row in whole.rows}["leads"] == 2


def test_reports_of_whole_rows_refuse_shares_and_take_one_touch(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 2, 3)], [order(1, 7, 10, 90, days_to_order=9.0)])
    with pytest.raises(QuestionError, match="counts whole rows"):
        ask(connection, given, "lags", model="markov")
    assert ask(connection, given, "lags", model="last_paid").rows


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from([5, 6, 7]), st.integers(0, 40), st.integers(1, 4)), max_size=12),
    st.lists(st.tuples(st.sampled_from([5, 6, 8, None]), st.integers(5, 45), st.integers(0, 9999)), min_size=1, max_size=6),
    st.sampled_from(MODELS),
)  # fmt: skip
def test_channels_and_attribution_agree(
    connection: duckdb.DuckDBPyConnection,
    seen: list[tuple[int, int, int]],
    sold: list[tuple[int | None, int, int]],
    model: str,
) -> None:
    given = tables(
        [touch(number, *one) for number, one in enumerate(seen, 1)],
        [order(number, *one) for number, one in enumerate(sold, 1)],
    )
    channels = ask(connection, given, "channels", model=model, metrics="orders,revenue")
    wanted = of_model(ask(connection, given, models=model, measure="revenue", journey="lead"), model)
    got: dict[str | None, Decimal] = defaultdict(Decimal)
    for row in channels.rows:
        got[row["channel"]] += row["revenue"] or 0
    assert channels.totals["revenue"] == sum(worth for _, _, worth in sold)
    assert channels.totals["orders"] == len(sold)
    if model != "markov":  # which shares out the total, and here each sale
        assert all(abs(got.get(key, 0) - wanted.get(key, 0)) < Decimal("0.01") for key in got.keys() | wanted.keys())
