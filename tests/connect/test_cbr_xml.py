"""Rates of the Bank of Russia: nominals, decimal commas, windows-1251, refused documents; weekends are the build's matter."""

from __future__ import annotations

from datetime import date

import pytest

from longfunnel.connect._cbr_xml import currency_ids, daily_rates, dynamic_rates
from longfunnel.core.errors import SourceError

DAILY = """<?xml version="1.0" encoding="windows-1251"?>
<ValCurs Date="14.03.2026" name="Foreign Currency Market">
<Valute ID="R01235"><NumCode>840</NumCode><CharCode>USD</CharCode><Nominal>1</Nominal><Name>Доллар США</Name><Value>90,1234</Value></Valute>
<Valute ID="R01335"><NumCode>398</NumCode><CharCode>KZT</CharCode><Nominal>100</Nominal><Name>Тенге</Name><Value>18,1050</Value></Valute>
<Valute ID="R01375"><NumCode>156</NumCode><CharCode>CNY</CharCode><Nominal>10</Nominal><Name>Юаней</Name><Value>1 123,5</Value></Valute>
</ValCurs>""".encode("cp1251")
DYNAMIC = """<?xml version="1.0" encoding="windows-1251"?>
<ValCurs ID="R01335" DateRange1="13.03.2026" DateRange2="17.03.2026" name="Foreign Currency Market Dynamic">
<Record Date="13.03.2026" Id="R01335"><Nominal>100</Nominal><Value>18,0000</Value><VunitRate>0,18</VunitRate></Record>
<Record Date="14.03.2026" Id="R01335"><Nominal>10</Nominal><Value>1,8105</Value></Record>
<Record Date="17.03.2026" Id="R01335"><Nominal>100</Nominal><Value>18,5000</Value></Record>
</ValCurs>""".encode("cp1251")


def test_a_day_of_all_currencies() -> None:
    day = date(2026, 3, 14)
    assert daily_rates(DAILY) == [
        {"day_on": day, "currency": "USD", "rate": 90.1234},
        {"day_on": day, "currency": "KZT", "rate": 0.18105},
        {"day_on": day, "currency": "CNY", "rate": 112.35},
    ]
    assert currency_ids(DAILY) == {"USD": "R01235", "KZT": "R01335", "CNY": "R01375"}


def test_a_span_of_one_currency_has_only_the_days_that_the_bank_names() -> None:
    assert [(row["day_on"].day, row["rate"]) for row in dynamic_rates(DYNAMIC, "KZT")] == [
        (13, 0.18),
        (14, 0.18105),
        (17, 0.185),
    ]
    empty = b'<?xml version="1.0" encoding="windows-1251"?><ValCurs ID="R01335" DateRange1="15.03.2026" DateRange2="16.03.2026" name="x"></ValCurs>'
    assert dynamic_rates(empty, "KZT") == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ValCurs Date="14.03.2026">&b;</ValCurs>', "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><ValCurs Date="14.03.2026"/>', "document type"),
        (b"<html>busy</html>", "<html>"),
        ("Ошибка".encode("cp1251"), "Ошибка"),
        (b"", "no XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><ValCurs/>', "no XML"),
        (b"<ValCurs>Error in parameters</ValCurs>", "Error in parameters"),
        (b'<ValCurs Date="32.03.2026"><Valute/></ValCurs>', "32.03.2026"),
        (DAILY.replace(b"90,1234", b"x"), "USD on 2026-03-14"),
        (DAILY.replace(b"<Nominal>10</Nominal>", b"<Nominal>0</Nominal>"), "CNY on 2026-03-14"),
        (DAILY.replace(b"KZT", b"??"), "three letters"),
    ],
)  # fmt: skip
def test_what_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said.replace("?", r"\?")):
        daily_rates(body)
