"""What the pages of money share: their tabs, numbers with intervals, and addresses that every one of them understands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from longfunnel.core.money import show_money, show_number
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension, dimensions
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.reports import reports
from longfunnel.web.page import pages
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import explain_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar import Response

    from longfunnel.reports import Answer
    from longfunnel.web.address import Address
    from longfunnel.web.strip import Strip
    from longfunnel.web.visit import Visit

_PAGES = ("economics", "attribution", "lifetime", "forecast")
DROPPED = "_dropped"
"""The page's own parameter: filters that it could not keep, in words."""


@dataclass(frozen=True)
class Figure:
    """One number above the pictures."""

    title: str
    value: str
    whole: str
    note: str
    """The interval, or what the number was."""
    explain_url: str
    url: str = ""
    """Where its rows are; empty: nowhere."""
    few: int | None = None


def money_tabs(visit: Visit) -> list[Choice]:
    """The four answers about money, each with the present days, and with the filters that it takes."""
    role = visit.user.role if visit.user else None
    found = []
    for name in _PAGES:
        page = pages()[name]
        if page.routes[0].allows(role):
            here = page.name == visit.page.name if visit.page else False
            found.append(Choice(visit.text(page.title), str(visit.address.of_question().to(page.path)), here))
    return found


def settled(visit: Visit, *, filters: str = "any", models: Iterable[str] = ()) -> Response[Any] | None:
    """Where to go first, when another page passed on what this one does not take; None where all is well.

    ``filters`` is ``any``, ``no_origin`` (filters by where people came from are dropped) or ``none``. A model that shares a sale
    is dropped where the report counts whole ones; with ``models``, so is any other than those.
    """
    address, dropped = visit.address, []
    name = address.get("model")
    if name and not _is_taken(visit, name, tuple(models)):
        return visit.go(str(address.with_(model=None)))
    for item, written in zip(visit.question.filters, address.all("filter"), strict=False):
        entry = dimension(item.dimension)
        if filters == "none" or (filters == "no_origin" and entry is not None and entry.is_origin):
            address = address.without_filter(written)
            dropped.append(visit.text(entry.title) if entry else item.dimension)
    if not dropped:
        return None
    return visit.go(str(address.with_(**{DROPPED: ", ".join(dict.fromkeys(dropped))})))


def _is_taken(visit: Visit, name: str, models: tuple[str, ...]) -> bool:
    """Whether the page's report can be asked with this model."""
    report, model = reports().get(visit.route.report if visit.route else ""), PLAIN.get(name)
    is_shared = model is not None and not model.is_whole
    return not (is_shared and report is not None and not report.in_shares) and (not models or name in models)


def figure(visit: Visit, answer: Answer, name: str, *, note: str = "", url: str = "", title: str = "") -> Figure:
    """A number of the answer's total, with what is to be said of it."""
    column, value = answer.column(name), answer.totals.get(name)
    few = next((mark.cases for mark in answer.few if mark.row is None and mark.column == name), None)
    return Figure(
        title or visit.text(column.title),
        shown_value(visit, value, column.format),
        visit.shown.whole(value, column.format),
        note,
        explain_url(visit.address, answer, name),
        url if value is not None else "",
        few,
    )


def shown_value(visit: Visit, value: Any, form: str) -> str:
    """A value as a card shows it; an expected count with one digit after the point, whole money without any."""
    if form == "ratio":
        return show_number(value, visit.language, places=1)
    if form == "money" and value is not None and value == round(value):
        return show_money(value, visit.shown.currency, visit.language, short=True, places=0)
    return visit.shown.card(value, form)


def interval(visit: Visit, low: Any, high: Any, form: str) -> str:
    """Between what a number lies, in words; empty where that is not known, or it is no interval."""
    if low is None or high is None or low == high:
        return ""
    ends = {"low": shown_value(visit, low, form), "high": shown_value(visit, high, form)}
    return visit.text(Text("90 %: {low} to {high}", "90 %: от {low} до {high}").format(**ends))


def choices(visit: Visit, name: str, words: dict[str, Text], chosen: str, usual: str = "") -> list[Choice]:
    """One of a few, kept in the page's own parameter ``name``; the usual one leaves the address short."""
    return [
        Choice(visit.text(text), str(visit.address.with_(**{name: None if key == usual else key})), key == chosen)
        for key, text in words.items()
    ]


def cuts(visit: Visit, names: Iterable[str], chosen: str, **more: str | None) -> list[Choice]:
    """Ways to cut, kept in ``by``."""
    return [
        Choice(
            visit.text(dimensions()[name].title), str(visit.address.with_(by=name, sort=None, **more)), name == chosen
        )
        for name in names
    ]


def picked(visit: Visit, name: str, words: Iterable[str], usual: str) -> str:
    """The page's own parameter, where it is one of ``words``."""
    wanted = visit.parameter(name)
    return wanted if wanted in words else usual


def label_of(visit: Visit, row: dict[str, Any], by: Iterable[str]) -> str:
    """What a row is called in a picture."""
    return " · ".join(visit.member(name, row[name]) for name in by)


def strip_without(visit: Visit, *names: str) -> Strip:
    """The strip without the controls that do not matter to a page."""
    strip = strip_of(visit)
    return replace(strip, takes=strip.takes | dict.fromkeys(names, False))


def all_time(address: Address) -> Address | None:
    """The address with all days, where it names none; else None."""
    named = address.has("since") or address.has("until") or address.has("_period")
    return None if named else address.with_(_period="all")
