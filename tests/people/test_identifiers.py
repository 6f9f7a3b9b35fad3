"""Identifiers have one spelling, and SQL spells them as Python does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import (
    KINDS,
    Identifier,
    node_sql,
    normalise,
    normalise_sql,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNTRIES = ["", "RU", "KZ", "BY", "UA", "UZ", "US", "CA", "BR", "GB", "FR", "ES", "IN", "TR", "PL", "DE", "GE"]
NASTY = [
    *(
        "",
        " ",
        "-",
        "—",
        "none",
        "NaN",
        "0",
        "0.0",
        "00",
        "12.0",
        "12.50",
        "unknown",
        "UNDEFİNED",
        "Не указано",
        "(not set)",
        "false",
    ),
    *(
        "a@b.ru",
        " A@B.RU ",
        "mailto:a@b.ru?subject=1",
        "Ivan <ivan@mail.ru>",
        "test@test.ru",
        "no-reply@shop.ru",
        "ivan@почта.рф",
        "a@b..ru",
    ),
    *(
        "a@b.c",
        "a?b@c.de",
        "K@b.ru",
        "İ@b.ru",
        "a@b.ru,",
        "a@b.ru\n",
        "a@",
        "@b.ru",
        "@Ivan_1",
        "https://t.me/Ivan_1",
        "t.me/@ivan",
    ),
    *(
        "GA1.2.123.456",
        "GA1.1-2.123.456",
        "123.456",
        "ga1.2.123.456",
        "7,91E+10",
        "1E5",
        "1234e5678",
        "1.5e+20",
        "a b",
        "a\x0bb",
        "x" * 600,
    ),
    *(
        "00000000-0000-0000-0000-000000000000",
        "\u200b12\ufeff",
        "79121234567.0",
        "8 (800) 555-35-35",
        "+7 912 123-45-67 доб. 12",
        "9999999999",
    ),
    *(
        "89121234567, 89121234568",
        "89121234567 или 89121234568",
        "00375291234567",
        "8-10-375-29-1234567",
        "tel:+79121234567",
        "١٢٣٤٥٦٧٨٩",
    ),
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    register(opened)
    register(opened)
    register(opened.cursor())
    yield opened
    opened.close()


def by_sql(
    connection: duckdb.DuckDBPyConnection, kind: str, values: list[str | None], country: str
) -> list[str | None]:
    query = f"SELECT {normalise_sql(kind, 'value', country)} FROM (SELECT unnest($1::VARCHAR[]) AS value)"
    return [value for (value,) in connection.execute(query, [values]).fetchall()]


PHONES = st.builds(
    lambda code, digits, marks: "".join(mark + part for part, mark in zip([code, *digits], ["", *marks], strict=False)),
    st.sampled_from(
        [
            "",
            "+7",
            "7",
            "8",
            "+375",
            "375",
            "80",
            "+1",
            "1",
            "+55",
            "55",
            "0",
            "00",
            "+998",
            "+44",
            "+49",
            "+33",
            "+91",
            "+90",
            "+380",
        ]
    ),
    st.lists(st.sampled_from("0123456789"), min_size=5, max_size=12),
    st.lists(st.sampled_from(["", "", "", "", " ", "-", "(", ")", ".", ",", "/", " доб. "]), min_size=12, max_size=12),
)
WORDS = st.text("abcXYZ019-_.@+?<>(): \t\u00a0нетİK\x0b", max_size=12)


@settings(deadline=None, max_examples=30)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    country=st.sampled_from(COUNTRIES),
    values=st.lists(PHONES | WORDS | st.text(max_size=10) | st.none(), max_size=30),
)
def test_sql_spells_as_python_does(
    connection: duckdb.DuckDBPyConnection, kind: str, country: str, values: list[str | None]
) -> None:
    values = [value and value.replace("\0", "").encode("utf-8", "ignore").decode() for value in values]
    assert by_sql(connection, kind, values, country) == [normalise(kind, value, country) for value in values]


@settings(deadline=None, max_examples=30)
@given(country=st.sampled_from(COUNTRIES), values=st.lists(PHONES, min_size=20, max_size=60))
def test_sql_spells_phones_of_any_country_as_python_does(
    connection: duckdb.DuckDBPyConnection, country: str, values: list[str]
) -> None:
    assert by_sql(connection, "phone", list(values), country) == [
        normalise("phone", value, country) for value in values
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_sql_spells_nasty_values_as_python_does(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    assert by_sql(connection, kind, [*NASTY, None], "RU") == [normalise(kind, value, "RU") for value in [*NASTY, None]]


@settings(deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), value=PHONES | WORDS)
def test_a_spelling_is_its_own_spelling(kind: str, value: str) -> None:
    spelled = normalise(kind, value, "RU")
    assert spelled is None or normalise(kind, spelled, "RU") == spelled


@pytest.mark.parametrize(
    ("written", "country", "spelled"),
    [
        ("8 (912) 123-45-67", "RU", "+79121234567"),
        ("9121234567", "RU", "+79121234567"),
        ("+7 912 123-45-67 доб. 12", "RU", "+79121234567"),
        ("79121234567", "US", "+79121234567"),
        ("375 29 123-45-67", "RU", "+375291234567"),
        ("00375291234567", "RU", "+375291234567"),
        ("8 029 123 45 67", "BY", "+375291234567"),
        ("(11) 91234-5678", "BR", "+5511912345678"),
        ("55912345678", "BR", "+5555912345678"),
        ("(212) 555-1234", "US", "+12125551234"),
        ("555-1234", "US", None),
        ("12345", "RU", None),
        ("+7 999 999-99-99", "RU", None),
        ("89121234567, 89121234568", "RU", "+79121234567"),
        ("9121234567", "", None),
    ],
)
def test_phones_become_e164(written: str, country: str, spelled: str | None) -> None:
    assert normalise("phone", written, country) == spelled


@pytest.mark.parametrize(
    ("kind", "written", "spelled"),
    [
        ("email", " Ivan@Mail.RU ", "ivan@mail.ru"),
        ("email", "Ivan <ivan@mail.ru>", "ivan@mail.ru"),
        ("email", "ivan@почта.рф", "ivan@xn--80a1acny.xn--p1ai"),
        ("email", "ivan.mail.ru", None),
        ("ga_client", "GA1.2.1234567.1699999999", "1234567.1699999999"),
        ("yclid", " 15239287 ", "15239287"),
        ("contact", "12345.0", "12345"),
        ("contact", "0", None),
        ("lead", "0", "0"),
        ("ym_client", "1,66E+18", None),
        ("visitor", "(not set)", None),
        ("telegram", "https://t.me/Ivan", "ivan"),
        ("order", "Заказ 15", "Заказ 15"),
    ],
)
def test_other_kinds(kind: str, written: str, spelled: str | None) -> None:
    assert normalise(kind, written, "RU") == spelled


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(KeyError, match="Did you mean «email»"):
        normalise("emial", "a@b.ru")


def test_every_identifier_of_a_fact_has_a_kind() -> None:
    assert {column.identifier for fact in facts().values() for column in fact.identifiers} == KINDS.keys()


def test_sql_and_python_agree_on_nodes(connection: duckdb.DuckDBPyConnection) -> None:
    for kind in KINDS:
        one = Identifier(kind, "Иван 5", "crm")
        query = f"SELECT {node_sql(kind, 'v', 's')} FROM (SELECT $1 AS v, $2 AS s)"
        assert connection.execute(query, [one.value, one.system]).fetchall() == [(one.node,)]
    assert connection.execute(f"SELECT {node_sql('lead', 'NULL::VARCHAR', 'NULL::VARCHAR')}").fetchall() == [(None,)]


def test_only_ids_of_a_crm_differ_between_systems() -> None:
    differing = {kind for kind in KINDS if Identifier(kind, "5", "crm").node != Identifier(kind, "5", "other").node}
    assert differing == {"contact", "lead", "deal"}
