"""Questions: parsing, printing, and all mistakes at once."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.core.errors import QuestionError
from longfunnel.dimensions import dimensions
from longfunnel.metrics import metrics
from longfunnel.reports import (
    MODELS,
    OPS,
    Filter,
    Question,
    question_from_json,
    question_from_text,
    question_from_url,
    read_question,
    reports,
)

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
NAMES = st.one_of(st.sampled_from(sorted(dimensions())), TEXT.map(lambda text: f"props.{text}"))


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    op = draw(st.sampled_from(OPS))
    values = () if op in ("known", "unknown") else tuple(draw(st.lists(TEXT | st.just(""), min_size=1, max_size=3)))
    return Filter(draw(NAMES), op, values)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    since, until = sorted(draw(st.tuples(st.dates(date(2000, 1, 1)), st.dates(date(2000, 1, 1)))))
    return Question(
        "channels",
        since,
        until,
        compare=draw(st.sampled_from(("", "previous", "year"))),
        filters=tuple(draw(st.lists(filters(), max_size=3))),
        by=tuple(draw(st.lists(NAMES, max_size=3, unique=True))),
        grain=draw(st.sampled_from(("", "day", "week", "month", "quarter", "year"))),
        metrics=tuple(draw(st.lists(st.sampled_from(sorted(metrics())), max_size=3, unique=True))),
        model=draw(st.sampled_from(MODELS)),
        window_days=draw(st.none() | st.integers(1, 400)),
        basis=draw(st.sampled_from(("", "touch", "lead", "payment"))),
        as_of=draw(st.none() | st.datetimes(datetime(2000, 1, 1))),
        limit=draw(st.integers(0, 100)),
        sort=draw(st.sampled_from(("", "cost", "-leads"))),
    )


@settings(max_examples=100, deadline=None)
@given(questions())
def test_a_question_survives_every_way_of_writing_it(question: Question) -> None:
    assert question_from_url(question.to_url()) == question
    assert question_from_json(question.to_json()) == question
    assert question_from_text(question.to_text()) == question


def test_options_survive_too() -> None:
    question = read_question("pipeline", {"pipeline": "B2B = new"})
    assert question.option("pipeline") == "B2B = new"
    assert question_from_url(question.to_url()) == question
    assert question_from_json(question.to_json()) == question
    assert question_from_text(question.to_text()) == question


def test_people_write_in_many_ways() -> None:
    wanted = Question(
        "channels",
        date(2025, 1, 1),
        filters=(Filter("channel", "is", ("Email", "a, b")),),
        by=("channel", "term"),
        grain="month",
    )
    assert (
        read_question(
            "channels", {"since": "2025-01-01", "by": "channel, keyword, month", "where": 'channel = Email, "a, b"'}
        )
        == wanted
    )
    assert (
        read_question(
            "channels",
            {
                "since": date(2025, 1, 1),
                "by": ["channel", "keyword"],
                "grain": "month",
                "filters": [("channel", "is", ["Email", "a, b"])],
            },
        )
        == wanted
    )
    assert (
        question_from_text(
            "channels --since=2025-01-01 --by channel --by keyword,month --filter 'channel is Email, \"a, b\"'"
        )
        == wanted
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("region != Moscow", Filter("region", "is_not", ("Moscow",))),
        ("campaign~brand", Filter("campaign", "contains", ("brand",))),
        ("campaign !~ brand, sale", Filter("campaign", "not_contains", ("brand", "sale"))),
        ("manager unknown", Filter("manager", "unknown")),
        ('"props.a is b" is x', Filter("props.a is b", "is", ("x",))),
        ("keyword is roof", Filter("term", "is", ("roof",))),
    ],
)
def test_filters_read_like_a_sentence(text: str, wanted: Filter) -> None:
    assert read_question("channels", {"filters": text}).filters == (wanted,)


def test_every_mistake_is_said_at_once_with_what_was_meant() -> None:
    with pytest.raises(QuestionError) as caught:
        read_question(
            "chanels",
            {
                "by": "chanel", "metrics": "leeds", "since": "2025-02-01", "until": "2025-01-01", "basis": "paymant", "limit": "many",
                "filters": ["regon is Moscow", "manager is", "nonsense"], "grain": "mounth", "window_days": 0,
            },
        )  # fmt: skip
    message = str(caught.value)
    for piece in (
        "«channels»", "«channel»", "«leads»", "is after until", "«payment»", "not a whole number", "«region»", "needs a value",
        "«nonsense» is not a filter", "«month»", "window_days",
    ):  # fmt: skip
        assert piece in message, piece


@pytest.mark.parametrize(
    ("fields", "piece"),
    [
        ({"compare": "year"}, "needs both since and until"),
        ({"since": "01.02.2025"}, "not a day"),
        ({"as_of": "soon"}, "not an instant"),
        ({"funnel": "x"}, "no setting «funnel»"),
        ({"by": 'channel, "region'}, "close the quotes"),
    ],
)
def test_a_mistake_says_what_to_write(fields: dict[str, str], piece: str) -> None:
    with pytest.raises(QuestionError, match=piece):
        read_question("channels", fields)


def test_a_report_refuses_what_makes_no_sense_in_it() -> None:
    with pytest.raises(QuestionError, match="ledger does not take by"):
        read_question("ledger", {"by": "channel"})
    with pytest.raises(QuestionError, match="pipeline does not take grain"):
        read_question("pipeline", {"grain": "month"})


@pytest.mark.parametrize("text", ["", "--by channel", "channels channel", "channels --by 'x"])
def test_a_command_line_that_is_no_question_is_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        question_from_text(text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"report": 5}', "{"])
def test_json_that_is_no_question_is_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        question_from_json(text)


def test_a_bare_day_as_of_means_its_end() -> None:
    assert read_question("channels", {"as_of": "2025-01-31"}).as_of == datetime(2025, 1, 31, 23, 59, 59, 999999)
    assert read_question("channels", {"as_of": "2025-01-31T03:00:00+03:00"}).as_of == datetime(2025, 1, 31)


def test_every_report_speaks_both_languages() -> None:
    for report in reports().values():
        assert report.title.en
        assert report.title.ru
        assert report.meaning.en.endswith(".")
        assert report.meaning.ru.endswith(".")
