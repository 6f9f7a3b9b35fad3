"""The people behind a mark of a picture of paths, as a server asks for them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from longfunnel.app.build import schema_of
from longfunnel.reports import Context, reports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from longfunnel.app.answering import Answering
    from longfunnel.reports import Question


@dataclass(frozen=True)
class Someone:
    """One person of a list; of a list of orders, who ordered."""

    person_id: int | None
    """None: nobody is known behind the order."""
    at: datetime | None
    """When they began, or ordered (UTC)."""
    revenue: Decimal | None
    identifiers: tuple[str, ...]


People = tuple[list[Someone], int]
"""At most as many as were asked for, and how many there are in all."""


def on_the_way(answering: Answering, question: Question, place: int, one: str, two: str | None, limit: int) -> People:
    """Who passed a node (``two`` None) or went a link of the paths. Raises QuestionError."""
    from longfunnel.reports._paths.people import people_on_the_way  # brings a compiler with it

    with _asked(answering, question) as (context, asked):
        found, count = people_on_the_way(context, asked, place, one, two, limit)
        return _named(context, ((person, at, None) for person, at in found)), count


def folded_into(
    answering: Answering, question: Question, place: int, one: str, two: str | None
) -> list[tuple[str, str | None, int]]:
    """What the picture of paths folds into a node (``two`` None) or a link: its names and how many went so. Raises QuestionError."""
    from longfunnel.reports.paths import folded_into as found_in  # brings a compiler with it

    with _asked(answering, question) as (context, asked):
        return found_in(context, asked, place, one, two)


def of_chain(answering: Answering, question: Question, chain: str, limit: int) -> People:
    """The orders that came by a chain of channels. Raises QuestionError."""
    from longfunnel.reports._paths.chains import orders_of_chain

    with _asked(answering, question) as (context, asked):
        found, count = orders_of_chain(context, asked, chain, limit)
        return _named(context, found), count


def touched_by(answering: Answering, question: Question, origin: Sequence[tuple[str, str]], limit: int) -> People:
    """The orders that any touch of such an origin came before. Raises QuestionError."""
    from longfunnel.reports._paths.chains import orders_touched_by

    with _asked(answering, question) as (context, asked):
        found, count = orders_touched_by(context, asked, origin, limit)
        return _named(context, found), count


def that_took(answering: Answering, question: Question, above: int | None, upto: int | None, limit: int) -> People:
    """The orders that took so many days. Raises QuestionError."""
    from longfunnel.reports.lags import orders_that_took

    with _asked(answering, question) as (context, asked):
        found, count = orders_that_took(context, asked, above, upto, limit)
        return _named(context, found), count


def of_cohort(answering: Answering, question: Question, cohort: date, age: int, limit: int) -> People:
    """Those of a cohort who had ordered by an age. Raises QuestionError."""
    from longfunnel.reports.cohorts import buyers_of

    with _asked(answering, question) as (context, asked):
        found, count = buyers_of(context, asked, cohort, age, limit)
        return _named(context, found), count


def who_came_back(answering: Answering, question: Question, cohort: date, age: int, limit: int) -> People:
    """Those of a cohort who came back after so many periods. Raises QuestionError."""
    from longfunnel.reports.retention import retained  # brings a compiler with it

    with _asked(answering, question) as (context, asked):
        found, count = retained(context, asked, cohort, age, limit)
        return _named(context, ((person, at, None) for person, at in found)), count


@contextmanager
def _asked(answering: Answering, question: Question) -> Iterator[tuple[Context, Question]]:
    """A connection of one's own, and the question as its report is asked."""
    asked = msgspec.structs.replace(question, basis=question.basis or reports()[question.report].basis)
    cursor = answering.cursor()
    try:
        yield Context(cursor, answering.settings, schema_of(question.as_of)), asked
    finally:
        cursor.close()


def _named(context: Context, found: Iterable[tuple[int | None, datetime | None, Decimal | None]]) -> list[Someone]:
    from longfunnel.reports._engine.identifiers import identifiers_of

    rows = list(found)
    names = identifiers_of(context, [person for person, _, _ in rows if person is not None])
    return [Someone(person, at, revenue, names.get(person or 0, ())) for person, at, revenue in rows]
