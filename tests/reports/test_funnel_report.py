"""The funnel's answer: against attempts enumerated in plain Python, and on cases that can be counted on fingers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reports.timelines import DAY, Did, filled, page, put, visit

from longfunnel.core.errors import NothingYetError, QuestionError, WarehouseError
from longfunnel.core.settings import Business, Settings
from longfunnel.reports import Answer, answer, people_behind, read_question

SETTINGS = Settings()
ORIGINS = {"origins": [{"origin_id": 1, "channel": "Email"}, {"origin_id": 2, "channel": "Direct"}]}


def ask(connection: Any, steps: str = "event:a, event:b", **fields: Any) -> Answer:
    return answer(connection, SETTINGS, read_question("funnel", {"steps": steps, **fields}))


def counts(connection: Any, steps: str = "event:a, event:b", **fields: Any) -> list[int]:
    return [row["count"] for row in ask(connection, steps, **fields).rows]


# --- against plain Python


def attempts_of(events: list[Did], names: list[str], window: float) -> list[tuple[int, ...]]:
    """Every way to give distinct events to the first steps in order of time, within the window of the first."""
    found = []
    for length in range(1, len(names) + 1):
        for attempt in product(range(len(events)), repeat=length):
            rows = [events[i] for i in attempt]
            fits = all(row.name == name for row, name in zip(rows, names, strict=False))
            in_time = all(one.at <= two.at for one, two in pairwise(rows)) and rows[-1].at - rows[0].at <= window
            if fits and in_time and len(set(attempt)) == length:
                found.append(attempt)
    return found


def expected(events: list[Did], names: list[str], window: float) -> dict[str, Any]:
    """Counts, and the times and money of each person's reported attempt: furthest, entered earliest, completed earliest."""
    best: dict[int, tuple[Any, list[Did]]] = {}
    for person in {row.person for row in events}:
        own = [row for row in events if row.person == person]
        own.sort(key=lambda row: row.at)
        for attempt in attempts_of(own, names, window):
            rows = [own[i] for i in attempt]
            rank = (-len(rows), rows[0].at, rows[-1].at, attempt)
            if person not in best or rank < best[person][0]:
                best[person] = (rank, rows)
    reported = [rows for _, rows in best.values()]
    return {
        "count": [sum(len(rows) > k for rows in reported) for k in range(len(names))],
        "median_days": [
            float(np.median([rows[k].at - rows[k - 1].at for rows in reported if len(rows) > k])) / DAY
            if k and any(len(rows) > k for rows in reported)
            else None
            for k in range(len(names))
        ],
        "revenue": [
            sum(money)
            if (money := [Decimal(rows[k].amount) for rows in reported if len(rows) > k and rows[k].amount])
            else None
            for k in range(len(names))
        ],
    }


_EVENTS = st.lists(
    st.builds(
        Did,
        person=st.sampled_from([1, 2, 65, 129]),
        at=st.integers(0, 6).map(lambda n: n * 1800.0),
        name=st.sampled_from("abc"),
        amount=st.sampled_from([None, "10", "0.0001", "-3.5"]),
    ),
    min_size=1,
    max_size=9,
)


@pytest.fixture(scope="module")
def connection() -> Any:
    with filled([]) as opened:
        yield opened


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=_EVENTS, names=st.lists(st.sampled_from("abc"), min_size=2, max_size=3), hours=st.sampled_from([0.5, 1, 2])
)
def test_counts_times_and_money_are_those_of_all_attempts_enumerated(
    connection: Any, events: list[Did], names: list[str], hours: float
) -> None:
    put(connection, events)
    given_answer = ask(connection, ", ".join(f"event:{name}" for name in names), window=f"{int(hours * 60)}m")
    wanted = expected(events, names, hours * 3600)
    assert [row["count"] for row in given_answer.rows] == wanted["count"]
    assert [row["revenue"] for row in given_answer.rows] == wanted["revenue"]
    for row, median in zip(given_answer.rows, wanted["median_days"], strict=True):
        assert row["median_days"] == (None if median is None else pytest.approx(median))


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=_EVENTS, channels=st.lists(st.sampled_from([None, 1, 2]), min_size=4, max_size=4))
def test_the_values_of_a_cut_add_up_to_the_whole(
    connection: Any, events: list[Did], channels: list[int | None]
) -> None:
    visits = [visit(person, -60, origin) for person, origin in zip((1, 2, 65, 129), channels, strict=True)]
    with filled([*visits, *events], ORIGINS) as own:
        whole = counts(own)
        cut = ask(own, by="channel").rows
        days = ask(own, grain="day").rows
    for rows in (cut, days):
        assert [sum(row["count"] for row in rows if row["step"] == step) for step in (1, 2)] == (
            whole if rows else [0, 0]
        )


# --- named cases


def test_a_repeated_step_needs_two_events() -> None:
    with filled([Did(1, 0), Did(2, 0), Did(2, 5), Did(3, 0), Did(3, 5), Did(3, 9)]) as connection:
        assert counts(connection, "event:a, event:a, event:a") == [3, 2, 1]


def test_the_window_is_inclusive_to_the_microsecond() -> None:
    with filled([Did(1, 0), Did(1, 3600, name="b"), Did(2, 0), Did(2, 3600.000001, name="b")]) as connection:
        assert counts(connection, window="1h") == [2, 1]


def test_a_step_may_have_a_window_of_its_own_and_be_optional() -> None:
    rows = [Did(1, 0), Did(1, 90, name="c"), Did(2, 0), Did(2, 10, name="b"), Did(2, 20, name="c")]
    with filled(rows) as connection:
        assert counts(connection, "event:a, event:b?, event:c within 1m") == [2, 1, 1]
        found = ask(connection, "event:a, event:b?, event:c").rows
        assert [row["count"] for row in found] == [2, 1, 2]
        assert found[2]["conversion"] == 1.0  # of the last step that must be taken, not of the optional one


def test_an_exclusion_voids_the_attempt_only_in_its_scope() -> None:
    rows = [
        Did(1, 0),
        Did(1, 1, name="x"),
        Did(1, 2, name="b"),
        Did(1, 3, name="c"),
        Did(2, 0),
        Did(2, 1, name="b"),
        Did(2, 2, name="x"),
        Did(2, 3, name="c"),
    ]
    with filled(rows) as connection:
        assert counts(connection, "event:a, event:b, event:c", exclude="event:x") == [2, 1, 0]
        assert counts(connection, "event:a, event:b, event:c", exclude="event:x@1-2") == [2, 1, 1]


def test_in_strict_order_any_other_act_stands_in_the_way_but_a_visit_does_not() -> None:
    rows = [Did(1, 0), page(1, 1, "/p"), Did(1, 2, name="b"), Did(2, 0), visit(2, 1), Did(2, 2, name="b")]
    with filled(rows) as connection:
        assert counts(connection, order="strict") == [2, 1]


def test_the_period_is_of_the_entry_in_the_business_zone() -> None:
    settings = Settings(business=Business(timezone="Europe/Moscow"))
    rows = [Did(1, -3 * 3600), Did(1, 5 * DAY, name="b"), Did(2, -3 * 3600 - 1), Did(2, 0, name="b")]
    with filled(rows) as connection:  # midnight of the first of January in Moscow is 21:00 UTC
        question = read_question("funnel", {"steps": "event:a, event:b", "since": "2026-01-01", "until": "2026-01-01"})
        assert [row["count"] for row in answer(connection, settings, question).rows] == [1, 1]
        by_day = answer(
            connection, settings, read_question("funnel", {"steps": "event:a, event:b", "grain": "day"})
        ).rows
        assert {(row["day"], row["step"]): row["count"] for row in by_day} == {
            (date(2025, 12, 31), 1): 1, (date(2025, 12, 31), 2): 1, (date(2026, 1, 1), 1): 1, (date(2026, 1, 1), 2): 1,
        }  # fmt: skip


def test_an_earlier_entry_outside_the_period_does_not_hide_one_inside() -> None:
    rows = [Did(1, -DAY), Did(1, 60), Did(1, 120, name="b")]
    with filled(rows) as connection:
        assert counts(connection, since="2026-01-01") == [1, 1]


def test_periods_are_compared_by_entry() -> None:
    rows = [Did(1, 0), Did(1, 1, name="b"), Did(2, DAY), Did(3, DAY), Did(3, DAY + 1, name="b")]
    with filled(rows) as connection:
        found = ask(connection, since="2026-01-02", until="2026-01-02", compare="previous").rows
    assert [(row["count"], row["count_before"], row["conversion_before"]) for row in found] == [
        (2, 1, None),
        (1, 1, 1.0),
    ]


def test_a_period_whose_window_has_not_passed_is_marked() -> None:
    rows = [Did(1, 0), Did(2, 9 * DAY), Did(3, 10 * DAY + 10)]
    with filled(rows) as connection:
        found = ask(connection, grain="day", window="9d")
    assert {row["day"].day: row["is_mature"] for row in found.rows} == {1: True, 10: False, 11: False}
    assert {item.code: item.count for item in found.caveats}["immature"] == 2


def test_the_cut_is_read_at_the_first_or_the_last_step() -> None:
    rows = [visit(1, 0, 1), Did(1, 1), visit(1, 4000, 2), Did(1, 4001, name="b"), visit(2, 0, 2), Did(2, 1)]
    with filled(rows, ORIGINS) as connection:
        first = {(row["channel"], row["step"]): row["count"] for row in ask(connection, by="channel").rows}
        last = {
            (row["channel"], row["step"]): row["count"]
            for row in ask(connection, by="channel", breakdown_at="last").rows
        }
    assert first == {("Email", 1): 1, ("Email", 2): 1, ("Direct", 1): 1, ("Direct", 2): 0}
    assert last == {("Direct", 1): 2, ("Direct", 2): 1}


def test_a_lead_stands_where_its_credited_touch_stands() -> None:
    tables = ORIGINS | {
        "leads": [{"lead_key": 77, "is_counted": True, "product": "Roof"}],
        "credits": [{"subject": "lead", "subject_key": 77, "model": "last_non_direct", "share": 1.0, "origin_id": 1}],
    }
    rows = [visit(1, 0, 2), page(1, 1, "/"), Did(1, 2, "lead", "form", key=77), Did(1, 3, "deal", "won", "B2C")]
    with filled(rows, tables) as connection:
        assert [row["channel"] for row in ask(connection, "lead:form, deal.won", by="channel").rows] == [
            "Email",
            "Email",
        ]
        assert [row["product"] for row in ask(connection, "lead, deal.won:B2C", by="product").rows] == ["Roof", "Roof"]
        assert counts(connection, "lead[product = Roof], deal.won") == [1, 1]
        assert counts(connection, "lead[product != Roof], deal.won") == [0, 0]
        assert counts(connection, "lead, deal.won", filters=["channel is Email"]) == [1, 1]
        assert counts(connection, "lead, deal.won", filters=["channel is Direct"]) == [0, 0]


def test_a_property_is_held_equal_across_steps() -> None:
    tables = {"deals": [{"deal_key": 5, "product": "Roof"}, {"deal_key": 6, "product": "Door"}]}
    rows = [
        Did(1, 0, "deal", "created", "B2C", key=5), Did(1, 1, "deal", "won", "B2C", key=6),
        Did(2, 0, "deal", "created", "B2C", key=6), Did(2, 1, "deal", "won", "B2C", key=6),
    ]  # fmt: skip
    with filled(rows, tables) as connection:
        assert counts(connection, "deal.created, deal.won") == [2, 2]
        assert counts(connection, "deal.created, deal.won", hold="deal") == [2, 1]
        assert counts(connection, "deal.created, deal.won", hold="product") == [2, 1]
        with pytest.raises(QuestionError, match="Did you mean «product»"):
            counts(connection, "deal.created, deal.won", hold="produkt")


def test_sessions_and_attempts_are_counted_apart() -> None:
    rows = [
        visit(1, 0),
        Did(1, 1),
        visit(1, 9000),
        Did(1, 9001),
        Did(1, 9002, name="b"),
        visit(2, 0),
        Did(2, 1),
        Did(2, 2),
        Did(2, 3, name="b"),
    ]
    with filled(rows) as connection:
        assert counts(connection, count="persons") == [2, 2]
        assert counts(connection, count="sessions") == [3, 2]
        assert counts(connection, count="attempts") == [2, 2]  # what lies inside an attempt begins no other


def test_times_between_two_steps_fall_into_bins_with_readable_edges() -> None:
    rows = [
        row
        for person, gap in ((1, 30), (2, 45), (3, 7200), (4, 59))
        for row in (Did(person, 0), Did(person, gap, name="b"))
    ]
    with filled(rows) as connection:
        found = ask(connection, histogram="1-2").rows
        with pytest.raises(QuestionError, match="steps 1 to 2"):
            ask(connection, histogram="2-1")
    assert sum(row["count"] for row in found) == 4
    assert (found[0]["from_days"] * DAY, found[0]["to_days"] * DAY, found[0]["count"]) == (10, 60, 3)
    assert (found[-1]["from_days"] * DAY, found[-1]["to_days"] * DAY, found[-1]["share"]) == (3600, 3 * 3600, 0.25)


def test_the_people_behind_a_bar_and_a_gap_are_as_many_as_the_answer_says() -> None:
    rows = [Did(1, 0), Did(1, 5, name="b"), Did(2, 60), Did(3, 30), Did(3, 31, name="b")]
    with filled(rows) as connection:
        question = read_question("funnel", {"steps": "event:a, event:b"})
        found, total = people_behind(connection, SETTINGS, question, 2)
        assert ([one.person_id for one in found], total) == ([3, 1], 2)
        lost, total = people_behind(connection, SETTINGS, question, 2, lost=True)
        assert ([(one.person_id, one.furthest) for one in lost], total) == ([(2, 1)], 1)
        with pytest.raises(QuestionError, match="steps 1 to 2"):
            people_behind(connection, SETTINGS, question, 3)
        with pytest.raises(QuestionError, match="before step 1"):
            people_behind(connection, SETTINGS, question, 1, lost=True)


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    # Newcombe 1998 (Statistics in Medicine 17:857-872), table I: 81 of 263 gives 0.2553 to 0.3662, 15 of 148 0.0624 to 0.1605
    from longfunnel.reports._funnel.numbers import wilson

    assert wilson(81, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson(15, 148) == (pytest.approx(0.0624, abs=5e-5), pytest.approx(0.1605, abs=5e-5))
    assert wilson(0, 20) == (0.0, pytest.approx(0.1611, abs=5e-5))
    assert wilson(29, 29) == (pytest.approx(0.8830, abs=5e-5), 1.0)
    assert wilson(0, 0) == (None, None)


# --- bad input


def test_a_step_that_nothing_matches_is_an_answer_with_a_suggestion() -> None:
    with filled([Did(1, 0, name="signup")]) as connection:
        found = ask(connection, "event:signup, event:sinup")
    assert [row["count"] for row in found.rows] == [1, 0]
    (said,) = [item.text.en for item in found.caveats if item.code == "step_matches_nothing"]
    assert said == "Nothing matches «event:sinup» today. Did you mean «event:signup»?"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"steps": "signup, event:b"}, "event:signup"),
        ({"steps": "event:a, evnt:b"}, "Did you mean «event»"),
        ({"window": "0d"}, "longer than zero"),
        ({"window": "-3d"}, "longer than zero"),
        ({"window": "soon"}, "write it as 30d"),
        ({"steps": ", ".join(["event:a"] * 51)}, "51 steps"),
        ({"steps": "event:a"}, "at least 2"),
        ({"steps": ""}, "has no steps"),
        ({"exclude": "event:b"}, "same as step 2"),
        ({"exclude": 'event:"b"'}, "same as step 2"),
        ({"order": "strickt"}, "Did you mean «strict»"),
        ({"steps": "event:a, lead[prodct = x]"}, "Did you mean «product»"),
        ({"metrics": "leads"}, "columns are fixed"),
        ({"by": "chanel"}, "Did you mean «channel»"),
    ],
)
def test_what_cannot_be_counted_is_said_plainly(fields: dict[str, str], said: str) -> None:
    with filled([Did(1, 0)]) as connection, pytest.raises(QuestionError, match=said):
        ask(connection, **fields)


def test_fifty_steps_are_counted() -> None:
    with filled([Did(1, at) for at in range(49)]) as connection:
        assert counts(connection, ", ".join(["event:a"] * 50)) == [1] * 49 + [0]


def test_everything_at_one_instant_is_decided_by_the_tie_rule() -> None:
    rows = [Did(1, 0, name="b"), Did(1, 0, name="a")]
    with filled(rows) as connection:
        assert {ties: counts(connection, ties=ties) for ties in ("either", "recorded", "after")} == {
            "either": [1, 1], "recorded": [1, 0], "after": [1, 0],
        }  # fmt: skip


def test_an_empty_store_and_one_of_another_version_say_what_to_do() -> None:
    with filled([]) as connection:
        with pytest.raises(NothingYetError, match="journeys are empty"):
            ask(connection)
        connection.execute("ALTER TABLE live.timeline DROP COLUMN origin_id")
        with pytest.raises(
            WarehouseError, match=r"timeline.origin_id is missing\. Build them anew: longfunnel build --full"
        ):
            ask(connection)
        connection.execute("DROP TABLE live.timeline; DROP TABLE live.acts")
        with pytest.raises(NothingYetError, match="no journeys yet"):
            ask(connection)


@pytest.mark.slow
def test_a_person_with_a_million_events_is_counted() -> None:
    with filled([Did(1, 0)]) as connection:
        connection.execute(
            """INSERT INTO live.timeline SELECT 1, 1, TIMESTAMP '2026-01-01' + to_seconds(i), i, act_id, i, NULL, NULL
            FROM range(1, 1000000) t(i), live.acts"""
        )
        assert counts(connection, "event:a, event:a, event:a within 1s", window="10s") == [1, 1, 1]
        assert counts(connection, count="attempts", steps="event:a, event:a")[1] == 500_000
