"""The people behind the marks of the pictures of paths: a link of a way, a chain, a cell of a cohort, a bar of times."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.app.people.marks import (
    folded_into,
    of_chain,
    of_cohort,
    on_the_way,
    that_took,
    touched_by,
    who_came_back,
)
from longfunnel.core.text import Text
from longfunnel.web.page import pages
from longfunnel.web.pages._paths.period_heat import named_cohort
from longfunnel.web.pages._paths.pictures import chain_words, people_url
from longfunnel.web.pages._people.masked import known_as, sees_whole
from longfunnel.web.step_words import step_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar import Response

    from longfunnel.app.people.marks import People
    from longfunnel.core.calendar import Grain
    from longfunnel.reports import Question
    from longfunnel.web.visit import Visit

_SHOWN = 200
_BEGAN = Text("Began", "Начало")
_ORDERED = Text("Ordered", "Заказ")
_PERSONS = (("person", "people"), ("человек", "человека", "человек"))
_ORDERS = (("order", "orders"), ("заказ", "заказа", "заказов"))
_TOUCHED = "_touch"
"""Once for each dimension of the touch: ``channel=Email``."""
_OF_TOUCH = ("channel", "source", "campaign", "ad_group", "term")


def flow_people(visit: Visit, options: tuple[tuple[str, str], ...]) -> Response[Any]:
    """Who passed a node of the picture of paths, or went one of its links."""
    question = _asked(visit, options)
    place, one = _number(visit, "_place"), visit.parameter("_one")
    two = visit.parameter("_two") if visit.address.has("_two") else None
    if not place:
        raise visit.missing()
    found = on_the_way(visit.site.answering, question, place, one, two, _SHOWN)
    end = visit.text(Text("the end", "конец"))
    words = [step_words(name, visit.language) if name else end for name in (one, two) if name is not None]
    return _list(visit, " → ".join(words), found, _BEGAN)


def chain_people(visit: Visit) -> Response[Any]:
    """The orders that came by a chain of channels."""
    chain = visit.parameter("_chain")
    found = of_chain(visit.site.answering, _asked(visit, (("view", "chains"),)), chain, _SHOWN)
    return _list(visit, chain_words(visit, chain), found, _ORDERED, _ORDERS)


def flow_others(visit: Visit, options: tuple[tuple[str, str], ...]) -> Response[Any]:
    """What the picture of paths folds into its «others», or into a link of theirs, with how much of it each is."""
    question = _asked(visit, (*options, ("view", "links")))
    place, one = _number(visit, "_place"), visit.parameter("_one")
    two = visit.parameter("_two") or None
    if not place:
        raise visit.missing()
    found = folded_into(visit.site.answering, question, place, one, two)
    total = sum(count for *_, count in found)
    rows = [
        {
            "words": " → ".join(step_words(name, visit.language) for name in (a, b) if name is not None),
            "url": people_url(visit, place, a, b or ""),
            "count": count,
            "share": count / total,
        }
        for a, b, count in found
    ]
    title = step_words(one, visit.language) + (f" → {step_words(two, visit.language)}" if two else "")
    return visit.show(
        "pages/path_others.html",
        title=title,
        rows=rows[:_SHOWN],
        kinds=visit.shown.plural(len(rows), ("way", "ways"), ("вариант", "варианта", "вариантов")),
        total=total,
        has_more=len(rows) > _SHOWN,
        most=_SHOWN,
        days=_days(visit),
    )


def touched_url(visit: Visit, origin: Sequence[tuple[str, str | None]]) -> str:
    """Where the orders are that any touch of this origin came before; empty where a part of it is unknown."""
    if visit.is_shared or any(value is None for _, value in origin):
        return ""
    bare = visit.address.of_question().to("/attribution/orders").with_(compare=None, model=None)
    return str(replace(bare, pairs=(*bare.pairs, *((_TOUCHED, f"{name}={value}") for name, value in origin))))


def touched_people(visit: Visit) -> Response[Any]:
    """The orders that a touch of an origin came before."""
    parts = [text.partition("=") for text in visit.address.all(_TOUCHED)]
    origin = {name: value for name, _, value in parts if value and name in _OF_TOUCH}
    if not origin:
        raise visit.missing()
    question = _asked(visit, (("view", "chains"),))
    found = touched_by(visit.site.answering, question, tuple(origin.items()), _SHOWN)
    words = " · ".join(visit.member(name, value) for name, value in origin.items())
    said = Text("Orders with a touch of: {name}", "Заказы, в пути которых есть: {name}")
    return _list(visit, visit.text(said.format(name=words)), found, _ORDERED, _ORDERS)


def lag_people(visit: Visit, start: str) -> Response[Any]:
    """The orders that took so many days."""
    above, upto = _number(visit, "_above"), _number(visit, "_upto")
    found = that_took(visit.site.answering, _asked(visit, (("start", start),)), above, upto, _SHOWN)
    said = Text("Orders that took {above} to {days}", "Заказы за срок от {above} до {days}")
    if above is None:
        said = Text("Orders within {days}", "Заказы за срок до {days}")
    elif upto is None:
        said = Text("Orders that took more than {days}", "Заказы за срок дольше {days}")
    longest = upto if upto is not None else above or 0
    days = visit.shown.plural(longest, ("day", "days"), ("дня", "дней", "дней"))
    return _list(visit, visit.text(said.format(above=above, days=days)), found, _ORDERED, _ORDERS)


def cohort_people(visit: Visit, options: tuple[tuple[str, str], ...], grain: Grain) -> Response[Any]:
    """Those of a cohort who had ordered by an age."""
    cohort, age = _cell(visit)
    question = msgspec.structs.replace(_asked(visit, options), grain=grain)
    found = of_cohort(visit.site.answering, question, cohort, age, _SHOWN)
    said = Text("{cohort}: who has ordered so far", "{cohort}: кто к этому сроку заказал")
    return _list(visit, visit.text(said.format(cohort=named_cohort(visit, cohort, grain))), found, _BEGAN)


def retention_people(visit: Visit, options: tuple[tuple[str, str], ...], grain: Grain) -> Response[Any]:
    """Those of a cohort who came back."""
    cohort, age = _cell(visit)
    question = msgspec.structs.replace(_asked(visit, options), grain=grain)
    found = who_came_back(visit.site.answering, question, cohort, age, _SHOWN)
    said = Text("{cohort}: who came back, period {age}", "{cohort}: кто вернулся, период {age}")
    return _list(visit, visit.text(said.format(cohort=named_cohort(visit, cohort, grain), age=age)), found, _BEGAN)


def _days(visit: Visit) -> str:
    """The days that are asked about, in words; empty for all time."""
    since, until = visit.question.since, visit.question.until
    return visit.shown.days_between(since, until) if since or until else ""


def _asked(visit: Visit, options: tuple[tuple[str, str], ...]) -> Question:
    """The page's question as this reader may ask it."""
    question = msgspec.structs.replace(visit.question, options=options, by=(), compare="", sort="", limit=0)
    if question.as_of is not None:
        visit.ask(question)  # as it was known on an earlier day is built first
    return visit.narrowed(question)


def _number(visit: Visit, name: str) -> int | None:
    text = visit.parameter(name)
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _cell(visit: Visit) -> tuple[date, int]:
    """The cohort's first day and the age that the address names."""
    age = _number(visit, "_age")
    try:
        cohort = date.fromisoformat(visit.parameter("_cohort"))
    except ValueError:
        raise visit.missing() from None
    if age is None:
        raise visit.missing()
    return cohort, age


def _list(
    visit: Visit, title: str, found: People, when: Text, nouns: tuple[tuple[str, str], tuple[str, str, str]] = _PERSONS
) -> Response[Any]:
    people, count = found
    whole = sees_whole(visit)
    return visit.show(
        "pages/path_people.html",
        title=title,
        people=[(item, known_as(item.identifiers, whole=whole)) for item in people],
        has_revenue=any(item.revenue is not None for item in people),
        count=visit.shown.plural(count, *nouns),
        has_more=count > len(people),
        most=_SHOWN,
        when=visit.text(when),
        has_people="people" in pages(),
        days=_days(visit),
    )
