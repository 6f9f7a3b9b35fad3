"""Steps in the words of a reader."""

from __future__ import annotations

import pytest

from longfunnel.web.step_words import exclusion_words, step_words, way_words


@pytest.mark.parametrize(
    ("step", "english", "russian"),
    [
        ("page", "Any page", "Любая страница"),
        ("page:*", "Any page", "Любая страница"),
        ("event:*", "Any event", "Любое событие"),
        ("page:/pricing*", "Page /pricing*", "Страница /pricing*"),
        ("lead:form | call.answered", "Lead: form or Answered call", "Лид: форма или Принятый звонок"),
        ('order[product = "Kitchen"]', "Order (product: Kitchen)", "Заказ (продукт: Kitchen)"),
        ("deal.won[amount > 100]", "Deal won (amount > 100)", "Сделка выиграна (сумма > 100)"),
        ("lead[channel unknown]", "Lead (channel is not known)", "Лид (канал: неизвестно)"),
        ("others", "others", "others"),
    ],
)
def test_a_step_reads_as_words(step: str, english: str, russian: str) -> None:
    assert (step_words(step, "en"), step_words(step, "ru")) == (english, russian)


def test_exclusions_say_between_which_steps() -> None:
    assert exclusion_words("refund, call@1-2, order@2-", "en") == [
        "Refund",
        "Call, between steps 1 and 2",
        "Order, after step 2",
    ]


def test_a_way_reads_as_words_and_what_is_no_way_stays() -> None:
    assert way_words('page:"/a → b" → lead:form', "en") == "Page /a → b → Lead: form"
    assert way_words("others", "en") == "others"
