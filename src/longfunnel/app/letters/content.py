"""What a report's letter says: headline numbers, a short table, what to know. Values only; templates and pictures show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.app.access.rights import narrowed
from longfunnel.core.calendar import Period, earlier
from longfunnel.core.shown import Shown
from longfunnel.core.text import Text
from longfunnel.dimensions import value_text
from longfunnel.reports import (
    BASIS_WORDS,
    DEFAULT_MODEL,
    Question,
    change_text,
    filter_words,
    is_below_zero,
    model_words,
    sense,
)

if TYPE_CHECKING:
    from longfunnel.app.answering import Answering
    from longfunnel.app.letters.asking import Asked
    from longfunnel.reports import Answer, Column

_MOST_CARDS = 4
_MOST_ROWS = 12
_MOST_METRICS = 5
_MOST_SOURCES = 6
_HEADLINE = ("cost", "revenue", "profit", "romi")
"""Of a report that has no totals of its own, as the long funnel."""
_TELLING = ("cost", "leads", "orders", "revenue", "profit")


@dataclass(frozen=True)
class Cell:
    """One number, with how it changed."""

    text: str
    change: str = ""
    """Its sign and size; empty without a comparison."""
    arrow: str = ""
    sense: str = ""
    """better, worse, same."""
    before: str = ""
    is_faint: bool = False
    """Unknown, or resting on too few cases."""
    note: str = ""


@dataclass(frozen=True)
class Card:
    """A headline number."""

    title: str
    cell: Cell


@dataclass(frozen=True)
class Content:
    """A report's letter in values."""

    report: str
    days: str
    compared_with: str
    about: list[str]
    """Filters, basis and model in words, where they are not the usual."""
    cards: list[Card]
    heads: list[tuple[str, bool]]
    """Titles of the short table's columns, and whether they hold numbers."""
    rows: list[list[Cell]]
    totals: list[Cell]
    left_out: str
    """What the short table leaves to the workbook; empty when nothing."""
    caveats: list[str]
    sources: list[tuple[str, str, str]]
    """Source, when it was last imported, the last day it speaks of; those without news the longest first."""


def content_of(answering: Answering, asked: Asked) -> Content:
    """The content of the letter about an answer."""
    answer, question = asked.answer, asked.question
    shown = shown_for(answering, asked.language)
    columns = _columns(answer, chosen=bool(question.metrics))
    rows = answer.rows[:_MOST_ROWS]
    head = _headline(answering, asked)
    return Content(
        report=answer.title.to(asked.language),
        days=_days(shown, question),
        compared_with=_compared(shown, question),
        about=_about(asked),
        cards=_cards(shown, head) if head else [],
        heads=[(_titled(shown, column), column.kind == "metric") for column in columns],
        rows=[[_cell(shown, answer, column, row, number) for column in columns] for number, row in enumerate(rows)],
        totals=_totals(shown, answer, columns) if len(answer.rows) > 1 else [],
        left_out=_left_out(shown, answer, columns),
        caveats=[caveat.text.to(asked.language) for caveat in answer.caveats],
        sources=_sources(shown, answer) if asked.owner.role != "manager" else [],
    )


def shown_for(answering: Answering, language: Any) -> Shown:
    """How values are written in a letter of this language."""
    business = answering.settings.business
    return Shown(language, business.currency, business.zone)


def _columns(answer: Answer, *, chosen: bool) -> list[Column]:
    """The columns that a letter has room for: the first ones of those that somebody ``chosen``, else those that tell most."""
    plain = [
        column for column in answer.columns if not column.is_code and not column.name.endswith(("_before", "_change"))
    ]
    names = [column for column in plain if column.kind == "dimension"][:2]
    filled = [
        column
        for column in plain
        if column.kind == "metric" and any(value.is_valid for value in answer.table.column(column.name)[:_MOST_ROWS])
    ]
    if len(filled) > _MOST_METRICS and not chosen:
        first = [column for column in filled if column.name in _TELLING]
        kept = {
            column.name for column in (first + [column for column in filled if column not in first])[:_MOST_METRICS]
        }
        filled = [column for column in filled if column.name in kept]
    return names + filled[:_MOST_METRICS]


def _headline(answering: Answering, asked: Asked) -> Answer | None:
    if asked.answer.totals:
        return asked.answer
    question = asked.question
    if asked.answer.report != "long_funnel":
        return None
    asked_too = Question(
        "summary", question.since, question.until, question.compare, question.filters, metrics=_HEADLINE,
        model=question.model, window_days=question.window_days, basis=question.basis, as_of=question.as_of,
    )  # fmt: skip
    return answering.ask(narrowed(asked.owner, asked_too), asked.language)


def _cards(shown: Shown, answer: Answer) -> list[Card]:
    columns = [
        column
        for column in answer.columns
        if answer.totals.get(column.name) is not None
        and column.format != "text"
        and not column.name.endswith(("_before", "_change"))
    ]
    wanted = [column for column in columns if column.name in _HEADLINE] or columns
    chosen = (wanted + [column for column in columns if column not in wanted])[:_MOST_CARDS]
    return [
        Card(column.title.to(shown.language), _made(shown, answer, column, answer.totals, None, short=True))
        for column in chosen
    ]


def _cell(shown: Shown, answer: Answer, column: Column, row: dict[str, Any], number: int) -> Cell:
    if column.kind == "dimension":
        value = row[column.name]
        is_word = value is None or column.format == "text"
        return Cell(
            shown.text(value_text(column.name, value)) if is_word else shown.value(value, column.format),
            is_faint=value is None,
        )
    return _made(shown, answer, column, row, number)


def _totals(shown: Shown, answer: Answer, columns: list[Column]) -> list[Cell]:
    if not any(answer.totals.get(column.name) is not None for column in columns):
        return []
    cells = [
        _made(shown, answer, column, answer.totals, None) if column.name in answer.totals else Cell("")
        for column in columns
    ]
    cells[0] = Cell(shown.text(Text("Total", "Итого")))
    return cells


def _made(
    shown: Shown, answer: Answer, column: Column, values: dict[str, Any], row: int | None, *, short: bool = False
) -> Cell:
    value = values.get(column.name)
    if value is None:
        return Cell("—", is_faint=True)
    cases = (
        answer.total_cases.get(column.name) if row is None else answer.cases.get(column.name, (None,) * (row + 1))[row]
    )
    is_few = cases is not None and cases < answer.min_cases
    before = values.get(f"{column.name}_before")
    change = None if is_few else values.get(f"{column.name}_change")
    text = change_text(shown, column, value, before, change)
    step = value - before if before is not None and is_below_zero(before) else change
    return Cell(
        shown.card(value, column.format)
        if short
        else shown.value(value, column.format, places=_places(answer, column)),
        change=text,
        arrow="" if not text or not step else "▲" if step > 0 else "▼",
        sense=sense(step, column.direction) if text else "",
        before=shown.card(before, column.format) if before is not None and text else "",
        is_faint=is_few,
        note=f"n = {shown.count(cases)}" if is_few else "",
    )


def _places(answer: Answer, column: Column) -> int:
    """How many places a column's amounts have: none where one of them is a thousand or more."""
    if column.format != "money":
        return 2
    values = [abs(value) for value in answer.table.column(column.name)[:_MOST_ROWS].to_pylist() if value is not None]
    return 0 if max(values, default=0) >= 1000 else 2


def _titled(shown: Shown, column: Column) -> str:
    title = column.title.to(shown.language)
    unit = shown.sign if column.unit == shown.currency else column.unit
    return f"{title}, {unit}" if column.format == "money" and unit else title


def _days(shown: Shown, question: Question) -> str:
    if question.since is None and question.until is None:
        return shown.text(Text("all time", "за всё время"))
    if question.since == question.until:
        return shown.day(question.since)
    return shown.days_between(question.since, question.until)


def _compared(shown: Shown, question: Question) -> str:
    if not (question.compare and question.since and question.until):
        return ""
    before, _ = earlier(Period(question.since, question.until), question.compare)
    return shown.day(before.since) if before.days == 1 else shown.days_between(before.since, before.until)


def _about(asked: Asked) -> list[str]:
    question, language = asked.question, asked.language
    said = [" ".join(filter_words(item, language)).strip() for item in question.filters]
    if asked.owner.role == "manager":
        said.append(
            Text("only the deals of {name}", "только сделки: {name}").format(name=asked.owner.manager).to(language)
        )
    said += [BASIS_WORDS[question.basis].to(language)] if question.basis in BASIS_WORDS else []
    said += [model_words(question.model, language)] if question.model != DEFAULT_MODEL else []
    return said


def _left_out(shown: Shown, answer: Answer, columns: list[Column]) -> str:
    more = answer.table.num_rows - _MOST_ROWS
    if more > 0:
        rows = shown.plural(more, ("more row", "more rows"), ("строка", "строки", "строк"))
        return shown.text(
            Text(
                "{rows}, and every column, in the attached workbook", "Ещё {rows} и все столбцы — в приложенной книге"
            ).format(rows=rows)
        )
    plain = [
        column for column in answer.columns if not column.is_code and not column.name.endswith(("_before", "_change"))
    ]
    if len(plain) > len(columns):
        return shown.text(Text("Every column is in the attached workbook", "Все столбцы — в приложенной книге"))
    return ""


def _sources(shown: Shown, answer: Answer) -> list[tuple[str, str, str]]:
    oldest = sorted(answer.freshness, key=lambda item: (item.recorded_at is not None, item.recorded_at))
    return [
        (item.source_system, shown.moment(item.recorded_at), shown.day(item.latest_on) if item.latest_on else "")
        for item in oldest[:_MOST_SOURCES]
    ]
