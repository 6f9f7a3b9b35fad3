"""An answer as a table of a page: what each header, cell and total shows, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.reports import BASIS_WORDS, change_text, is_below_zero, sense
from longfunnel.web.strip import model_title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longfunnel.reports import Answer, Column
    from longfunnel.web.address import Address
    from longfunnel.web.visit import Visit

_WORDS = ("text", "date", "flag")
_WHOLE_FROM = 1000
_HEAT_STEPS = 5
UNKNOWN_WHY = Text(
    "Unknown: nothing that is connected says it, or it would divide by zero.",
    "Неизвестно: подключённые источники этого не говорят, или делить пришлось бы на ноль.",
)


@dataclass(frozen=True)
class Cell:
    """What one cell shows."""

    text: str
    title: str = ""
    """Shown on hover: the whole value, or why there is none."""
    few: int | None = None
    """On how many cases it rests, where they are too few."""
    change: str = ""
    change_sense: str = ""
    """better, worse, same."""
    change_title: str = ""
    heat: int = 0
    """0 none, 1..5 stronger."""
    url: str = ""
    is_unknown: bool = False


@dataclass(frozen=True)
class Head:
    """One column's header."""

    name: str
    title: str
    unit: str
    meaning: str
    is_number: bool
    sort_url: str
    sorted: str
    """ascending, descending or nothing."""
    explain_url: str


@dataclass(frozen=True)
class Table:
    """A table ready to be shown."""

    heads: list[Head]
    rows: list[list[Cell]]
    row_urls: list[str]
    totals: list[Cell]
    exports: list[tuple[str, str]]
    caption: str
    explain_url: str = ""
    """Where «How is this counted?» of the whole answer is."""
    has_few: bool = field(default=False)
    sparks: list[str] = field(default_factory=list)
    """For each row the points of a small SVG line, 72 by 20; none: no such column."""
    spark_title: str = ""
    in_panel: bool = False
    """Whether it stands in the side panel, where its links must stay."""

    @property
    def is_sorted(self) -> bool:
        """Whether the reader has chosen the order of its rows."""
        return any(head.sorted for head in self.heads)


def table_of(
    visit: Visit,
    answer: Answer,
    *,
    row_url: Callable[[dict[str, Any]], str] | None = None,
    cell_url: Callable[[dict[str, Any], Column], str] | None = None,
    heat: tuple[str, ...] = (),
    leave_out: tuple[str, ...] = (),
    can_sort: bool = True,
    order: str = "",
) -> Table:
    """The table of ``answer``.

    ``row_url`` says where a row's first cell leads (the drill-down), ``cell_url`` where a number leads (the rows behind it);
    ``heat`` names the columns whose cells are tinted by size; ``leave_out`` columns that the page shows in another way.
    ``order`` is the page's own parameter that keeps the order of the rows, where the report cannot be asked for one (``ordered``).
    What a metric was before and how it changed stand inside its own cell.
    """
    answer = ordered(visit, answer, order)
    columns = [
        column
        for column in answer.columns
        if not column.is_code and column.name not in leave_out and not column.name.endswith(("_before", "_change"))
    ]
    by_name = {column.name: column for column in answer.columns}
    few = {(mark.row, mark.column): mark.cases for mark in answer.few}
    rows = answer.rows
    made = [
        _Made(visit, column, by_name, rows, few, column.name in heat, column.name in answer.question.by)
        for column in columns
    ]
    cells = [[one.cell(number, row, cell_url) for one in made] for number, row in enumerate(rows)]
    has_totals = len(rows) > 1 and any(answer.totals.get(column.name) is not None for column in columns)
    return Table(
        heads=[_head(visit, answer, column, can_sort, order) for column in columns],
        rows=cells,
        row_urls=[row_url(row) if row_url else "" for row in rows],
        totals=[one.total(answer.totals) for one in made] if has_totals else [],
        exports=exports_of(visit, answer),
        caption=caption_of(visit, answer),
        explain_url="" if visit.is_shared else explain_url(visit.address, answer),
        has_few=bool(few),
        in_panel=in_panel(visit),
    )


def ordered(visit: Visit, answer: Answer, order: str) -> Answer:
    """The answer with its rows by the column that the page's own parameter ``order`` names, ``-column`` for the largest first; as
    it is, where that names none of its columns. Words stand as the reader calls them; what is unknown stands last either way.
    """
    wanted = visit.parameter(order) if order else ""
    name = wanted.removeprefix("-")
    if name not in {column.name for column in answer.columns}:
        return answer
    is_text = answer.column(name).format == "text"
    values = answer.table.column(name).to_pylist()
    keys = [visit.member(name, value).casefold() if is_text and value is not None else value for value in values]
    known = [place for place, key in enumerate(keys) if key is not None]
    # rows that are equal keep their order, so that to order twice is to order once
    known.sort(key=lambda place: keys[place], reverse=wanted.startswith("-"))
    places = [*known, *(place for place, key in enumerate(keys) if key is None)]
    cases = {of: tuple(counts[place] for place in places) for of, counts in answer.cases.items()}
    return replace(answer, table=answer.table.take(places), cases=cases)


def sort_link(visit: Visit, order: str, name: str, *, by_words: bool) -> tuple[str, str]:
    """Where the head of a column leads, and how the rows stand by it now: ascending, descending or nothing.

    ``order`` is the parameter that keeps it. Words begin at A, numbers at the largest; the second click turns them round.
    """
    now = visit.parameter(order)
    descending = now == f"-{name}"
    wanted = name if descending or (by_words and now != name) else f"-{name}"
    url = "" if visit.is_shared else str(visit.address.with_(**{"sort": None, order: wanted}))
    return url, "descending" if descending else "ascending" if now == name else ""


def as_it_is(table: Table) -> Table:
    """The table without a choice of order: where the same one stands on the page again, below its own heads."""
    return replace(table, heads=[replace(head, sort_url="", sorted="") for head in table.heads])


def in_panel(visit: Visit) -> bool:
    """Whether the answer goes into the side panel."""
    return visit.request.headers.get("lf-panel") == "true"


def exports_of(visit: Visit, answer: Answer) -> list[tuple[str, str]]:
    """The formats in which the answer can be kept, with their addresses."""
    if visit.is_shared:
        return []
    query = answer.question.to_url()
    return [(name, f"/export/{name.lower()}?{query}") for name in ("CSV", "XLSX", "JSON")]


def caption_of(visit: Visit, answer: Answer) -> str:
    """What the numbers are, in a line: the report, the days, the basis, the model."""
    question = answer.question
    parts = [visit.text(answer.title), visit.shown.days_between(question.since, question.until)]
    parts += [visit.text(BASIS_WORDS[question.basis])] if question.basis in BASIS_WORDS else []
    return " · ".join([*parts, model_title(visit, question.model)])


class _Made:
    """One column as it makes its cells."""

    def __init__(
        self,
        visit: Visit,
        column: Column,
        by_name: Mapping[str, Column],
        rows: list[dict[str, Any]],
        few: Mapping[tuple[int | None, str], int],
        is_hot: bool,
        is_cut: bool,
    ) -> None:
        self._visit, self._shown, self._column, self._few = visit, visit.shown, column, few
        self._why = visit.text(UNKNOWN_WHY)
        self._before = f"{column.name}_before" if f"{column.name}_before" in by_name else ""
        self._change = f"{column.name}_change" if f"{column.name}_change" in by_name else ""
        numbers = [abs(row[column.name]) for row in rows if isinstance(row[column.name], (int, float, Decimal))]
        self._largest = max(numbers, default=0)
        self._is_hot, self._is_cut = is_hot, is_cut
        self._places = 0 if column.format == "money" and self._largest >= _WHOLE_FROM else 2

    def cell(self, number: int, row: dict[str, Any], cell_url: Callable[[dict[str, Any], Column], str] | None) -> Cell:
        value = row[self._column.name]
        url = cell_url(row, self._column) if cell_url and self._column.kind == "metric" and value is not None else ""
        return self._made(value, row, self._few.get((number, self._column.name)), url, self._heat(value))

    def total(self, totals: dict[str, Any]) -> Cell:
        name = self._column.name
        if name not in totals:
            return Cell("")
        return self._made(totals[name], totals, self._few.get((None, name)), "", 0)

    def _made(self, value: Any, row: Mapping[str, Any], few: int | None, url: str, heat: int) -> Cell:
        column, shown = self._column, self._shown
        if column.kind == "dimension" and (value is None or column.format == "text"):
            # what a row is called has a word even when it is unknown; in a list of single rows it is an empty field
            is_name = value is not None or self._is_cut
            return Cell(
                self._visit.member(column.name, value) if is_name else "—",
                title=self._why if value is None else "",
                is_unknown=value is None,
            )
        if value is None:
            return Cell("—", title=self._why, is_unknown=True)
        text = shown.value(value, column.format, places=self._places)
        # a change of what rests on too few cases is noise
        change = row.get(self._change) if self._change and few is None else None
        before = row.get(self._before) if self._before else None
        return Cell(
            text,
            title=shown.whole(value, column.format) if column.format == "money" else "",
            few=few,
            change=change_text(shown, column, value, before, change),
            change_sense=sense(value - before if is_below_zero(before) else change, column.direction),
            change_title=shown.whole(before, column.format) if before is not None else "",
            heat=heat,
            url=url,
        )

    def _heat(self, value: Any) -> int:
        if not self._is_hot or not self._largest or not isinstance(value, (int, float, Decimal)) or value <= 0:
            return 0
        return max(1, round(_HEAT_STEPS * float(value) / float(self._largest)))


def _head(visit: Visit, answer: Answer, column: Column, can_sort: bool, order: str) -> Head:
    is_number = column.format not in _WORDS
    unit = visit.shown.sign if column.format == "money" and column.unit == visit.shown.currency else ""
    url, standing = sort_link(visit, order or "sort", column.name, by_words=not is_number)
    return Head(
        name=column.name,
        title=visit.text(column.title),
        unit=unit or (column.unit if column.format == "money" else ""),
        meaning=visit.text(column.meaning),
        is_number=is_number,
        sort_url=url if can_sort else "",
        sorted=standing if can_sort else "",
        explain_url=explain_url(visit.address, answer, column.name)
        if column.kind == "metric" and not visit.is_shared
        else "",
    )


def explain_url(address: Address, answer: Answer, name: str = "") -> str:
    """Where «How is this counted?» is, of a number or of the whole answer: of the same report, asked with the same options."""
    asked = address.to("/explain").with_(report=answer.report, _metric=name or None, _from=None, option=None)
    options = tuple(("option", f"{key}={value}") for key, value in answer.question.options)
    return str(replace(asked, pairs=(*asked.pairs, *options)))
