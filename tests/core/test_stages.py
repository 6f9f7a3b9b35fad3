"""What a business calls the stages of the long funnel: one row of the settings each, checked with the rest."""

from __future__ import annotations

import pytest

from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings
from longfunnel.core.stages import LONGEST_NAME, STAGES, Stage, shown_stages
from longfunnel.metrics import metrics


def test_a_renamed_stage_titles_its_metric_and_no_other() -> None:
    stages = parse_settings('[[stage]]\nmetric = "leads"\nru = "Заявки"\n').stage
    named = metrics(stages)
    assert (named["leads"].title.ru, named["leads"].title.en) == ("Заявки", metrics()["leads"].title.en)
    assert {name for name in named if named[name] != metrics()[name]} == {"leads"}
    assert metrics()["leads"].title.ru == "Лиды"


def test_hidden_stages_leave_the_funnel_and_the_others_keep_their_order() -> None:
    stages = (Stage("impressions", is_hidden=True), Stage("visits", is_hidden=True))
    assert shown_stages(stages) == tuple(name for name in STAGES if name not in ("impressions", "visits"))
    assert set(metrics(stages)) == set(metrics()), "what is hidden from the funnel can still be asked for"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[stage]]\nmetric = "lead"\n', "the long funnel has no such stage. Did you mean «leads»"),
        ('[[stage]]\nmetric = "leads"\n[[stage]]\nmetric = "leads"\n', "«leads» stands twice"),
        (f'[[stage]]\nmetric = "leads"\nen = "{"x" * (LONGEST_NAME + 1)}"\n', "41 characters long, and the most is 40"),
        ('[[stage]]\nmetric = "leads"\nru = "two\\nlines"\n', "ru must be one line"),
        ('[[stage]]\nmetric = "leads"\nis_hidden = "yes"\n', "[[stage]] «leads» is_hidden"),
        ('[[stage]]\nru = "Заявки"\n', "«metric» is missing"),
        ("".join(f'[[stage]]\nmetric = "{name}"\nis_hidden = true\n' for name in STAGES[1:]), "at least two stages"),
    ],
)
def test_mistakes_are_said_with_their_place(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert said in caught.value.message
