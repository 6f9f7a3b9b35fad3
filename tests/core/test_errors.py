"""Errors are sentences that help."""

from __future__ import annotations

from longfunnel.core.errors import LongfunnelError, did_you_mean, together


def test_the_nearest_known_words_are_offered() -> None:
    assert did_you_mean("chanel", ["channel", "campaign", "cost"]) == " Did you mean «channel»?"
    assert did_you_mean("zzz", ["channel"]) == ""


def test_several_mistakes_become_one_numbered_message() -> None:
    assert together(["one.", "two."], "Mend:") == "Mend:\n  1. one.\n  2. two."
    assert together(["one."], "Mend:") == "Mend: one."


def test_a_hint_follows_the_message() -> None:
    assert str(LongfunnelError("It broke.", hint="Do this.")) == "It broke. Do this."
    assert str(LongfunnelError("It broke.")) == "It broke."
