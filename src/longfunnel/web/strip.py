"""The control strip: period, comparison, filters as a sentence, basis, model, as of. Every choice is a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.core.calendar import Period, day_in_zone, earlier
from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.metrics import BASES
from longfunnel.reports import (
    BASIS_WORDS,
    DEFAULT_MODEL,
    MODELS,
    OP_WORDS,
    OPS,
    filter_words,
    model_words,
    reports,
)
from longfunnel.web.address import DEFAULT_PERIOD, PERIOD, PERIODS
from longfunnel.web.page import ANALYSTS

if TYPE_CHECKING:
    from longfunnel.reports import Filter, Question
    from longfunnel.web.address import Address
    from longfunnel.web.visit import Visit

_WINDOWS = (7, 14, 30, 60, 90, 180)
_USUAL_MODELS = 6
_COMPARES = {
    "previous": Text("previous period", "прошлым периодом"),
    "year": Text("a year ago", "прошлым годом"),
    "": Text("nothing", "ни с чем"),
}


@dataclass(frozen=True)
class Choice:
    """One thing to choose: where it leads, and whether it is chosen now."""

    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class Chip:
    """One filter as words, and where it goes when it is taken away."""

    dimension: str
    op: str
    values: str
    url_without: str


@dataclass(frozen=True)
class Strip:
    """The strip of one page."""

    period: str
    days: str
    compared_with: str
    periods: list[Choice]
    compares: list[Choice]
    chips: list[Chip]
    own: str
    """The manager whose deals alone this reader sees; empty: everybody's."""
    bases: list[Choice]
    models: list[Choice]
    """The usual models of attribution."""
    more_models: list[Choice]
    dimensions: list[tuple[str, str]]
    ops: list[tuple[str, str]]
    since: str
    until: str
    as_of: str
    latest: str
    takes: dict[str, bool]
    """Which controls this report understands."""
    kept: list[tuple[str, str]]
    """The parameters that a form of the strip passes on."""
    clear_url: str
    windows: list[Choice]
    """How long before the lead a touch may earn credit."""
    window: str
    """The chosen window in words, where it is not the setting's."""
    letters: list[tuple[str, str, str]]
    """What goes out by e-mail of it, to be set up: icon, words, address."""
    share_url: str
    """Where a link is made that shows this to whoever has it; empty: nowhere."""


def strip_of(visit: Visit) -> Strip:
    """The strip for the visit's address and question."""
    question, address = visit.question, visit.address
    report = reports()[question.report]
    basis = question.basis or report.basis
    t = visit.text
    models = [
        Choice(
            model_title(visit, name),
            str(address.with_(model=None if name == DEFAULT_MODEL else name)),
            question.model == name,
        )
        for name in MODELS
    ]
    named = not (address.has("since") or address.has("until"))
    chosen = (address.get(PERIOD) or DEFAULT_PERIOD) if named else ""
    days = visit.shown.days_between(question.since, question.until) if question.since or question.until else ""
    return Strip(
        period=t(PERIODS.get(chosen, PERIODS[DEFAULT_PERIOD])) if named else days,
        days=days if named else "",
        compared_with=_compared(visit, question),
        periods=[
            Choice(t(text), str(address.with_(since=None, until=None, **{PERIOD: name})), chosen == name)
            for name, text in PERIODS.items()
        ],
        compares=[
            Choice(t(text), str(address.with_(compare=name)), question.compare == name)
            for name, text in _COMPARES.items()
        ],
        chips=[
            _chip(visit, address, item, written)
            for item, written in zip(question.filters, address.all("filter"), strict=False)
        ],
        own=visit.user.manager if visit.user and visit.user.role == "manager" else "",
        bases=[Choice(t(BASIS_WORDS[name]), str(address.with_(basis=name)), basis == name) for name in BASES],
        models=models[:_USUAL_MODELS],
        more_models=models[_USUAL_MODELS:],
        dimensions=sorted(((name, t(entry.title)) for name, entry in dimensions().items()), key=lambda pair: pair[1]),
        ops=[(op, t(OP_WORDS[op]) if op != "is" else t(Text("is", "это"))) for op in OPS],
        since=question.since.isoformat() if question.since else "",
        until=question.until.isoformat() if question.until else "",
        as_of=day_in_zone(question.as_of, visit.settings.business.zone).isoformat() if question.as_of else "",
        latest=visit.today.isoformat(),
        takes={
            field: field not in report.refuses for field in ("since", "compare", "filters", "basis", "model", "as_of")
        },
        kept=list(address.pairs),
        clear_url=address.path,
        windows=_windows(visit, question) if "window_days" not in report.refuses else [],
        window=_days(visit, question.window_days) if question.window_days else "",
        letters=_letters(visit, address),
        share_url=_share_url(visit, address),
    )


def _letters(visit: Visit, address: Address) -> list[tuple[str, str, str]]:
    if visit.user is None or visit.is_shared or not (visit.page and visit.page.nav):
        return []
    query = urlencode([("_page", address.path), *address.pairs])
    return [
        ("mail", visit.text(Text("Send by e-mail…", "Присылать на почту…")), f"/subscriptions/new?{query}"),
        ("bell", visit.text(Text("Alert me…", "Оповещать…")), f"/alerts/new?{query}"),
    ]


def _share_url(visit: Visit, address: Address) -> str:
    may = visit.user is not None and visit.user.role in ANALYSTS and not visit.is_shared
    if not (may and visit.route and visit.route.can_share):
        return ""
    return f"/share?{urlencode([('_page', address.path), *address.pairs])}"


def model_title(visit: Visit, name: str) -> str:
    """An attribution model in words."""
    return model_words(name, visit.language)


def _windows(visit: Visit, question: Question) -> list[Choice]:
    usual = visit.settings.counting.lookback_days
    days = sorted({*_WINDOWS, usual, *([question.window_days] if question.window_days else [])})
    said = visit.text(Text("default", "по умолчанию"))
    return [
        Choice(
            f"{_days(visit, number)} · {said}" if number == usual else _days(visit, number),
            str(visit.address.with_(window_days=None if number == usual else str(number))),
            number == (question.window_days or usual),
        )
        for number in days
    ]


def _days(visit: Visit, number: int) -> str:
    return visit.shown.plural(number, ("day", "days"), ("день", "дня", "дней"))


def _compared(visit: Visit, question: Question) -> str:
    if not (question.compare and question.since and question.until):
        return ""
    before, _ = earlier(Period(question.since, question.until), question.compare)
    return visit.shown.days_between(before.since, before.until)


def _chip(visit: Visit, address: Address, item: Filter, written: str) -> Chip:
    title, op, joined = filter_words(item, visit.language)
    return Chip(title, op, joined, str(address.without_filter(written)))
