"""The engine gives exactly what the plain-Python definition gives, on random small journeys, for every rule."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import oracle
from .tables import engine, funnels, people

SLOW_DRAWS = [HealthCheck.too_slow, HealthCheck.data_too_large]
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=SLOW_DRAWS)
MANY_EXAMPLES = settings(max_examples=250, deadline=None, suppress_health_check=SLOW_DRAWS)


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
@EXAMPLES
@given(data=st.data())
def test_every_rule(order: str, ties: str, data: st.DataObject) -> None:
    funnel = data.draw(funnels(order, ties))
    persons = data.draw(people(funnel))
    assert engine(persons, funnel) == oracle.run(persons, funnel)


@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
@pytest.mark.parametrize("count", ["persons", "sessions", "attempts"])
@EXAMPLES
@given(data=st.data())
def test_the_common_funnel(ties: str, count: str, data: st.DataObject) -> None:
    funnel = data.draw(funnels("ordered", ties, count, plain=True))
    persons = data.draw(people(funnel))
    assert engine(persons, funnel) == oracle.run(persons, funnel)


@pytest.mark.slow
@pytest.mark.parametrize("ties", ["either", "recorded", "after"])
@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
@MANY_EXAMPLES
@given(data=st.data())
def test_every_rule_on_many_longer_journeys(order: str, ties: str, data: st.DataObject) -> None:
    funnel = data.draw(funnels(order, ties))
    persons = data.draw(people(funnel, most=10, persons=1))
    assert engine(persons, funnel) == oracle.run(persons, funnel)
