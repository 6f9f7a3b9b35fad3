"""The report of attribution: which touches make a journey, whose they are, and that credits add up, against plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reports.derived import fill, warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Counting, Settings
from longfunnel.journeys.attribution.models import MODELS
from longfunnel.reports import Answer, answer, read_question

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.reports.derived import Row, Tables

START = datetime.fromisoformat("2026-01-01")
ORIGINS = [
    {
        "origin_id": 1,
        "channel": "Paid Search",
        "source": "yandex",
        "is_paid": True,
        "is_direct": False,
        "click_id": "yclid",
    },
    {"origin_id": 2, "channel": "Email", "source": "news", "medium": "email", "is_paid": False, "is_direct": False},
    {"origin_id": 3, "channel": "Direct", "is_paid": False, "is_direct": True},
    {"origin_id": 4, "channel": None, "is_paid": False, "is_direct": False},
]
CHANNEL = {row["origin_id"]: row["channel"] for row in ORIGINS}
PLAIN = Settings(counting=Counting(lookback_days=30))
TOLD = ["first", "last", "last_non_direct", "last_paid", "linear", "shapley"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def on(day: float) -> date:
    return at(day).date()


def touch(number: int, person: int | None, day: float, origin: int, kind: str = "visit") -> Row:
    own = ORIGINS[origin - 1]
    return {
        "touch_id": number, "person_id": person, "at": at(day), "day_on": on(day), "kind": kind, "origin_id": origin,
        "is_paid": own["is_paid"], "is_direct": own["is_direct"],
    }  # fmt: skip


def order(
    key: int, person: int | None, day: float, revenue: object = 100, *, lead: float | None = None, **more: Any
) -> Row:
    behind = {} if lead is None else {"lead_at": at(lead), "lead_on": on(lead), "lead_key": 1000 + key}
    return {
        "order_key": key, "person_id": person, "ordered_at": at(day), "ordered_on": on(day), "paid_at": at(day), "paid_on": on(day),
        "moment_at": at(day), "revenue": None if revenue is None else Decimal(str(revenue)), "order_number": 1, "is_repeat": False,
    } | behind | more  # fmt: skip


def tables(touches: list[Row], orders: list[Row], **more: list[Row]) -> Tables:
    empty: Tables = {
        name: [] for name in ("spends", "visits", "leads", "deals", "payments", "stage_entries", "credits")
    }
    return {**empty, "origins": list(ORIGINS), "touches": touches, "orders": orders, **more}


def ask(connection: duckdb.DuckDBPyConnection, given: Tables, report: str = "attribution", **fields: Any) -> Answer:
    fill(connection, given)
    plain = {"draws": "0"} if report == "attribution" else {}
    return answer(connection, PLAIN, read_question(report, plain | fields))


def credit_of(found: Answer) -> dict[tuple[str | None, str], Decimal]:
    return {(row["channel"], row["model"]): row["credit"] for row in found.rows if row["credit"]}


def of_model(found: Answer, model: str) -> dict[str | None, Decimal]:
    return {channel: credit for (channel, name), credit in credit_of(found).items() if name == model}


def test_each_model_has_its_credit_and_all_add_up(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 5, 2), touch(3, 7, 9, 3), touch(4, 8, 3, 1)],
        [order(1, 7, 10, 100), order(2, None, 10, 7)],
    )
    found = ask(connection, given, models="first,last,last_non_direct,linear", measure="revenue")
    assert of_model(found, "first") == {"Paid Search": 100, None: 7}
    assert of_model(found, "last") == {"Direct": 100, None: 7}
    assert of_model(found, "last_non_direct") == {"Email": 100, None: 7}
    assert of_model(found, "linear") == {
        "Paid Search": Decimal("33.3334"), "Email": Decimal("33.3333"), "Direct": Decimal("33.3333"), None: 7
    }  # fmt: skip
    assert found.totals["credit"] == 107


def test_the_window_is_inclusive_and_runs_back_from_the_sale(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 0, 1), touch(2, 7, 2, 2), touch(3, 7, 12, 3)], [order(1, 7, 10)])
    assert of_model(ask(connection, given, models="linear", window_days=8), "linear") == {"Email": 100}
    assert of_model(ask(connection, given, models="linear", window_days=10), "linear") == {
        "Paid Search": 50,
        "Email": 50,
    }


def test_direct_touches_leave_journeys_that_have_others(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 5, 3), touch(3, 8, 5, 3)], [order(1, 7, 10), order(2, 8, 10)])
    assert of_model(ask(connection, given, models="last", direct="skip"), "last") == {"Paid Search": 100, "Direct": 100}


def test_only_the_kinds_of_touches_that_were_chosen(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 2, 2), touch(3, 7, 3, 2, "message"), touch(4, 7, 4, 4, "call")],
        [order(1, 7, 10)],
    )
    assert of_model(ask(connection, given, models="last", touches="click"), "last") == {"Paid Search": 100}
    assert of_model(ask(connection, given, models="first", touches="email, call"), "first") == {"Email": 100}
    assert of_model(ask(connection, given, models="first", touches="chat"), "first") == {None: 100}


def test_journeys_after_the_sale_before(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 6, 2)], [order(1, 7, 5), order(2, 7, 10, order_number=2)])
    assert of_model(ask(connection, given, models="first"), "first") == {"Paid Search": 200}
    assert of_model(ask(connection, given, models="first", after="previous"), "first") == {
        "Paid Search": 100,
        "Email": 100,
    }


def test_by_date_of_touch_each_share_stands_on_its_touch(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 5, 2)], [order(1, 7, 10), order(2, None, 5, 9), order(3, None, 9, 1)]
    )
    fields = {"since": on(4), "until": on(6), "basis": "touch", "models": "first,linear,markov"}
    found = ask(connection, given, **fields)
    assert of_model(found, "first") == {None: 9}
    assert of_model(found, "linear") == of_model(found, "markov") == {"Email": 50, None: 9}


def test_moments_give_their_touches_a_share(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(number, 7, number, 1 + number % 4) for number in range(6)],
        [order(1, 7, 5.5, 1000, lead=2.5, deal_key=9)], deals=[{"deal_key": 9, "created_at": at(3.5), "person_id": 7}],
    )  # fmt: skip
    found = ask(connection, given, models="full_path,w_shape", measure="revenue", by="source")
    credit = defaultdict(Decimal)
    for row in found.rows:
        credit[row["source"], row["model"]] += row["credit"]
    assert credit["yandex", "full_path"] == 275  # day 0 and day 4
    assert credit[None, "full_path"] == 450  # direct on day 2 before the lead, unknown on day 3 before the deal
    assert credit["news", "full_path"] == 275  # half the rest on day 1, the last on day 5
    assert found.totals["credit"] == 1000


def test_measures(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1)],
        [order(1, 7, 5, 100, cost_of_goods=Decimal(30)), order(2, 7, 50, 40, order_number=2), order(3, 7, 6, None, order_number=3)],
        deals=[{"deal_key": 1, "person_id": 7, "created_at": at(3), "created_on": on(3), "is_deleted": False}],
        leads=[{"lead_key": 1, "person_id": 7, "created_at": at(2), "created_on": on(2), "is_counted": True}],
    )  # fmt: skip
    wanted = {"orders": 2, "revenue": 100, "profit": 70, "ltv": 140, "leads": 1, "deals": 1}
    for measure, credit in wanted.items():
        found = ask(connection, given, models="linear,markov", measure=measure)
        assert of_model(found, "markov").get("Paid Search") == credit
        assert of_model(found, "linear").get("Paid Search") == credit


def test_until_the_lead_it_is_what_the_other_reports_say(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 5, 2)], [order(1, 7, 10, lead=3)])
    assert of_model(ask(connection, given, models="last", journey="lead"), "last") == {"Paid Search": 100}
    assert of_model(ask(connection, given, models="last"), "last") == {"Email": 100}


def test_lost_journeys_are_those_after_the_last_sale(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [
            touch(1, 7, 1, 1), touch(2, 7, 20, 2),  # after the sale: lost
            touch(3, 8, 1, 1), touch(4, 9, 1, 1),  # two equal ones
            touch(5, 10, 1, 1), touch(6, 10, 90, 2),  # the older one is out of the window
            touch(7, None, 3, 3),
        ],
        [order(1, 7, 10)],
    )  # fmt: skip
    found = ask(connection, given, models="markov")
    assert {c.code: c.count for c in found.caveats}["lost_journeys"] == 4
    some = ask(connection, given, models="markov", until=on(15))
    assert {c.code: c.count for c in some.caveats}["lost_journeys"] == 2


def test_cost_stands_beside_credit_and_models_may_disagree(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables(
        [touch(1, 7, 1, 1), touch(2, 7, 5, 2)], [order(1, 7, 10)],
        spends=[
            {"spend_key": 1, "day_on": on(1), "origin_id": 1, "cost": Decimal(60), "original_cost": Decimal(60)},
            {"spend_key": 2, "day_on": on(1), "origin_id": 2, "cost": Decimal(10), "original_cost": Decimal(10)},
        ],
    )  # fmt: skip
    found = ask(connection, given, models="first,linear,last", draws="50")
    rows = {(row["channel"], row["model"]): row for row in found.rows}
    assert rows["Paid Search", "linear"]["profit"] == -10
    assert rows["Paid Search", "first"]["romi"] == pytest.approx(40 / 60)
    assert found.totals["cost"] == 70
    codes = {caveat.code: caveat.count for caveat in found.caveats}
    assert codes["models_disagree_on_profit"] == 2
    assert codes["models_disagree_on_order"] == 1
    alone = ask(connection, given, models="last")
    assert not {"models_disagree_on_profit", "models_disagree_on_order"} & {c.code for c in alone.caveats}


def test_side_by_side(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(1, 7, 1, 1), touch(2, 7, 5, 2)], [order(1, 7, 10)])
    found = ask(connection, given, models="all", view="side", measure="orders")
    assert {row["channel"]: (row["first"], row["linear"], row["last"]) for row in found.rows} == {
        "Paid Search": (1, Decimal("0.5"), 0), "Email": (0, Decimal("0.5"), 1)
    }  # fmt: skip
    assert {found.totals[name] for name in MODELS if name != "last_from"} == {1}


def test_the_same_question_has_the_same_intervals(connection: duckdb.DuckDBPyConnection) -> None:
    given = tables([touch(n, n, 1, 1 + n % 3) for n in range(1, 9)], [order(n, n, 5, n * 10) for n in range(1, 6)])
    one, two = (ask(connection, given, draws="60", models="linear,markov,shapley_lift") for _ in range(2))
    assert one.rows == two.rows
    assert all(row["credit_low"] <= row["credit_high"] for row in one.rows)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"models": "frist"}, "Did you mean «first»"),
        ({"models": "last_from"}, "needs the channel"),
        ({"models": "last_from", "from": "Paid Serch"}, "Paid Search"),
        ({"models": "custom"}, "needs its weights"),
        ({"weights": "begin=1"}, "no role «begin»"),
        ({"by": "manager"}, "touches do not know"),
        ({"filters": "channel is Email"}, "whole journeys"),
        ({"touches": "visits"}, "no touches"),
        ({"direct": "maybe"}, "count or skip"),
        ({"draws": "many"}, "number from"),
        ({"compare": "year", "since": "2026-01-01", "until": "2026-02-01"}, "does not take compare"),
    ],
)
def test_questions_that_cannot_be_asked(
    connection: duckdb.DuckDBPyConnection, fields: dict[str, str], said: str
) -> None:
    with pytest.raises(QuestionError, match=said):
        ask(connection, tables([], [order(1, 7, 10)]), **fields)


def test_nothing_at_all_is_an_answer(connection: duckdb.DuckDBPyConnection) -> None:
    found = ask(connection, tables([], []), models="all", measure="leads", draws="5")
    assert found.rows == []


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from([5, 6, 7, None]), st.integers(0, 40), st.integers(1, 4)), max_size=14),
    st.lists(
        st.tuples(st.sampled_from([5, 6, 8, None]), st.integers(5, 45), st.integers(-10, 9999), st.sampled_from([None, 1, 4])), min_size=1, max_size=6
    ),
    st.integers(1, 30), st.sampled_from(["count", "skip"]), st.sampled_from(["sale", "lead"]), st.sampled_from(["payment", "lead"]), st.booleans(),
)  # fmt: skip
def test_credits_are_those_of_plain_python(
    connection: duckdb.DuckDBPyConnection, seen: list[tuple[int | None, int, int]], sold: list[tuple[int | None, int, int, int | None]],
    window: int, direct: str, journey: str, basis: str, dated: bool,
) -> None:  # fmt: skip
    touches = [touch(number, person, day, origin) for number, (person, day, origin) in enumerate(seen, 1)]
    orders = [
        order(number, person, day, worth, lead=None if before is None else day - before)
        for number, (person, day, worth, before) in enumerate(sold, 1)
    ]
    fields: dict[str, Any] = {"since": on(12), "until": on(30)} if dated else {}
    found = ask(
        connection, tables(touches, orders), models=",".join(TOLD), measure="revenue", window_days=window, direct=direct, journey=journey,
        basis=basis, **({"since": on(12)} if dated else {}),
    )  # fmt: skip
    wanted: dict[tuple[str | None, str], Fraction] = defaultdict(Fraction)
    for row in orders:
        stands_on = row.get("lead_on", row["ordered_on"]) if basis == "lead" else row["paid_on"]
        if dated and stands_on < fields["since"]:
            continue
        end = row.get("lead_at", row["moment_at"]) if journey == "lead" else row["ordered_at"]
        way = sorted(
            (
                t
                for t in touches
                if t["person_id"] is not None
                and t["person_id"] == row["person_id"]
                and end - timedelta(days=window) <= t["at"] <= end
            ),
            key=lambda t: (t["at"], t["touch_id"]),
        )
        firm = [t for t in way if not t["is_direct"]]
        way = firm if direct == "skip" and firm else way
        for model in TOLD:
            for channel, share in shares(model, way):
                wanted[channel, model] += share * Fraction(row["revenue"])
    got = credit_of(found)
    assert all(
        abs(Fraction(got.get(key, 0)) - wanted.get(key, 0)) < Fraction(1, 1000) for key in got.keys() | wanted.keys()
    )


def shares(model: str, way: list[Row]) -> list[tuple[str | None, Fraction]]:
    """Whose the sale is: channels with their shares."""
    if not way:
        return [(None, Fraction(1))]
    channels = [CHANNEL[t["origin_id"]] for t in way]
    match model:
        case "linear":
            return [(channel, Fraction(1, len(way))) for channel in channels]
        case "shapley":
            return [(channel, Fraction(1, len(set(channels)))) for channel in set(channels)]
        case "first":
            return [(channels[0], Fraction(1))]
        case "last_paid":
            fit = [t for t in way if t["is_paid"]] or [t for t in way if not t["is_direct"]] or way
        case "last_non_direct":
            fit = [t for t in way if not t["is_direct"]] or way
        case _:
            fit = way
    return [(CHANNEL[fit[-1]["origin_id"]], Fraction(1))]
