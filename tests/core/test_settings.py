"""longfunnel.toml: values with defaults, and every mistake in one message."""

from __future__ import annotations

import pytest

from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings

OLIST = """
[business]
name = "Olist"
currency = "BRL"
timezone = "America/Sao_Paulo"
language = "en"

[[source]]
name = "leads"
type = "file"
path = "data/leads*.csv"
fact = "lead"
columns.lead_id = "mql_id"
columns.props.segment = "business_segment"
constants.kind = "form"
"""


def test_what_the_file_says_and_the_defaults_for_the_rest() -> None:
    settings = parse_settings(OLIST)
    assert settings.business.currency == "BRL"
    assert settings.business.zone.key == "America/Sao_Paulo"
    assert settings.counting.lookback_days == 90
    (source,) = settings.source
    assert source.columns == {"lead_id": "mql_id", "props": {"segment": "business_segment"}}
    assert source.constants == {"kind": "form"}


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_settings("").business.timezone == "UTC"


def test_all_mistakes_come_together_with_their_places() -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(
            '[business]\ncurency = "RUB"\ntimezone = 5\n\n[[source]]\nname = "a"\nfact = "lead"\nskip_rows = "two"\ncolums = {}\n'
        )
    text = str(error.value)
    assert "unknown setting «curency». Did you mean «currency»?" in text
    assert "timezone = 5" in text
    assert "[[source]] «a»: unknown setting «colums». Did you mean «columns»?" in text
    assert "skip_rows = 'two'" in text
    assert text.count("\n") == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[business]\ntimezone = "Europe/Moskow"', "Did you mean «Europe/Moscow»"),
        ('[business]\ncurrency = "rubles"', "not an ISO code"),
        ('[business]\ncountry = "Russia"', "not a two-letter code"),
        ("[counting]\nlookback_days = 0", "must be at least 1"),
        ('[counting]\nrevenue = "cash"', "revenue = 'cash'"),
        ('[[source]]\nfact = "lead"', "«name» is missing"),
        ('[[source]]\nname = "a"\nfact = "lead"', "needs path"),
        (
            '[[source]]\nname = "a"\nfact = "lead"\npath = "x"\n[[source]]\nname = "a"\nfact = "lead"\npath = "y"',
            "named twice",
        ),
        ('[source]\nname = "a"', "[[source]]"),
        ("business = 1", "must be a table"),
        ("[business\n", "not valid TOML"),
        (f'[business]\nname = "{"ж" * 201}"', "[business] name: 201 characters, and at most 200 fit."),
        (f'[[site]]\nname = "{"a" * 200_000}"', "[[site]] number 1: name: 200,000 characters, and at most 200 fit."),
    ],
)
def test_a_mistake_says_what_and_where(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(text, file="longfunnel.toml")
    assert said in str(error.value)
    assert "longfunnel.toml" in str(error.value)


def test_a_name_that_is_too_long_is_not_quoted_and_a_long_one_fits() -> None:
    source = '[[source]]\nname = "{name}"\nfact = "lead"\n'
    with pytest.raises(SettingsError) as error:
        parse_settings(source.format(name="a" * 200_000))
    assert len(str(error.value)) < 200
    assert "[[source]] № 1: name: знаков 200\u00a0000, а можно не больше 200." in error.value.to("ru")
    assert parse_settings((source + 'path = "x"').format(name="a" * 200)).source[0].name == "a" * 200
