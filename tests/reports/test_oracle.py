"""Compiled SQL against the row-by-row definition, on random businesses and random questions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reports.derived import Business, fill, warehouse
from tests.reports.oracle import Oracle

from longfunnel.core.settings import Settings
from longfunnel.metrics import metrics
from longfunnel.reports import MODELS, Filter, Question, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

DIMENSIONS = (
    "channel",
    "source",
    "campaign",
    "manager",
    "region",
    "device",
    "pipeline",
    "first_or_repeat",
    "product",
    "props.Тип",
    "source_system",
)
CHECKED = sorted(
    set(metrics()) - {"nps", "csat", "reported_visits", "reported_leads", "reported_orders", "reported_revenue"}
)
PERIODS = [
    (None, None, ("",)),
    (date(2025, 7, 1), date(2025, 12, 31), ("", "previous", "year")),
    (date(2025, 5, 17), date(2025, 9, 2), ("", "previous")),
    (date(2025, 8, 1), None, ("",)),
    (None, date(2025, 10, 10), ("",)),
]
WORDS = ("Moscow", "Anna", "Paid search", "Email", "a, b", "A", "mobile", "repeat", "B2B", "o", "ya")


@st.composite
def questions(draw: st.DrawFn) -> Question:
    since, until, compares = draw(st.sampled_from(PERIODS))
    filters = st.builds(
        lambda name, op, values: Filter(name, op, () if op in ("known", "unknown") else tuple(values)),
        st.sampled_from(DIMENSIONS),
        st.sampled_from(("is", "is_not", "contains", "not_contains", "starts_with", "known", "unknown")),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True),
    )
    return Question(
        "channels",
        since,
        until,
        compare=draw(st.sampled_from(compares)),
        filters=tuple(draw(st.lists(filters, max_size=2))),
        by=tuple(draw(st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=2, unique=True))),
        grain=draw(st.sampled_from(("", "", "day", "week", "month", "quarter", "year"))),
        metrics=tuple(CHECKED),
        model=draw(st.sampled_from(MODELS)),
        basis=draw(st.sampled_from(("touch", "lead", "payment"))),
    )


def same(got: Any, wanted: Any) -> bool:
    if got is None or wanted is None:
        return got is wanted
    if isinstance(got, Decimal):
        return abs(got - Decimal(wanted)) <= Decimal("0.0001")
    return abs(float(got) - float(wanted)) <= 1e-9 * max(1.0, abs(float(wanted)))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def compare(connection: duckdb.DuckDBPyConnection, seed: int, question: Question) -> None:
    tables = Business(seed).tables
    fill(connection, tables)
    found = answer(connection, Settings(), question)
    oracle = Oracle(tables, question)
    cut = [*question.by, *([question.grain] if question.grain else [])]
    got = {tuple(row[name] for name in cut): row for row in found.rows}
    names, totals = [], {}
    wanted: dict[tuple[Any, ...], dict[str, Any]] = {}
    per_span = [oracle.groups(span, CHECKED) for span in range(len(oracle.spans))]
    places = {place for groups, _ in per_span for place in groups}
    for (groups, whole), ending in zip(per_span, ("", "_before"), strict=False):
        for place in places:
            nothing = {name: oracle.nothing(name) for name in CHECKED}
            values = groups.get(place, nothing)
            wanted.setdefault(place, {}).update({name + ending: values[name] for name in CHECKED})
        totals |= {name + ending: whole[name] for name in CHECKED}
        names += [name + ending for name in CHECKED]
    assert set(got) == set(wanted)
    wrong = [
        (place, name, got[place][name], row[name])
        for place, row in wanted.items()
        for name in names
        if not same(got[place][name], row[name])
    ]
    wrong += [
        ("total", name, found.totals[name], totals[name])
        for name in names
        if not same(found.totals[name], totals[name])
    ]
    assert not wrong


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1_000_000), questions())
def test_compiled_sql_gives_what_counting_row_by_row_gives(
    connection: duckdb.DuckDBPyConnection, seed: int, question: Question
) -> None:
    compare(connection, seed, question)
