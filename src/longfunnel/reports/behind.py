"""Behind: the rows that a number counts: spend, visits, leads, deals or orders, by the same days, filters, basis and model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import NOTHING, Text
from longfunnel.metrics import SUBJECTS, Difference, Measure, Ratio, metrics
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from longfunnel.reports._engine.answer import Format
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_SHOWN: dict[str, tuple[str, ...]] = {
    "spends": ("t.day_on", "o.channel", "o.source", "o.campaign", "o.term", "t.impressions", "t.clicks", "t.cost", "t.source_system"),
    "visits": ("t.started_at", "o.channel", "o.source", "o.campaign", "t.pages", "t.device", "t.region", "t.person_id"),
    "leads": ("t.created_at", "t.lead_id", "t.kind", "t.quality", "o.channel", "o.campaign", "t.product", "t.manager", "t.source_system", "t.person_id"),
    "deals": ("t.created_at", "t.deal_id", "t.status", "t.pipeline", "t.stage", "t.amount", "o.channel", "t.product", "t.manager",
              "t.reason_lost", "t.person_id"),
    "orders": ("t.ordered_at", "t.order_id", "t.revenue", "o.channel", "o.campaign", "t.product", "t.manager", "t.is_repeat", "t.person_id"),
}  # fmt: skip
_FIRST = {
    "spends": "cost",
    "visits": "started_at",
    "leads": "created_at",
    "deals": "created_at",
    "orders": "ordered_at",
}
_TITLES: dict[str, tuple[Text, Format]] = {
    "day_on": (Text("Day", "День"), "date"),
    "started_at": (Text("Began", "Начало"), "date"),
    "created_at": (Text("Made", "Создано"), "date"),
    "ordered_at": (Text("Ordered", "Заказано"), "date"),
    "lead_id": (Text("Lead", "Лид"), "text"),
    "deal_id": (Text("Deal", "Сделка"), "text"),
    "order_id": (Text("Order", "Заказ"), "text"),
    "kind": (Text("Kind", "Вид"), "text"),
    "quality": (Text("Quality", "Качество"), "text"),
    "status": (Text("Status", "Состояние"), "text"),
    "pipeline": (Text("Pipeline", "Воронка"), "text"),
    "stage": (Text("Stage", "Этап"), "text"),
    "reason_lost": (Text("Reason lost", "Причина отказа"), "text"),
    "channel": (Text("Channel", "Канал"), "text"),
    "source": (Text("Source", "Источник"), "text"),
    "campaign": (Text("Campaign", "Кампания"), "text"),
    "term": (Text("Keyword", "Ключевая фраза"), "text"),
    "product": (Text("Product", "Товар"), "text"),
    "manager": (Text("Manager", "Менеджер"), "text"),
    "device": (Text("Device", "Устройство"), "text"),
    "region": (Text("Region", "Регион"), "text"),
    "source_system": (Text("Data source", "Источник данных"), "text"),
    "person_id": (Text("Person", "Человек"), "text"),
    "is_repeat": (Text("Repeat", "Повторный"), "flag"),
    "impressions": (Text("Impressions", "Показы"), "count"),
    "clicks": (Text("Clicks", "Клики"), "count"),
    "pages": (Text("Pages", "Страниц"), "count"),
    "cost": (Text("Cost", "Расход"), "money"),
    "amount": (Text("Amount", "Сумма"), "money"),
    "revenue": (Text("Revenue", "Выручка"), "money"),
}
_FILTER = re.compile(r"FILTER \(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_SUM = re.compile(r"sum\((t\.\w+)\)")


def answer(context: Context, question: Question) -> Answer:
    """One row per row that the metric counts; of a rate, the rows of its numerator."""
    if len(question.metrics) != 1:
        raise QuestionError("Rows stand behind one number.", hint="Name one metric: --metrics leads")
    name = question.metrics[0]
    measure = _measure(name)
    subject = SUBJECTS[measure.subject]
    shown = _SHOWN.get(subject.table)
    if shown is None:
        raise QuestionError(
            f"The rows behind {name} cannot be shown.", hint="Ask for leads, deals, orders, visits, cost."
        )
    parameters = Parameters()
    # a cut by channel makes the rows' origin known to the statement
    asked = msgspec.structs.replace(question, by=("channel",))
    rows = scope(context, asked, parameters, measure.subject, spans(question)[0])
    columns = ", ".join(f"CAST({sql} AS VARCHAR) AS person_id" if sql == "t.person_id" else sql for sql in shown)
    order = f"ORDER BY t.{_FIRST[subject.table]} DESC NULLS LAST, t.{subject.key or _KEYS[subject.table]}"
    limit = f"\nLIMIT {question.limit}" if question.limit else ""
    from_where = rows.from_where(more=_conditions(measure))
    statement = Statement(f"SELECT {columns}\n{from_where}\n{order}{limit}", parameters.values)
    table = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    count = context.one(f"SELECT count(*) {from_where}", parameters.values)[0]
    currency = context.settings.business.currency
    return Answer(
        report=question.report,
        question=question,
        columns=tuple(_column(sql.partition(".")[2], currency) for sql in shown),
        table=table,
        totals={"rows": count},
        freshness=freshness(context),
        sql=statement.runnable(),
        language=context.settings.business.language,
        title=Text("Behind «{title}»", "Что за числом «{title}»").format(title=metrics()[name].title),
    )


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


def _column(name: str, currency: str) -> Column:
    title, form = _TITLES[name]
    is_number = form in ("count", "money")
    kind: Any = "metric" if is_number else "dimension"
    return Column(name, title, form, NOTHING, kind, unit=currency if form == "money" else "count" if is_number else "")


REPORT = Report(
    title=Text("Rows behind a number", "Строки за числом"),
    meaning=Text(
        "The rows that a metric counts, by the same days, filters, basis and model.",
        "Строки, из которых сложился показатель, по тем же дням, фильтрам, базе и модели.",
    ),
    answer=answer,
    basis="lead",
    metrics=("leads",),
    refuses={
        "by": "its rows are not counted together",
        "grain": "its rows are not counted together",
        "compare": "it shows the rows of one period",
        "sort": "the newest come first",
    },
)
