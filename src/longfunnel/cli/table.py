"""An answer as a table in a terminal: units in the header, wide tables in blocks, advice and caveats below."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_symbol
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text as Styled

from longfunnel.cli.context import console
from longfunnel.core.money import show_value
from longfunnel.core.shown import Shown
from longfunnel.core.text import Text
from longfunnel.dimensions import value_text
from longfunnel.journeys.attribution.models import MODELS
from longfunnel.reports import change_text, is_below_zero, sense

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longfunnel.core.settings import Language
    from longfunnel.reports import Answer, Column

_WIDEST = 40
_GAP = 2
_LONGEST_BAR = 40
_CHANGE = "±"
_ADVICE = "advice"
"""A column of sentences: they are printed below the table, each once."""
_WORDS = ("text", "date", "flag")
_WHOLE_FROM = 1000
"""Amounts are shown without minor units when the column reaches this; the ledger shows every one."""
_EXACT = ("ledger",)
_BASES = {
    "touch": Text("by date of touch", "по дате касания"),
    "lead": Text("by date of lead", "по дате лида"),
    "payment": Text("by date of payment", "по дате оплаты"),
}
_COLOURS = {"better": "green", "worse": "red", "same": ""}
_OWN_MODELS = ("attribution",)
"""Reports that name the models in their rows or columns."""


def print_table(answer: Answer, language: Language) -> None:
    """The title with its period, the rows with their total, what to do, and what to know."""
    console.print(
        Styled(answer.title.to(language), style="bold"), Styled(_period(answer, language), style="dim"), highlight=False
    )
    columns = [
        _Shown(answer, column, language) for column in answer.columns if not column.is_code and column.name != _ADVICE
    ]
    # what it was before stands beside its change in every other format; here the change says it
    columns = [shown for shown in columns if not shown.column.name.endswith("_before")]
    empty = _empty(columns)
    columns = [shown for shown in columns if shown not in empty]
    for block, number in zip(_blocks(columns), range(len(columns)), strict=False):
        if number:
            console.print()
        table = _table(block, len(answer.rows) > 1 and bool(answer.totals))
        if len(block) == len(columns) and {"stage", "count"} <= set(answer.table.column_names):
            room = console.width - sum(shown.width + _GAP for shown in block)
            table = _with_bars(table, answer.table.column("count").to_pylist(), language, room)
        console.print(table)
    if answer.few:
        said = Text("(n): rests on so few cases; do not lean on it", "(n): стоит на стольких случаях; опираться рано")
        console.print(Styled(said.to(language), style="dim"), highlight=False)
    if empty:
        said = Text(
            "Left out, for nothing is known of it: {columns}.", "Не показано, так как ничего не известно: {columns}."
        )
        titles = ", ".join(shown.header for shown in empty if shown.header != _CHANGE)
        console.print(Styled(said.format(columns=titles).to(language), style="dim"), highlight=False)
    advice = {row.get("title") or row.get("reason"): row[_ADVICE] for row in answer.rows if row.get(_ADVICE)}
    for title, words in advice.items():
        console.print(Styled(f"→ {title}: ", style="bold"), Styled(words), sep="", highlight=False)
    for caveat in answer.caveats:
        console.print(Styled(f"• {caveat.text.to(language)}", style="yellow"), highlight=False)


def _empty(columns: list[_Shown]) -> list[_Shown]:
    """Columns without any value; what says which row it is stays, unless another column says it."""
    empty = [shown for shown in columns if shown.is_empty]
    named = any(not shown.is_number and not shown.is_empty for shown in columns)
    return [shown for shown in empty if shown.is_number or named] if len(empty) < len(columns) else []


class _Shown:
    """One column as it is printed: its header, its cells, its total."""

    def __init__(self, answer: Answer, column: Column, language: Language) -> None:
        self.column = column
        self.is_number = column.format not in _WORDS
        self._metric = _changed(answer, column)
        self._zone = ZoneInfo(answer.timezone)
        rests_on = self._metric.name if self._metric else column.name
        few = {mark.row: mark.cases for mark in answer.few if mark.column == rests_on}
        values = answer.table.column(column.name).to_pylist()
        largest = max((abs(value) for value in values if column.format == "money" and value is not None), default=0)
        self._places = 0 if largest >= _WHOLE_FROM and answer.report not in _EXACT else 2
        self._language = language
        self.header = _header(column, language)
        rows = answer.rows if self._metric else [{}] * len(values)
        self.cells = [
            self._cell(value, few.get(place), row) for place, (value, row) in enumerate(zip(values, rows, strict=True))
        ]
        total = answer.totals.get(column.name)
        self.is_empty = total is None and bool(values) and all(value is None for value in values)
        is_known = column.name in answer.totals and (total is not None or column.adds_up)
        self.total = self._cell(total, few.get(None), answer.totals) if is_known else Styled("")
        widest = max(cell.cell_len for cell in (*self.cells, self.total, Styled("")))
        words = max(cell_len(word) for word in self.header.split(" "))
        self.width = max(widest, words) if self.is_number else min(max(widest, words), _WIDEST)
        self.wide = max(self.width, cell_len(self.header)) if self.is_number else self.width

    def _cell(self, value: Any, few: int | None, row: Mapping[str, Any]) -> Styled:
        if self.column.kind == "dimension" and self.column.format == "text":
            return Styled(value_text(self.column.name, value).to(self._language), style="dim" if value is None else "")
        if self._metric and value is not None:
            # a change of what rests on too few cases is noise
            return self._change(self._metric, value, row) if few is None else Styled("")
        if isinstance(value, datetime):
            value = f"{value.replace(tzinfo=UTC).astimezone(self._zone):%Y-%m-%d %H:%M}"
        text = show_value(value, self.column.format, self._language, places=self._places)
        if few is not None:
            text += f" ({few})"
        return Styled(text, style="dim" if few is not None or value is None else "")

    def _change(self, metric: Column, change: float, row: Mapping[str, Any]) -> Styled:
        """As pages and letters say it: a share in points, the difference where it was below zero."""
        now, before = row[metric.name], row[f"{metric.name}_before"]
        text = change_text(Shown(self._language, metric.unit, self._zone), metric, now, before, change)
        step = now - before if is_below_zero(before) else change
        sign = "▲ " if step > 0 else "▼ " if step < 0 else ""
        return Styled(sign + text, style=_COLOURS[sense(step, metric.direction)])


def _changed(answer: Answer, column: Column) -> Column | None:
    """The column whose change this one says; None for any other."""
    name = column.name.removesuffix("_change")
    is_change = name != column.name and f"{name}_before" in answer.table.column_names
    return answer.column(name) if is_change else None


def _header(column: Column, language: Language) -> str:
    if column.name.endswith("_change"):
        return _CHANGE
    title = column.title.to(language)
    unit = get_currency_symbol(column.unit, locale=language) if column.format == "money" and column.unit else ""
    return f"{title}, {unit}" if unit else title


def _blocks(columns: list[_Shown]) -> Iterator[list[_Shown]]:
    """The columns in blocks that fit the screen, each led by the columns that say what the row is."""
    leading = [shown for shown in columns if not shown.is_number]
    rest = [shown for shown in columns if shown.is_number]
    if sum(shown.wide + _GAP for shown in columns) <= console.width:
        for shown in columns:
            shown.width = shown.wide  # there is room for headers on one line
    block = list(leading)
    for place, shown in enumerate(rest):
        pair = 2 if place + 1 < len(rest) and rest[place + 1].header == _CHANGE else 1
        if len(block) > len(leading) and shown.header != _CHANGE and not _fits([*block, *rest[place : place + pair]]):
            yield block
            block = list(leading)
        block.append(shown)
    yield block


def _fits(columns: list[_Shown]) -> bool:
    return sum(shown.width + _GAP for shown in columns) <= console.width


def _table(columns: list[_Shown], with_total: bool) -> Table:
    table = quiet_table()
    for shown in columns:
        table.add_column(
            shown.header,
            justify="right" if shown.is_number else "left",
            overflow="fold",
            min_width=shown.width if shown.is_number else None,
            max_width=shown.width,
        )
    for cells in zip(*(shown.cells for shown in columns), strict=True):
        table.add_row(*cells)
    if with_total:
        table.add_section()
        table.add_row(*(shown.total for shown in columns), style="bold")
    return table


def _with_bars(table: Table, counts: list[int | None], language: Language, room: int) -> Table:
    """The stages of a funnel with bars beside them: plain ones would lose all after the first, so the scale is logarithmic."""
    title = Text("On a logarithmic scale", "В логарифмическом масштабе").to(language)
    if not console.is_terminal or room < cell_len(title):
        return table
    heights = [math.log10(count + 1) if count else 0.0 for count in counts]
    unit = min(room, _LONGEST_BAR) / (max(heights, default=0.0) or 1.0)
    bars = quiet_table()
    bars.add_column(title, style="cyan")
    for height in heights:
        bars.add_row("█" * round(unit * height))
    both = Table.grid(padding=(0, _GAP, 0, 0))
    both.add_row(table, bars)
    return both


def quiet_table() -> Table:
    """A table of aligned columns without lines."""
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim" if console.is_terminal else "")


def _period(answer: Answer, language: Language) -> str:
    question = answer.question
    days = f"{question.since or '…'} – {question.until or '…'}" if question.since or question.until else ""
    title = MODELS[question.model].title.to(language)
    model = "" if answer.report in _OWN_MODELS else title[:1].lower() + title[1:]
    basis = _BASES[question.basis].to(language) if question.basis in _BASES else ""
    return " · ".join(part for part in (days, basis, model) if part)
