"""What people call the values that the program itself gives."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions import UNKNOWN, dimension, value_text
from longfunnel.journeys.channel_rules import RULES


def test_every_channel_of_the_default_list_has_its_word() -> None:
    channel = dimension("channel")
    assert channel
    assert {rule.channel for rule in RULES} <= channel.words.keys()
    assert all(words.en == name for name, words in channel.words.items()), (
        "the English word is what filters and the API know"
    )


def test_a_business_calls_its_own_values_as_it_likes() -> None:
    assert value_text("channel", "Partners of ours") == Text("Partners of ours", "Partners of ours")
    assert value_text("props.colour", "red").ru == "red"
    assert value_text("first_or_repeat", "repeat").ru == "повторные"


def test_the_unknown_has_one_word_everywhere() -> None:
    assert value_text("channel", None) == value_text("product", "") == UNKNOWN
