"""Words in two languages."""

from __future__ import annotations

from longfunnel.core.text import Text, plural_ru


def test_a_text_speaks_the_language_asked_for() -> None:
    text = Text("{what} is empty", "{what}: пусто").format(what=Text("Cost", "Расход"))
    assert (text.to("en"), text.to("ru"), str(text)) == ("Cost is empty", "Расход: пусто", "Cost is empty")


def test_russian_forms_go_with_their_numbers() -> None:
    said = [f"{n} {plural_ru(n, 'лид', 'лида', 'лидов')}" for n in (0, 1, 2, 5, 11, 12, 21, 22, 111)]
    assert said == ["0 лидов", "1 лид", "2 лида", "5 лидов", "11 лидов", "12 лидов", "21 лид", "22 лида", "111 лидов"]
