"""How a reader sees values: what a card shortens is still the same number."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from longfunnel.core.shown import Shown

if TYPE_CHECKING:
    from longfunnel.core.settings import Language


@pytest.mark.parametrize(("language", "currency"), [("en", "USD"), ("en", "RUB"), ("ru", "RUB"), ("ru", "JPY")])
def test_money_of_a_card_is_the_whole_amount_without_its_kopecks(language: Language, currency: str) -> None:
    shown = Shown(language, currency, ZoneInfo("UTC"))
    amounts = [Decimal(n) / 2 for n in (*range(2000, 2100), *range(39_990, 40_020), *range(90_000, 90_040), 199_998)]
    read = {value: int("".join(sign for sign in shown.card(value, "money") if sign.isdigit())) for value in amounts}
    assert read == {value: int(value.quantize(Decimal(1), ROUND_HALF_UP)) for value in amounts}


def test_money_below_a_thousand_keeps_its_kopecks() -> None:
    assert Shown("en", "USD", ZoneInfo("UTC")).card(Decimal("999.5"), "money") == "$999.50"
