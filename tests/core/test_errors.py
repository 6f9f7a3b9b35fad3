"""Errors are sentences that help."""

from __future__ import annotations

from longfunnel.core.errors import LongfunnelError, did_you_mean, together
from longfunnel.core.text import Text


def test_the_nearest_known_words_are_offered() -> None:
    near = did_you_mean("chanel", ["channel", "campaign", "cost"])
    assert (near.en, near.ru) == (" Did you mean «channel»?", " Может быть, «channel»?")
    assert not did_you_mean("zzz", ["channel"])


def test_several_mistakes_become_one_numbered_message() -> None:
    intro, one = Text("Mend:", "Исправьте:"), Text("one.", "раз.")
    assert str(together([one, "2."], intro)) == "Mend:\n  1. one.\n  2. 2."
    assert together([one, "2."], intro).ru == "Исправьте:\n  1. раз.\n  2. 2."
    assert together([one], intro) == Text("Mend: one.", "Исправьте: раз.")
    assert together([one], "") == one


def test_a_hint_follows_the_message() -> None:
    assert str(LongfunnelError("It broke.", hint="Do this.")) == "It broke. Do this."
    assert str(LongfunnelError("It broke.")) == "It broke."


def test_an_error_says_itself_in_both_languages() -> None:
    error = LongfunnelError(
        Text("There is no «{name}».", "«{name}» нет.").format(name="{x}"), hint=Text("Make it.", "Создайте.")
    )
    assert error.to("ru") == "«{x}» нет. Создайте."
    assert str(error) == error.to("en") == "There is no «{x}». Make it."
