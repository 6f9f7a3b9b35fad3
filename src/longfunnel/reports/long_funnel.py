"""The long funnel: every stage from the impression to the repeat order, in one row of steps or cut by anything.

Without a cut, one row is one stage. With one, one row is one value of the cut with the counts of all stages.
A conversion is from the previous stage that is connected; what is not connected is empty and skipped.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.core.stages import STAGES, shown_stages
from longfunnel.core.text import Text
from longfunnel.metrics import Measure, Metric, Ratio
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import answer_metrics
from longfunnel.reports._stage_times import stage_times

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_VALUE_KNOWN = {
    "impressions": ("spends", "impressions"),
    "clicks": ("spends", "clicks"),
    "qualified_leads": ("leads", "is_qualified"),
}


def answer(context: Context, question: Question) -> Answer:
    """Stage by stage, or one row per value of the cut."""
    if tuple(question.metrics) != STAGES:
        return answer_metrics(context, question, [context.metrics[name] for name in question.metrics])
    asked = _with_conversions(context, _known_stages(context))
    whole = answer_metrics(context, question, asked)
    return whole if question.by or question.grain else _by_stage(context, question, whole)


def _stages(context: Context) -> tuple[str, ...]:
    """The stages that this business has."""
    return shown_stages(context.settings.stage)


def _known_stages(context: Context) -> list[str]:
    known = []
    for name in _stages(context):
        how = context.metrics[name].how
        assert isinstance(how, Measure)  # noqa: S101 - the stages are counts
        if name in _VALUE_KNOWN:
            table, column = _VALUE_KNOWN[name]
            if table in context.connected and context.has_values(table, column):
                known.append(name)
        elif context.can_count(how):
            known.append(name)
    return known


def _with_conversions(context: Context, known: list[str]) -> list[Metric]:
    asked: list[Metric] = []
    for name in _stages(context):
        asked.append(context.metrics[name])
        place = known.index(name) if name in known else 0
        if place:
            asked.append(_conversion(context.metrics[known[place - 1]], context.metrics[name]))
    return asked


def _conversion(previous: Metric, stage: Metric) -> Metric:
    title = Text("{previous} → {stage}", "{previous} → {stage}")
    said = Text("{stage} / {previous}.", "{stage} / {previous}.")
    words = {"previous": previous.title, "stage": stage.title}
    ratio = Ratio(stage.name, previous.name)
    return Metric(
        title.format(**words),
        said.format(**words),
        "share",
        "up",
        ratio,
        cases=previous.name,
        name=f"{stage.name}_conversion",
    )


def _by_stage(context: Context, question: Question, whole: Answer) -> Answer:
    now = whole.totals
    stages = _stages(context)
    known = [name for name in stages if now[name] is not None]
    times, times_sql = stage_times(context, question, known)
    rows: list[dict[str, Any]] = []
    for name in stages:
        earlier = known[: known.index(name)] if name in known else []
        previous, first = (now[earlier[-1]], now[earlier[0]]) if earlier else (None, None)
        median, p90 = times.get(name, (None, None))
        row: dict[str, Any] = {
            "stage": name,
            "title": context.metrics[name].title.to(whole.language),
            "count": now[name],
            "conversion": _share(now[name], previous),
            "conversion_from_first": _share(now[name], first),
            "lost": _lost(now[name], previous),
            "median_days": median,
            "p90_days": p90,
        }
        if question.compare:
            row["count_before"] = now[f"{name}_before"]
            row["count_change"] = now[f"{name}_change"]
            row["conversion_before"] = _share(now[f"{name}_before"], now[f"{earlier[-1]}_before"]) if earlier else None
        rows.append(row)
    columns = _columns(compared=bool(question.compare))
    order = [row["stage"] for row in rows]
    previous_of = {name: known[known.index(name) - 1] for name in known[1:]}
    return replace(
        whole,
        columns=columns,
        table=pa.Table.from_pylist(rows, _schema(columns, rows)),
        totals={},
        cases={"conversion": tuple(now[previous_of[name]] if name in previous_of else None for name in order)},
        total_cases={},
        caveats=whole.caveats + _wider(rows),
        sql=f"{whole.sql};\n\n-- time between stages, person by person\n{times_sql}" if times_sql else whole.sql,
    )


def _schema(columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> pa.Schema:
    """Counts are whole numbers, but for a model that shares sales between touches."""
    in_parts = any(isinstance(row["count"], Decimal) for row in rows)
    counts = pa.decimal128(38, 4) if in_parts else pa.int64()
    return pa.schema([(c.name, counts if c.format == "count" else _ARROW[c.format]) for c in columns])


def _share(count: int | Decimal | None, of: int | Decimal | None) -> float | None:
    return None if count is None or not of else float(count / of)


def _lost(count: int | None, previous: int | None) -> int | None:
    """Unknown where more came in than the previous stage had: then some came by other ways, and nobody knows how many."""
    return None if count is None or previous is None or count > previous else previous - count


def _wider(rows: list[dict[str, Any]]) -> tuple[Caveat, ...]:
    """Stages that more come into than the stage before them had."""
    wider = [row["title"] for row in rows if row["conversion"] is not None and row["conversion"] > 1]
    said = Text(
        "More than in the stage before: {stages}. They come in by other ways too, or an earlier stage is tracked "
        "in part.",
        "Больше, чем на этапе раньше: {stages}. Сюда приходят и другими путями, или прежний этап виден не весь.",
    )
    return (Caveat("wider_stage", said.format(stages=", ".join(wider)), len(wider)),) if wider else ()


_ARROW = {"text": pa.string(), "share": pa.float64(), "days": pa.float64()}


def _columns(*, compared: bool) -> tuple[Column, ...]:
    def metric(name: str, title: Text, kind: Any, meaning: Text, direction: Any = "none") -> Column:
        return Column(name, title, kind, meaning, "metric", direction, kind, adds_up=False)

    columns = [
        Column(
            "stage",
            Text("Stage", "Этап"),
            "text",
            Text("The metric that the stage counts.", "Показатель, который считает этап."),
            "dimension",
            is_code=True,
        ),
        Column("title", Text("Title", "Название"), "text", Text("The stage in words.", "Этап словами."), "dimension"),
        metric(
            "count",
            Text("Count", "Количество"),
            "count",
            Text("How many reached the stage.", "Сколько дошло до этапа."),
            "up",
        ),
        metric(
            "conversion",
            Text("From previous", "От прежнего"),
            "share",
            Text(
                "Count / count of the previous connected stage.",
                "Количество / количество прежнего подключённого этапа.",
            ),
            "up",
        ),
        metric(
            "conversion_from_first",
            Text("From first", "От первого"),
            "share",
            Text("Count / count of the first connected stage.", "Количество / количество первого подключённого этапа."),
            "up",
        ),
        metric(
            "lost",
            Text("Lost", "Потеряно"),
            "count",
            Text(
                "Those of the previous stage who are not in this one.", "Кто был на прежнем этапе и не дошёл до этого."
            ),
            "down",
        ),
        metric(
            "median_days",
            Text("Median time", "Медиана срока"),
            "days",
            Text(
                "Half of the people came from the previous stage within this time.",
                "Половина людей пришла с прежнего этапа за это время.",
            ),
            "down",
        ),
        metric(
            "p90_days",
            Text("90 % within", "90 % за"),
            "days",
            Text(
                "Nine of ten came from the previous stage within this time.",
                "Девять из десяти пришли с прежнего этапа за это время.",
            ),
            "down",
        ),
    ]
    if compared:
        columns += [
            metric(
                "count_before",
                Text("Count before", "Количество раньше"),
                "count",
                Text("In the period compared with.", "В периоде сравнения."),
                "up",
            ),
            metric(
                "count_change",
                Text("Change", "Изменение"),
                "share",
                Text("Now / before − 1.", "Сейчас / раньше − 1."),
                "up",
            ),
            metric(
                "conversion_before",
                Text("Conversion before", "Конверсия раньше"),
                "share",
                Text("In the period compared with.", "В периоде сравнения."),
                "up",
            ),
        ]
    return tuple(columns)


REPORT = Report(
    title=Text("Long funnel", "Длинная воронка"),
    meaning=Text(
        "Every stage from impressions to repeat orders: how many, what share goes on, how long it takes.",
        "Все этапы от показа до повторного заказа: сколько, какая доля идёт дальше, как долго.",
    ),
    answer=answer,
    basis="lead",
    in_shares=True,
    metrics=STAGES,
)
