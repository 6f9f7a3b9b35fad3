"""Events as columns are the same events as rows: the loader writes the ones, the tail shows the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.collect.loading.events import Events, instant
from longfunnel.collect.wire import Hit, WireError

AT = 1_700_000_000_000_000
DAY = 86_400_000

short = st.text(max_size=6)
urls = st.sampled_from(
    ["", "/", "https://shop.example/a?utm_source=vk&yclid=1", "https://[::1/", "https://shop.example/b#x"]
)
props = st.dictionaries(
    st.sampled_from(["email", "phone", "amount", "currency", "order_id", "x"]),
    st.sampled_from(["a@shop.example", "+79161234567", 0, 12.5, "RUB", "", None, "77"]),
    max_size=4,
)
events = st.fixed_dictionaries(
    {
        "i": st.text(min_size=1, max_size=3),
        "n": st.sampled_from(["page_view", "lead", "x"]),
        "t": st.integers(0, 60 * DAY) | st.floats(),
    },
    optional={"u": urls, "r": urls, "ti": short, "p": props, "uid": short},
)
batches = st.fixed_dictionaries(
    {"s": st.just("shop"), "e": st.lists(events, min_size=1, max_size=4)},
    optional={"t": st.integers(0, 60 * DAY) | st.floats(), "c": st.integers(1, 2), "ym": short, "ga": short},
)


def hit(batch: dict[str, Any], visitor: str | None = "v1", excluded: str | None = None) -> Hit:
    return Hit(AT, "shop", json.dumps(batch).encode(), visitor, None, "desktop", None, excluded)


@given(
    st.lists(
        st.tuples(batches, st.sampled_from([None, "v1", "v2"]), st.sampled_from([None, "bot"])), min_size=1, max_size=4
    )
)
@settings(deadline=None)
def test_columns_and_rows_are_the_same_events(sent: list[tuple[dict[str, Any], str | None, str | None]]) -> None:
    taken = Events(country="RU", spam_referrers=("spam.example",))
    one_by_one = []
    for batch, visitor, excluded in sent:
        try:
            taken.add(hit(batch, visitor, excluded))
        except WireError:
            continue  # a number that JSON does not have
        alone = Events(country="RU", spam_referrers=("spam.example",))
        alone.add(hit(batch, visitor, excluded))
        one_by_one += [row.values for row in alone.rows()]
    assert [row.values for row in taken.rows()] == one_by_one
    if not taken:
        return
    columns = taken.columns()
    columns["happened_at"] = [instant(at) for at in columns["happened_at"]]
    for number, row in enumerate(one_by_one):
        assert {name: values[number] for name, values in columns.items() if values[number] is not None} == row
    assert all(any(value is not None for value in values) for values in columns.values())


def test_a_request_that_makes_no_sense_leaves_nothing_behind() -> None:
    taken = Events()
    taken.add(hit({"s": "shop", "e": [{"i": "a", "n": "x", "t": 1}]}))
    with pytest.raises(WireError):
        taken.add(hit({"s": "shop", "e": [{"i": "b", "n": "x", "t": 1}, {"i": "", "n": "x", "t": 1}]}))
    assert [row.values["event_id"] for row in taken.rows()] == ["a"]


def test_an_event_happened_as_long_before_it_was_sent_as_the_visitors_clock_says() -> None:
    taken = Events()
    batch = {
        "s": "shop",
        "t": 10_000.5,
        "e": [{"i": name, "n": "x", "t": at} for name, at in (("a", 4_000.25), ("b", 20_000))],
    }
    taken.add(hit(batch))
    late = {"s": "shop", "t": 31 * DAY, "e": [{"i": "c", "n": "x", "t": 0}, {"i": "d", "n": "x", "t": DAY}]}
    _, rejected = taken.add(hit(late))
    assert taken.columns()["happened_at"] == (AT - 6_000_250, AT, AT - 30 * DAY * 1000)
    assert [(part.number, part.reason.en) for part in rejected] == [
        (0, "The visitor's clock says that it is 31 days old: it is not counted.")
    ]
