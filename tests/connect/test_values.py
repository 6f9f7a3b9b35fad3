"""What a cell means: tables of spellings, and the engine's answers equal to the plain rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connect.conftest import at

from longfunnel.connect._recognise import Format, instant_format, number_format
from longfunnel.connect._typed import (
    Steps,
    clean_sql,
    currency_in_amount_sql,
    currency_sql,
    flag_sql,
    instant_steps,
    number_steps,
    register,
)
from longfunnel.connect._values import read_duration, read_instant, read_number
from longfunnel.connect._zones import to_utc_sql


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    register(connection)
    return connection


def apply(engine: duckdb.DuckDBPyConnection, values: list[str], steps: Steps, name: str = "v") -> list[object]:
    sql = "(SELECT unnest($values) AS t, generate_subscripts($values, 1) AS place)"
    for step in steps:
        sql = f"(SELECT *, {', '.join(f'{expression} AS {column}' for column, expression in step.items())} FROM {sql})"
    return [row[0] for row in engine.execute(f"SELECT {name} FROM {sql} ORDER BY place", {"values": values}).fetchall()]


NUMBERS = [
    ("0", "", "0"),
    ("1234", "", "1234"),
    ("-7", "", "-7"),
    ("−7", "", "-7"),
    ("12.5", "", "12.5"),
    ("12,5", "", "12.5"),
    ("0,123", "", "0.123"),
    (".5", "", "0.5"),
    ("1 234,50", "", "1234.5"),
    ("1\u00a0234,50", "", "1234.5"),
    ("1\u202f234.5", "", "1234.5"),
    ("1'234.5", "", "1234.5"),
    ("1,234.56", "", "1234.56"),
    ("1.234,56", "", "1234.56"),
    ("1,234,567", "", "1234567"),
    ("1.234.567", "", "1234567"),
    ("(1 234,50)", "", "-1234.5"),
    ("5-", "", "-5"),
    ("12 ₽", "", "12"),
    ("1 500 руб.", "", "1500"),
    ("R$ 1.234,56", "", "1234.56"),
    ("$1,234.56", "", "1234.56"),
    ("€5", "", "5"),
    ("USD 5.5", "", "5.5"),
    ("15,5%", "", "15.5"),
    ("1,234", "", None),
    ("1.234", "", None),
    ("1,234", ".", "1234"),
    ("1,234", ",", "1.234"),
    ("1.234", ".", "1.234"),
    ("1.234", ",", "1234"),
    ("abc", "", None),
    ("12abc3", "", None),
    ("1,23,4", "", None),
    ("1.23.4567", "", None),
    ("--", "", None),
]


@pytest.mark.parametrize(("text", "decimal", "expected"), NUMBERS)
def test_numbers(engine: duckdb.DuckDBPyConnection, text: str, decimal: str, expected: str | None) -> None:
    wanted = None if expected is None else Decimal(expected)
    assert read_number(text, decimal) == wanted
    assert apply(engine, [text], number_steps("v", "t", Format(decimal=decimal), kind="DECIMAL(18,4)")) == [wanted]


@settings(deadline=None, max_examples=200)
@given(
    amount=st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False),
    thousands=st.sampled_from(["", " ", "\u00a0", "\u202f", "'"]),
    point=st.sampled_from([".", ","]),
    mark=st.sampled_from(["", " ₽", " руб.", " $"]),
)
def test_any_amount_as_exports_write_it_is_read_back_exactly(
    engine: duckdb.DuckDBPyConnection, amount: Decimal, thousands: str, point: str, mark: str
) -> None:
    text = f"{amount:,.2f}".replace(",", "T").replace(".", point).replace("T", thousands) + mark
    expected = None if amount.is_nan() else amount
    assert apply(engine, [text], number_steps("v", "t", number_format([text], ""), kind="DECIMAL(18,4)")) == [expected]


def test_money_is_never_a_float(engine: duckdb.DuckDBPyConnection) -> None:
    assert apply(
        engine, ["0.1", "99999999999999.9999"], number_steps("v", "t", Format(decimal="."), kind="DECIMAL(18,4)")
    ) == [
        Decimal("0.1"),
        Decimal("99999999999999.9999"),
    ]


def test_counts_are_whole_and_durations_are_seconds(engine: duckdb.DuckDBPyConnection) -> None:
    steps = number_steps("v", "t", Format(), kind="BIGINT", is_duration=True)
    assert apply(engine, ["12", "2.5", "00:01:35", "1:02", "75"], steps) == [12, 3, 95, 62, 75]
    assert read_duration("nonsense") is None


UTC_INSTANTS = [
    ("2025-09-01T10:00:00+03:00", "2025-09-01 07:00:00"),
    ("2025-09-01T10:00:00Z", "2025-09-01 10:00:00"),
    ("2025-09-01T10:00Z", "2025-09-01 10:00:00"),
    ("2026-07-04T10:15:30.000+0000", "2026-07-04 10:15:30"),
    ("2025-09-01 10:00:00-05:30", "2025-09-01 15:30:00"),
    ("2025-09-01 10:00:00 UTC", "2025-09-01 10:00:00"),
    ("2022-12-08 21:41:03.922 +0000 UTC", "2022-12-08 21:41:03.922"),
    ("Mon, 01 Sep 2025 10:00:00 +0300", "2025-09-01 07:00:00"),
    ("20250901T101112Z", "2025-09-01 10:11:12"),
    ("1756713600", "2025-09-01 08:00:00"),
    ("1756713600.5", "2025-09-01 08:00:00.5"),
    ("1756713600000", "2025-09-01 08:00:00"),
    ("1756713600000000", "2025-09-01 08:00:00"),
    ("0", "1970-01-01 00:00:00"),
]
LOCAL_INSTANTS = [
    ("2025-09-01", "2025-09-01 00:00:00"),
    ("2025-09-01 10:05", "2025-09-01 10:05:00"),
    ("2025-09-01T10:05:06.123456", "2025-09-01 10:05:06.123456"),
    ("2025-9-1 4:05:06", "2025-09-01 04:05:06"),
    ("2025/09/01 5:06", "2025-09-01 05:06:00"),
    ("2025.09.01", "2025-09-01 00:00:00"),
    ("01.09.2025", "2025-09-01 00:00:00"),
    ("1.9.2025 7:05", "2025-09-01 07:05:00"),
    ("01.09.2025 10:00:11", "2025-09-01 10:00:11"),
    ("01.09.2025, 10:00", "2025-09-01 10:00:00"),
    ("01.09.25", "2025-09-01 00:00:00"),
    ("23/09/2025 05:06", "2025-09-23 05:06:00"),
    ("09/23/2025 05:06 PM", "2025-09-23 17:06:00"),
    ("1 сентября 2025", "2025-09-01 00:00:00"),
    ("1 сентября 2025 г. в 10:05", "2025-09-01 10:05:00"),
    ("12 мая 2025", "2025-05-12 00:00:00"),
    ("Sep 1, 2025", "2025-09-01 00:00:00"),
    ("Sep 1, 2025 12:05 AM", "2025-09-01 00:05:00"),
    ("1-Sep-2025 10:05", "2025-09-01 10:05:00"),
    ("20250901", "2025-09-01 00:00:00"),
    ("20250901101112", "2025-09-01 10:11:12"),
    ("45901", "2025-09-01 00:00:00"),
    ("45901.5", "2025-09-01 12:00:00"),
    ("2025-09-01 24:00:00", "2025-09-02 00:00:00"),
]
NOT_INSTANTS = [
    "",
    "вчера",
    "2025-13-01",
    "32.10.2026",
    "31.06.2026",
    "10:00",
    "12",
    "2025",
    "2025-09",
    "99999999999999999999",
    "2025-02-29",
]


@pytest.mark.parametrize(("text", "expected"), UTC_INSTANTS + LOCAL_INSTANTS)
def test_instants(engine: duckdb.DuckDBPyConnection, text: str, expected: str) -> None:
    wanted = datetime.fromisoformat(expected)
    if (text, expected) in LOCAL_INSTANTS:
        wanted = wanted.replace(tzinfo=ZoneInfo("Europe/Moscow")).astimezone(UTC).replace(tzinfo=None)
    form = instant_format([text], "")
    assert apply(engine, [text], instant_steps("v", "t", form, zone="Europe/Moscow", is_day=False)) == [wanted]
    day = wanted + timedelta(hours=3)
    assert apply(engine, [text], instant_steps("v", "t", form, zone="Europe/Moscow", is_day=True)) == [day.date()]


@pytest.mark.parametrize("text", NOT_INSTANTS)
def test_what_is_no_instant(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read_instant(text, "day_first") is None
    assert apply(engine, [text], instant_steps("v", "t", Format(order="day_first"), zone="UTC", is_day=False)) == [None]


def test_days_and_months_that_nothing_settles_are_no_value(engine: duckdb.DuckDBPyConnection) -> None:
    form = instant_format(["03/04/2025", "05/06/2025"], "")
    assert form.doubt == "03/04/2025"
    steps = instant_steps("v", "t", form, zone="UTC", is_day=True)
    assert apply(engine, ["03/04/2025", "04/04/2025", "13/04/2025"], steps) == [
        None,
        date(2025, 4, 4),
        date(2025, 4, 13),
    ]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["03/04/2025", "13/04/2025"], "day_first"),
        (["03/04/2025", "04/13/2025"], "month_first"),
        (["03.04.2025"], "day_first"),
        (["03-04-2025", "25-04-2025"], "day_first"),
        (["2025-04-03"], ""),
        (["13/04/2025", "04/13/2025"], ""),
    ],
)
def test_one_value_settles_the_order_of_its_column(values: list[str], order: str) -> None:
    assert instant_format(values, "").order == order


@pytest.mark.parametrize(
    ("values", "decimal", "doubt"),
    [
        (["1,234", "2,5"], ",", ""),
        (["1,234", "1,234.50"], ".", ""),
        (["1.234", "1.234,5"], ",", ""),
        (["1,234", "1,234,567"], ".", ""),
        (["1,234", "2,500"], "", "1,234"),
        (["1.234"], "", "1.234"),
        (["12", "1500"], "", ""),
        (["0.5", "0,5"], "", ""),
    ],
)
def test_one_value_settles_the_decimal_sign_of_its_column(values: list[str], decimal: str, doubt: str) -> None:
    form = number_format(values, "")
    assert (form.decimal, form.doubt) == (decimal, doubt)


def test_in_a_column_of_counts_three_digits_after_a_sign_are_thousands() -> None:
    assert number_format(["1,234"], "", is_count=True).decimal == "."
    assert number_format(["1.234"], "", is_count=True).decimal == ","


@settings(deadline=None, max_examples=300)
@given(
    wall=st.datetimes(min_value=at(1991, 1, 1), max_value=at(2039, 1, 1)),
    zone=st.sampled_from(
        [
            "Europe/Moscow",
            "Europe/Berlin",
            "America/Sao_Paulo",
            "America/New_York",
            "Asia/Kolkata",
            "UTC",
            "Australia/Lord_Howe",
        ]
    ),
)
def test_wall_clocks_become_utc_as_the_zone_database_says(
    engine: duckdb.DuckDBPyConnection, wall: datetime, zone: str
) -> None:
    expected = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    assert engine.execute(f"SELECT {to_utc_sql('w', zone)} FROM (SELECT ?::TIMESTAMP AS w)", [wall]).fetchall() == [
        (expected,)
    ]


@pytest.mark.parametrize(
    "wall", ["2025-03-30 02:30:00", "2025-10-26 02:30:00", "2025-03-30 03:00:00", "2025-10-26 03:00:00"]
)
def test_hours_that_the_clock_skips_or_repeats(engine: duckdb.DuckDBPyConnection, wall: str) -> None:
    moment = datetime.fromisoformat(wall)
    expected = moment.replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC).replace(tzinfo=None)
    assert engine.execute(
        f"SELECT {to_utc_sql('w', 'Europe/Berlin')} FROM (SELECT ?::TIMESTAMP AS w)", [moment]
    ).fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("да", True),
        ("Нет", False),
        ("TRUE", True),
        ("0", False),
        ("Y", True),
        ("N", False),
        ("yes", True),
        ("maybe", None),
    ],
)
def test_yes_and_no(engine: duckdb.DuckDBPyConnection, text: str, expected: bool | None) -> None:
    assert engine.execute(f"SELECT {flag_sql('t')} FROM (SELECT ? AS t)", [text]).fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("₽", "RUB"), ("руб", "RUB"), ("RUR", "RUB"), ("usd", "USD"), ("€", "EUR"), ("chf", "CHF"), ("doubloon", None)],
)
def test_currencies(engine: duckdb.DuckDBPyConnection, text: str, expected: str | None) -> None:
    assert engine.execute(f"SELECT {currency_sql('t')} FROM (SELECT ? AS t)", [text]).fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 ₽", "RUB"),
        ("R$ 5", "BRL"),
        ("$5", "USD"),
        ("5 €", "EUR"),
        ("12 345,5", "RUB"),
        ("EUR 5", "EUR"),
        ("5 руб.", "RUB"),
    ],
)
def test_a_sign_in_the_amount_is_its_currency(engine: duckdb.DuckDBPyConnection, text: str, expected: str) -> None:
    assert engine.execute(f"SELECT {currency_in_amount_sql('t', 'RUB')} FROM (SELECT ? AS t)", [text]).fetchall() == [
        (expected,)
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [(" a b ", "a b"), ("\u00a0a\u202f", "a"), ("\ta\n", "a"), ("  ", None), ("a", "a")]
)
def test_spaces_around_a_value_are_dropped(engine: duckdb.DuckDBPyConnection, text: str, expected: str | None) -> None:
    assert engine.execute(f"SELECT {clean_sql('t')} FROM (SELECT ? AS t)", [text]).fetchall() == [(expected,)]
