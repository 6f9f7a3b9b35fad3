"""How numbers are kept and shown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from longfunnel.core.money import amount, quotient, show_days, show_money, show_number, show_share


def test_an_amount_has_four_places_and_favours_nobody() -> None:
    assert [str(amount(text)) for text in ("1", "0.00005", "0.00015")] == ["1.0000", "0.0000", "0.0002"]


def test_a_float_is_no_money() -> None:
    with pytest.raises(TypeError):
        amount(0.1)  # type: ignore[arg-type]


def test_a_quotient_over_nothing_is_unknown() -> None:
    assert quotient(Decimal(10), 0) is None
    assert quotient(None, 3) is None
    assert quotient(Decimal(10), 3) == Decimal("3.3333")


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (show_money(Decimal("1234567.8"), "RUB", "ru"), "1 234 567,80 ₽"),
        (show_money(Decimal("1234567.8"), "USD", "en"), "$1,234,567.80"),
        (show_money(Decimal("-5"), "USD", "en"), "−$5.00"),
        (show_money(Decimal("-0.001"), "USD", "en"), "$0.00"),
        (show_money(Decimal("1234.5"), "JPY", "en"), "¥1,235"),
        (show_money(Decimal("1234567.8"), "RUB", "ru", short=True), "1,23 млн ₽"),
        (show_money(Decimal(100_500), "RUB", "ru", short=True), "101 тыс. ₽"),
        (show_money(Decimal(999_999), "RUB", "ru", short=True), "1 млн ₽"),
        (show_money(Decimal("-999999999.5"), "USD", "en", short=True), "−$1B"),
        (show_number(1_005_000, "en", short=True), "1.01M"),
        (show_money(Decimal("1234.5"), "RUB", "ru", places=0), "1 235 ₽"),
        (show_money(None, "RUB", "ru"), "—"),
        (show_number(1234567.8, "ru", places=1), "1 234 567,8"),
        (show_number(1234567.8, "en", places=1), "1,234,567.8"),
        (show_share(0.1244, "ru"), "12,4 %"),
        (show_share(0.1244, "en"), "12.4 %"),
        (show_days(3 + 4 / 24, "ru"), "3 дн 4 ч"),
        (show_days(3 + 4 / 24, "en"), "3 d 4 h"),
        (show_days(0, "en"), "0 min"),
        (show_days(-0.25, "en"), "−6 h"),
        (show_days(2.0, "en"), "2 d"),
        (show_days(None, "en"), "—"),
    ],
)
def test_numbers_are_shown_as_the_language_writes_them(shown: str, wanted: str) -> None:
    assert shown.replace("\u00a0", " ").replace("\u202f", " ") == wanted
