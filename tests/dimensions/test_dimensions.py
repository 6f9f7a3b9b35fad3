"""The catalogue of dimensions."""

from __future__ import annotations

import duckdb
import pytest

from longfunnel.dimensions import Dimension, dimension, dimensions
from longfunnel.journeys.derive.declared import declarations

PROMISED = """
    channel source medium campaign content term ad landing_page product manager region audience pipeline stage reason_lost
    device first_or_repeat source_system
""".split()  # noqa: SIM905 - a list to read


def test_every_promised_dimension_exists() -> None:
    assert set(PROMISED) <= set(dimensions())


@pytest.mark.parametrize("entry", dimensions().values(), ids=lambda entry: entry.name)
def test_a_dimension_speaks_both_languages_and_of_real_columns(entry: Dimension) -> None:
    assert entry.title.en
    assert entry.title.ru
    assert entry.meaning.en.endswith(".")
    assert entry.meaning.ru.endswith(".")
    with duckdb.connect() as connection:
        for name, sql in declarations().items():
            connection.execute(sql)
            assert name
        connection.execute("CREATE TABLE survey_answers (source_system VARCHAR, props JSON)")
        for table in entry.columns:
            connection.execute(f"SELECT {entry.sql(table)} FROM {table} AS t, origins AS o")


def test_keyword_is_another_word_for_term() -> None:
    found = dimension("keyword")
    assert found is not None
    assert found.name == "term"


@pytest.mark.parametrize("key", ["Тип", "a/b", "a~b", "it's", 'say "x"', "$.x", "o.x"])
def test_any_kept_column_is_a_dimension(key: str) -> None:
    found = dimension(f"props.{key}")
    assert found is not None
    with duckdb.connect() as connection:
        value = connection.execute(
            f"SELECT {found.sql('leads')} FROM (SELECT json_object($key, 'yes') AS props) AS t", {"key": key}
        ).fetchall()
    assert value == [("yes",)]


def test_an_unknown_dimension_is_none() -> None:
    assert dimension("chanel") is None
    assert dimension("props.") is None
