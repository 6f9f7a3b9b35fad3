"""Spellings that are one name, and some that are not."""

from __future__ import annotations

import pytest

from longfunnel.journeys.matching.readings import LOOSER
from longfunnel.journeys.matching.spelling import spelt

LOOSE = LOOSER[-1]


@pytest.mark.parametrize(
    "same",
    [
        ["Бренд РФ", "brend_rf", "BREND-RF", "brend rf"],
        ["Хорошие щи", "khoroshie_schi", "horoshie-shchi"],
        ["Новый чай", "novyy_chay", "novyj_chaj", "noviy_chay", "novyi-chai"],
        ["Ёлки", "elki", "yolki"],
        ["Цена юбки", "tsena_yubki", "cena_ubki"],
        ["Мебель объявление", "mebel_obyavlenie"],
    ],
)  # fmt: skip
def test_one_name_in_both_alphabets(same: list[str]) -> None:
    assert len({spelt(text, LOOSE) for text in same}) == 1, [spelt(text, LOOSE) for text in same]


@pytest.mark.parametrize(("one", "other"), [("Кухни", "Кухня шоу"), ("brand", "brand2"), ("диван", "диваны")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert spelt(one, LOOSE) != spelt(other, LOOSE)


def test_without_anything_only_the_outer_spaces_go() -> None:
    assert spelt("  A_b ", ()) == "A_b"
    assert spelt("A_b", ("case",)) == "a_b"
    assert spelt("A_b", ("separators",)) == "A b"
