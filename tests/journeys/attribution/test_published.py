"""Totals that others have published, and small cases that can be worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.journeys.attribution.journeys_of import Walk, journeys_of, said

from longfunnel.core.errors import QuestionError
from longfunnel.journeys.attribution.compare import compare
from longfunnel.journeys.attribution.draws import Sampling
from longfunnel.journeys.attribution.exact import apportion
from longfunnel.journeys.attribution.journeys import NOT_DIRECT, PAID
from longfunnel.journeys.attribution.models import MODELS, custom
from longfunnel.journeys.attribution.shares import weigh

POINT = Sampling(draws=0)


def credit(text: str, model: str, *, counted: bool = False) -> dict[str, float]:
    (found,) = compare(journeys_of(said(text), counted=counted), [MODELS[model]], POINT)
    scale = 10_000 if counted else 1
    return {chr(ord("A") + node - 1): units / scale for node, units in enumerate(found.units) if units}


def effects(text: str, model: str = "markov") -> list[float]:
    (found,) = compare(journeys_of(said(text), counted=True), [MODELS[model]], POINT)
    assert found.removal is not None
    return [round(float(effect), 6) for effect in found.removal[1:] if effect]


def test_three_journeys_of_the_common_example() -> None:
    """S. Bryl, «Marketing multi-channel attribution model with R» (2016): C1→C2→C3→sale, C1→nothing, C2→C3→nothing;
    removal effects 0.5, 1, 1 and shares 0.2, 0.4, 0.4."""
    text = "A B C:1; A; B C"
    assert effects(text) == [0.5, 1.0, 1.0]
    assert credit(text, "markov", counted=True) == {"A": 0.2, "B": 0.4, "C": 0.4}


def test_google_ads_and_mailing() -> None:
    """Two sales by ads, one by mailing, one by ads then mailing, and one visit from ads in vain. With the steps 4/5 and 1/5 from the
    start, ads: 2/4 to a sale, 1/4 to mailing; expected 0.8, without ads 0.2, without mailing 0.4."""
    text = "A:1; A:1; B:1; A B:1; A"
    assert effects(text) == [0.75, 0.5]
    assert credit(text, "markov", counted=True) == {"A": 2.4, "B": 1.6}


def test_repeats_in_a_row_change_nothing() -> None:
    for model in ("markov", "markov_2"):
        assert effects("A A A B:1; A; B B A:1; B", model) == effects("A B:1; A; B A:1; B", model)


def test_order_two_knows_what_came_before() -> None:
    """A sells after B and never alone; order 1 cannot tell the two A apart."""
    text = "B A:1; A; A; C A"
    assert effects(text, "markov_2") == [1.0, 1.0]
    assert effects(text, "markov") == [1.0, 0.25, 0.25]


def test_money_weighs_a_chain_by_what_is_earned() -> None:
    assert credit("A:900; B:100", "markov") == {"A": 900, "B": 100}


@pytest.mark.parametrize(
    ("model", "touches", "lead", "deal", "wanted"),
    [
        ("position", 1, None, None, "1"),
        ("position", 2, None, None, "1/2 1/2"),
        ("position", 3, None, None, "2/5 1/5 2/5"),
        ("j_shape", 2, None, None, "1/4 3/4"),
        ("w_shape", 5, 1.5, 3.0, "3/10 3/10 1/20 3/10 1/20"),
        ("w_shape", 3, 0.0, 0.0, "9/10 1/20 1/20"),
        ("w_shape", 3, None, 1.0, "3/7 3/7 1/7"),
        ("w_shape", 2, 0.0, 1.0, "2/3 1/3"),
        ("w_shape", 3, -1.0, None, "3/4 1/8 1/8"),
        ("full_path", 6, 1.0, 3.0, "9/40 9/40 1/20 9/40 1/20 9/40"),
        ("full_path", 1, 0.0, 0.0, "1"),
        ("full_path", 2, None, None, "1/2 1/2"),
    ],
)
def test_coinciding_and_missing_moments(
    model: str, touches: int, lead: float | None, deal: float | None, wanted: str
) -> None:
    walk = Walk([(float(day), 1, NOT_DIRECT) for day in range(touches)], 1, lead, deal)
    (weights,) = weigh(journeys_of([walk]), [MODELS[model].rule])
    assert [Fraction(int(weight), int(weights.sum())) for weight in weights] == [
        Fraction(word) for word in wanted.split()
    ]


def test_a_touch_a_half_life_older_has_half() -> None:
    walk = Walk([(0.0, 1, NOT_DIRECT), (7.0, 2, NOT_DIRECT), (14.0, 3, NOT_DIRECT)], 1)
    (weights,) = weigh(journeys_of([walk]), [MODELS["time_decay"].rule])
    assert weights.sum() == 1 << 24
    assert np.allclose(weights / weights.sum(), [1 / 7, 2 / 7, 4 / 7], atol=1e-7)


def test_last_paid_falls_back_to_the_last_that_is_not_direct() -> None:
    one = Walk([(0.0, 1, NOT_DIRECT | PAID), (1.0, 2, NOT_DIRECT), (2.0, 3, 0)], 7)
    two = Walk([(0.0, 1, NOT_DIRECT), (1.0, 2, NOT_DIRECT), (2.0, 3, 0)], 11)
    (found,) = compare(journeys_of([one, two]), [MODELS["last_paid"]], POINT)
    assert found.units == (0, 7, 11, 0, 0)


def test_own_weights() -> None:
    model = custom("first=12.5, last=37.5%, rest: 50")
    (weights,) = weigh(journeys_of(said("A B C:1")), [model.rule])
    assert [Fraction(int(weight), int(weights.sum())) for weight in weights] == [
        Fraction(1, 8),
        Fraction(1, 2),
        Fraction(3, 8),
    ]


@pytest.mark.parametrize("text", ["", "first", "begin=3", "first=1, first=2", "rest=0", "first=123456"])
def test_own_weights_that_are_none(text: str) -> None:
    with pytest.raises(QuestionError):
        custom(text)


def test_a_third_of_a_kopeck_goes_to_the_largest_remainder() -> None:
    assert apportion(10, [Fraction(1, 3)] * 3) == [4, 3, 3]
    assert apportion(-10, [Fraction(1, 3)] * 3) == [-3, -3, -4]
    assert apportion(100, [Fraction(3, 2), Fraction(-1, 2)]) == [150, -50]
    assert credit("A B C:10", "linear") == {"A": 4, "B": 3, "C": 3}


def test_a_journey_without_touches_stands_under_no_channel() -> None:
    walks = [*said("A B:6"), Walk([(0.0, 0, 0)], 5)]
    for found in compare(journeys_of(walks), list(MODELS.values()), POINT):
        assert found.units[0] == 5
        assert sum(found.units) == 11


def test_too_many_channels_for_lift_are_refused() -> None:
    with pytest.raises(QuestionError, match="at most 63"):
        compare(journeys_of(said("A:1"), channels=70), [MODELS["shapley_lift"]], POINT)
