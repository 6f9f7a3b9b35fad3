"""Words in two languages."""

from __future__ import annotations

import pytest

from longfunnel.core.text import Text, plural_ru, read_stored, stored


def test_a_text_speaks_the_language_asked_for() -> None:
    text = Text("{what} is empty", "{what}: пусто").format(what=Text("Cost", "Расход"))
    assert (text.to("en"), text.to("ru"), str(text)) == ("Cost is empty", "Расход: пусто", "Cost is empty")


def test_thousands_are_parted_as_each_language_does() -> None:
    text = Text("{n:,} rows", "строк {n:,}").format(n=1234567)
    assert (text.en, text.ru) == ("1,234,567 rows", "строк 1\u00a0234\u00a0567")


@pytest.mark.parametrize(
    "text", [Text("no «row»", 'нет "строки"\n'), Text("Direct", "Direct"), Text('{"en": 1}', '{"en": 1}'), Text("", "")]
)
def test_what_was_stored_is_read_as_it_was(text: Text) -> None:
    assert read_stored(stored(text)) == text


@pytest.mark.parametrize("text", ["", "plain words", "{broken", '{"en": "only"}', '{"en": "cut', '{"en":[1],"ru":2}'])
def test_text_from_before_stands_for_both_languages(text: str) -> None:
    assert read_stored(text) == Text(text, text)


def test_russian_forms_go_with_their_numbers() -> None:
    said = [f"{n} {plural_ru(n, 'лид', 'лида', 'лидов')}" for n in (0, 1, 2, 5, 11, 12, 21, 22, 111)]
    assert said == ["0 лидов", "1 лид", "2 лида", "5 лидов", "11 лидов", "12 лидов", "21 лид", "22 лида", "111 лидов"]
