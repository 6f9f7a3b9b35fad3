"""Behind: the rows that a number counts: spend, visits, leads, deals or orders, by the same days, filters, basis and model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.metrics import SUBJECTS, Difference, Measure, Ratio, metrics
from longfunnel.reports._engine.answer import Answer
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.row_columns import row_column
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_SHOWN: dict[str, tuple[str, ...]] = {
    "spends": ("t.day_on", "o.channel", "o.source", "o.campaign", "o.term", "t.impressions", "t.clicks", "t.cost", "t.source_system"),
    "visits": ("t.started_at", "o.channel", "o.source", "o.campaign", "t.pages", "t.device", "t.region", "t.person_id"),
    "leads": ("t.created_at", "t.lead_id", "t.kind", "t.quality", "o.channel", "o.campaign", "t.product", "t.manager", "t.source_system", "t.person_id"),
    "deals": ("t.created_at", "t.deal_id", "t.status", "t.pipeline", "t.stage", "t.amount", "o.channel", "t.product", "t.manager",
              "t.reason_lost", "t.person_id"),
    "orders": ("t.ordered_at", "t.order_id", "t.revenue", "t.cost_of_goods", "o.channel", "o.campaign", "t.product", "t.manager", "t.is_repeat", "t.person_id"),
}  # fmt: skip
_FIRST = {
    "spends": "cost",
    "visits": "started_at",
    "leads": "created_at",
    "deals": "created_at",
    "orders": "ordered_at",
}
_FILTER = re.compile(r"FILTER \(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_SUM = re.compile(r"sum\((t\.\w+)\)")


def answer(context: Context, question: Question) -> Answer:
    """One row per row that the metric counts; of a rate, the rows of its numerator."""
    if len(question.metrics) != 1:
        raise QuestionError(
            Text("Rows stand behind one number.", "Строки показываются за одним показателем."),
            hint=Text("Name one metric: --metrics leads", "Назовите один: --metrics leads"),
        )
    name = question.metrics[0]
    measure = _measure(name)
    subject = SUBJECTS[measure.subject]
    shown = _SHOWN.get(subject.table)
    if shown is None:
        raise QuestionError(
            Text("The rows behind {name} cannot be shown.", "Строки за показателем {name} показать нельзя.").format(
                name=name
            ),
            hint=Text(
                "Ask for leads, deals, orders, visits, cost.",
                "Спросите о лидах (leads), сделках (deals), заказах (orders), визитах (visits) или расходе (cost).",
            ),
        )
    parameters = Parameters()
    # a cut by channel makes the rows' origin known to the statement
    asked = msgspec.structs.replace(question, by=("channel",))
    rows = scope(context, asked, parameters, measure.subject, spans(question)[0])
    columns = ", ".join(f"CAST({sql} AS VARCHAR) AS person_id" if sql == "t.person_id" else sql for sql in shown)
    order = f"ORDER BY t.{_FIRST[subject.table]} DESC NULLS LAST, t.{subject.key or _KEYS[subject.table]}"
    limit = f"\nLIMIT {question.limit}" if question.limit else ""
    limit += f"\nOFFSET {_offset(question)}"
    from_where = rows.from_where(more=_conditions(measure))
    statement = Statement(f"SELECT {columns}\n{from_where}\n{order}{limit}", parameters.values)
    table = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    count = context.one(f"SELECT count(*) {from_where}", parameters.values)[0]
    currency = context.settings.business.currency
    return Answer(
        report=question.report,
        question=question,
        columns=tuple(row_column(sql.partition(".")[2], currency) for sql in shown),
        table=table,
        totals={"rows": count},
        freshness=freshness(context),
        sql=statement.runnable(),
        language=context.settings.business.language,
        timezone=context.settings.business.timezone,
        title=Text("{title}: the rows", "{title}: строки за числом").format(title=context.metrics[name].title),
    )


def _offset(question: Question) -> int:
    said = dict(question.options).get("offset", "0")
    if said.isdecimal() and len(said) < _DIGITS:
        return int(said)
    raise QuestionError(
        Text("offset is «{said}», and must be a number of rows.", "offset — это «{said}», а нужно число строк.").format(
            said=said
        )
    )


_DIGITS = 10
_KEYS = {"spends": "spend_key", "visits": "visit_key"}


def _measure(name: str) -> Measure:
    how = metrics()[name].how
    match how:
        case Measure():
            return how
        case Ratio(numerator, _):
            return numerator if isinstance(numerator, Measure) else _measure(numerator)
        case Difference(of, _):
            return _measure(of)


def _conditions(measure: Measure) -> tuple[str, ...]:
    """Which of the subject's rows the aggregate counts, read from its own SQL."""
    if found := _FILTER.search(measure.sql):
        return (f"({found.group(1)})",)
    if found := _SUM.search(measure.sql):
        return (f"{found.group(1)} <> 0",)
    return ()


REPORT = Report(
    title=Text("Rows behind a number", "Строки за числом"),
    meaning=Text(
        "The rows that a metric counts, by the same days, filters, basis and model.",
        "Строки, из которых сложился показатель, по тем же дням, фильтрам, базе и модели.",
    ),
    answer=answer,
    basis="lead",
    metrics=("leads",),
    options={"offset": Text("Leave out so many of the newest rows.", "Пропустить столько самых новых строк.")},
    refuses={
        "by": Text("its rows are not counted together", "его строки не складываются"),
        "grain": Text("its rows are not counted together", "его строки не складываются"),
        "compare": Text("it shows the rows of one period", "он показывает строки одного периода"),
        "sort": Text("the newest come first", "сначала идут самые новые"),
    },
)
