"""The plain report: one row per value of the cut, one column per metric."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.reports._engine.answer import Answer, Column, metric_columns
from longfunnel.reports._engine.caveats import caveats_of, few_cases
from longfunnel.reports._engine.compile import BEFORE, CASES, CHANGE, Compiler
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import reports

if TYPE_CHECKING:
    from longfunnel.metrics import Metric
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

GRAIN_TITLES = {
    "day": Text("Day", "День"),
    "week": Text("Week from", "Неделя с"),
    "month": Text("Month from", "Месяц с"),
    "quarter": Text("Quarter from", "Квартал с"),
    "year": Text("Year from", "Год с"),
}


@dataclass(frozen=True)
class Counted:
    """What a compiled statement gave: the rows, the total's values, the cases that both rest on."""

    table: pa.Table
    totals: dict[str, Any]
    cases: dict[str, tuple[int | None, ...]]
    total_cases: dict[str, int | None]
    reported: list[str]
    sql: str


def count(context: Context, question: Question, asked: list[Metric]) -> Counted:
    """Compile, run, and part the total from the rows. Without a cut, the total is the one row."""
    values = [
        metric.name + ending for metric in asked for ending in ("", BEFORE, CHANGE) if not ending or question.compare
    ]
    cut = [*question.by, *([question.grain] if question.grain else [])]
    _check_sort(question, [*cut, *values])
    compiler = Compiler(context, question, asked)
    statement = compiler.statement()
    result = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    rows = result.slice(1) if cut else result.slice(0, 1)
    with_cases = [metric.name for metric in asked if metric.cases]
    total = result.slice(0, 1).to_pylist()[0]
    return Counted(
        table=rows.select([*cut, *values]),
        totals={name: total[name] for name in values},
        cases={name: tuple(rows.column(name + CASES).to_pylist()) for name in with_cases},
        total_cases={name: total[name + CASES] for name in with_cases},
        reported=compiler.reported,
        sql=statement.runnable(),
    )


def answer_table(context: Context, question: Question) -> Answer:
    """The answer of a report that is a list of metrics."""
    return answer_metrics(context, question, [context.metrics[name] for name in question.metrics])


def answer_metrics(context: Context, question: Question, asked: list[Metric]) -> Answer:
    """The answer to a question in these metrics, which need not be in the catalogue."""
    counted = count(context, question, asked)
    currency = context.settings.business.currency
    columns = cut_columns(question) + [
        replace(column, format="ratio")
        if column.format == "count" and pa.types.is_decimal(counted.table.schema.field(column.name).type)
        else column  # sales in parts are no whole numbers
        for column in metric_columns(asked, currency, compared=bool(question.compare), reported=counted.reported)
    ]
    return with_few_cases(
        Answer(
            report=question.report,
            question=question,
            columns=tuple(columns),
            table=counted.table,
            totals=counted.totals,
            caveats=caveats_of(context, question, asked, counted.reported),
            freshness=freshness(context),
            sql=counted.sql,
            cases=counted.cases,
            total_cases=counted.total_cases,
            min_cases=context.settings.counting.min_cases,
            language=context.settings.business.language,
            title=reports()[question.report].title,
        )
    )


def with_few_cases(answer: Answer) -> Answer:
    """The answer with a caveat if some of its values rest on too few cases."""
    few = len(answer.few)
    return replace(answer, caveats=(*answer.caveats, few_cases(few, answer.min_cases))) if few else answer


def cut_columns(question: Question) -> list[Column]:
    """The columns of the breakdown: dimensions, then time."""
    found = []
    for name in question.by:
        entry = dimension(name)
        if entry:
            found.append(Column(name, entry.title, "text", entry.meaning, "dimension"))
    if question.grain:
        title = GRAIN_TITLES[question.grain]
        found.append(
            Column(
                question.grain, title, "date", Text("In the business's zone.", "В часовом поясе бизнеса."), "dimension"
            )
        )
    return found


def _check_sort(question: Question, names: list[str]) -> None:
    wanted = question.sort.removeprefix("-")
    if wanted and wanted not in names:
        raise QuestionError(
            Text("There is no column «{name}» to sort by.", "Столбца «{name}» для сортировки нет.").format(name=wanted)
            + did_you_mean(wanted, names),
            hint=Text("Columns: {names}.", "Столбцы: {names}.").format(names=", ".join(names)),
        )
