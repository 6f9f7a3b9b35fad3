"""The step language: what it reads it writes back, and what it cannot read it explains."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.core.errors import QuestionError
from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step
from longfunnel.journeys.funnels.funnel_text import funnel_from_json, funnel_to_json, read_funnel, written_funnel
from longfunnel.journeys.funnels.spans import read_span, written_span
from longfunnel.journeys.funnels.step_language import (
    KINDS,
    NAMED,
    NUMERIC,
    OPS,
    Act,
    Condition,
    read_exclusions,
    read_predicate,
    read_steps,
    written_exclusions,
    written_predicate,
    written_steps,
)

_WORDS = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text) | st.sampled_from(
    [
        "/pricing*",
        "a, b",
        'say "hi"',
        "a | b",
        "or",
        "within 2d",
        "Paid Search",
        "->",
        "a→b",
        "known",
        "[x]",
        "Сделка/КП",
        "@1-3",
        "?",
    ]
)


@st.composite
def _conditions(draw: st.DrawFn) -> Condition:
    op = draw(st.sampled_from(OPS))
    if op in ("known", "unknown"):
        return Condition(draw(_WORDS), op)
    if op in NUMERIC:
        return Condition(draw(_WORDS), op, (str(draw(st.integers(-(10**9), 10**9))),))
    return Condition(draw(_WORDS), op, tuple(draw(st.lists(_WORDS, min_size=1, max_size=3, unique=True))))


@st.composite
def _acts(draw: st.DrawFn) -> Act:
    kind = draw(st.sampled_from(sorted(KINDS)))
    variant = draw(st.sampled_from(["", *KINDS[kind]]))
    is_named = kind == "event" or (
        kind in NAMED and not (variant and kind in ("call", "message")) and draw(st.booleans())
    )
    name = draw(_WORDS) if is_named else ""
    if name in KINDS[kind] and kind in ("call", "message"):
        name = ""
    return Act(kind, variant, name, tuple(draw(st.lists(_conditions(), max_size=2))))


_PREDICATES = st.lists(_acts(), min_size=1, max_size=3, unique=True).map(tuple)
_SPANS = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=730))
_STEPS = st.builds(
    lambda acts, optional, within: Step(predicate=written_predicate(acts), optional=optional, within=within),
    _PREDICATES,
    st.booleans(),
    st.none() | _SPANS,
)


@settings(deadline=None, max_examples=120)
@given(_PREDICATES)
def test_a_predicate_reads_back_as_it_was_written(predicate: tuple[Act, ...]) -> None:
    assert read_predicate(written_predicate(predicate)) == predicate


@settings(deadline=None, max_examples=80)
@given(st.lists(_STEPS, min_size=1, max_size=4).map(tuple))
def test_steps_read_back_as_they_were_written(steps: tuple[Step, ...]) -> None:
    text = written_steps(steps)
    assert read_steps(text) == steps
    assert written_steps(read_steps(text)) == text


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            lambda acts, n, m: Exclusion(predicate=written_predicate(acts), from_step=n, to_step=m),
            _PREDICATES,
            st.integers(1, 9),
            st.none() | st.integers(2, 50),
        ),
        max_size=3,
    ).map(tuple)
)
def test_exclusions_read_back_as_they_were_written(exclusions: tuple[Exclusion, ...]) -> None:
    assert read_exclusions(written_exclusions(exclusions)) == exclusions


@settings(deadline=None)
@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1000)))
def test_a_span_reads_back_as_it_was_written(span: timedelta) -> None:
    assert read_span(written_span(span)) == span


@settings(deadline=None, max_examples=120)
@given(st.text(alphabet='page:evntlad./* ,|?"[]()=<>@-→or within2d\n', max_size=40))
def test_any_text_is_read_or_refused_in_plain_words(text: str) -> None:
    refused = ""
    try:
        steps = read_steps(text)
    except QuestionError as error:
        refused = str(error)
    assert refused.startswith("The steps cannot be read") or read_steps(written_steps(steps)) == steps


def test_every_part_of_the_language_is_understood() -> None:
    text = 'page:/pricing* | event:view?, (lead:form or call.answered) within 2d, stage:B2C/Offer → deal.won[amount > 100, channel = "Paid Search"]'
    first, second, third, fourth = read_steps(text)
    assert (first.predicate, first.optional) == ("page:/pricing* | event:view", True)
    assert (second.predicate, second.within) == ("lead:form | call.answered", timedelta(days=2))
    assert read_predicate(third.predicate) == (Act("stage", "", "B2C/Offer"),)
    assert read_predicate(fourth.predicate)[0].conditions == (
        Condition("amount", ">", ("100",)),
        Condition("channel", "=", ("Paid Search",)),
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("qualified lead", "lead.qualified"),
        ("call:missed", "call.missed"),
        ("message.opened", "message.opened"),
        ("stage:Commercial offer < 3h", 'stage:"Commercial offer" within 3h'),
        ("lead within 1d?", "lead? within 1d"),
        ("lead? <1d12h", "lead? within 1d12h"),
        ("event:x[props.plan == pro | free]", "event:x[props.plan = pro | free]"),
        ("lead\n\ndeal.won\n", "lead, deal.won"),
        ("a->b".replace("a", "lead").replace("b", "order.repeat"), "lead, order.repeat"),
    ],
)  # fmt: skip
def test_other_spellings_are_written_in_one_way(text: str, wanted: str) -> None:
    assert written_steps(read_steps(text)) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pge:/x", "Did you mean «page»"),
        ("signup", "written event:signup"),
        ("deal.wn", "Did you mean «won»"),
        ("visit:home", "visit takes no name"),
        ("event", "an event needs its name"),
        ("page:", "is missing at the end"),
        ("lead[amount > lots]", "needs one number"),
        ("lead[amount", "A comparison after"),
        ("lead[amount > 1", "A closing bracket is missing"),
        ("(lead or call", "A closing parenthesis is missing"),
        ('event:"a', "not understood|is missing"),
        ("lead, , order", "Step 2"),
        ("lead within soon", "write it as 30d"),
        ("lead foo", "«foo» is not understood"),
    ],
)
def test_a_mistake_is_explained(text: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        read_steps(text)


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(QuestionError, match=r"(?s)Step 1.*Step 3"):
        read_steps("pge:/x, lead, deal.wn")


@settings(deadline=None)
@given(
    st.lists(_STEPS, min_size=2, max_size=4).map(lambda steps: (Step(predicate="visit"), *steps)),
    st.sampled_from(["ordered", "strict"]),
    st.sampled_from(["either", "recorded", "after"]),
    st.sampled_from(["persons", "sessions", "attempts"]),
    _SPANS,
    st.sampled_from([None, "deal", "props.sku"]),
    st.sampled_from(["first", "last", 2]),
)
def test_a_funnel_goes_through_words_and_json_unchanged(steps, order, ties, count, window, hold, at) -> None:  # type: ignore[no-untyped-def]
    funnel = Funnel(steps=steps, order=order, ties=ties, count=count, window=window, hold=hold, breakdown_at=at)
    assert read_funnel(written_funnel(funnel)) == funnel
    assert funnel_from_json(funnel_to_json(funnel)) == funnel


def test_json_may_list_the_steps_and_wrong_json_is_refused() -> None:
    assert funnel_from_json('{"steps": ["lead", "deal.won"]}').steps == (
        Step(predicate="lead"),
        Step(predicate="deal.won"),
    )
    for text, said in (("[]", "JSON object"), ("{", "not valid JSON"), ('{"stps": "lead"}', "Did you mean «steps»")):
        with pytest.raises(QuestionError, match=said):
            funnel_from_json(text)
