"""Time in each stage of the pipeline, with the deals that still stand there: they are cut off at the end of the data, not dropped.

To drop them would leave the quick ones only, and every stage would look faster than it is. A stay ends when the deal moves on
or is closed; the stage that a deal is closed into is no stay. A deal that comes back to a stage stays there anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._engine.table import cut_columns
from longfunnel.reports._forecast.survival import kaplan_meier
from longfunnel.reports._funnel.columns import metric_column, schema_of

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_DAY = 86_400_000_000
_USUAL_DAYS = 30
_CLOSING = "1 MINUTE"
"""A deal's last stage is a closing one when it was entered as the deal was closed: CRMs write the two a moment apart."""


def answer(context: Context, question: Question) -> Answer:
    """One row per stage of each pipeline (and value of the cut), in the order of the stages."""
    days = _days(question)
    parameters = Parameters()
    statement = Statement(_sql(context, question, parameters), parameters.values)
    stays = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    cut = [*[name for name in question.by if name not in ("pipeline", "stage")], "pipeline", "stage"]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, key in enumerate(zip(*(stays.column(name).to_pylist() for name in cut), strict=True)):
        groups.setdefault(key, []).append(place)
    lasted = stays.column("lasted").to_numpy()
    has_ended = stays.column("has_ended").to_numpy(zero_copy_only=False).astype(np.bool_)
    rows = []
    for key, places in groups.items():
        survival = kaplan_meier(lasted[places], has_ended[places])
        quantiles = {
            name: None if (time := survival.quantile(part)) is None else time / _DAY
            for name, part in (("median_days", 0.5), ("p75_days", 0.75), ("p90_days", 0.9))
        }
        ended = int(has_ended[places].sum())
        rows.append(
            dict(zip(cut, key, strict=True))
            | {"stays": len(places), "ended": ended, "inside": len(places) - ended}
            | quantiles
            | {"inside_share": survival.after(days * _DAY)}
        )
    columns = _columns(question, cut, days)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist(rows, schema_of(columns)),
        totals={},
        caveats=caveats_of(context, question, [metrics()["deals"]], []) + _caveats(context),
        freshness=freshness(context),
        sql=statement.runnable(),
        cases={
            name: tuple(row["stays"] for row in rows)
            for name in ("median_days", "p75_days", "p90_days", "inside_share")
        },
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _days(question: Question) -> int:
    text = question.option("after") or str(_USUAL_DAYS)
    number = text.strip().removesuffix("d")
    if not number.isdecimal() or not 1 <= int(number) <= 36_500:
        raise QuestionError(
            Text(
                "after is «{text}»; it is a number of days, as 30.",
                "after: нужно число дней, например 30, а не «{text}».",
            ).format(text=text)
        )
    return int(number)


def _sql(context: Context, question: Question, parameters: Parameters) -> str:
    """One row per stay: the cut, the stage, how long it has lasted (µs) and whether it has ended."""
    rows = scope(context, question, parameters, "deals", spans(question)[0])
    names = [name for name in question.by if name not in ("pipeline", "stage")]
    columns = [sql for name, sql in zip(question.by, rows.columns(), strict=True) if name in names]
    chosen = ["t.deal_key", "t.status AS deal_status", "t.closed_at AS deal_closed_at", *columns]
    cut = [quoted(name) for name in names]
    ends_at = _end(context, question, parameters)
    return f"""WITH chosen AS (
SELECT {", ".join(chosen)}
{rows.from_where()}
),
entries AS (
SELECT e.pipeline, e.stage, e.stage_number, e.entered_at, e.left_at, c.*,
  e.left_at IS NULL AND e.next_stage IS NULL AND deal_status IN ('won', 'lost') AS is_closed_here,
  count(*) OVER (PARTITION BY e.deal_key) AS entries
FROM {context.table("stage_entries")} AS e JOIN chosen AS c ON c.deal_key = e.deal_key
),
stays AS (
SELECT *, CASE WHEN is_closed_here THEN deal_closed_at ELSE left_at END AS gone_at
FROM entries
WHERE NOT (is_closed_here AND (deal_closed_at IS NULL OR (entries > 1 AND entered_at >= deal_closed_at - INTERVAL {_CLOSING})))
)
SELECT {", ".join([*cut, "pipeline", "stage"])}, gone_at IS NOT NULL AS has_ended,
  greatest(date_diff('microsecond', entered_at, coalesce(gone_at, {ends_at})), 0) AS lasted
FROM stays WHERE entered_at IS NOT NULL
ORDER BY {", ".join([*(f"{name} NULLS LAST" for name in cut), "pipeline NULLS LAST"])}, stage_number NULLS LAST, stage NULLS LAST, lasted"""


def _end(context: Context, question: Question, parameters: Parameters) -> str:
    """The end of the data: the last thing that the CRM says happened, or the instant of ``as_of``."""
    if question.as_of is not None:
        return parameters.bind("as_of", question.as_of)
    entries, deals = context.table("stage_entries"), context.table("deals")
    return f"""greatest((SELECT max(entered_at) FROM {entries}),
    (SELECT max(CASE WHEN status IN ('won', 'lost') THEN greatest(closed_at, created_at) ELSE created_at END) FROM {deals}))"""


def _caveats(context: Context) -> tuple[Caveat, ...]:
    found = []
    if "stage_entries" not in context.connected and "deals" in context.connected:
        said = Text(
            "No stage history is connected: how long deals stay is not known.",
            "История этапов не подключена: сколько сделки стоят на этапах, неизвестно.",
        )
        found.append(Caveat("no_stage_history", said))
    said = Text(
        "Deals that still stand in a stage take part with the time so far (Kaplan–Meier); a time that too few have reached is empty.",
        "Сделки, которые ещё стоят на этапе, учтены временем до сих пор (Каплан — Мейер); срок, до которого дошло слишком мало сделок, пуст.",
    )
    return (*found, Caveat("kaplan_meier", said))


def _columns(question: Question, cut: list[str], days: int) -> tuple[Column, ...]:
    own = {column.name: column for column in cut_columns(question)}
    own["pipeline"] = Column(
        "pipeline", Text("Pipeline", "Воронка CRM"), "text", Text("Pipeline of the CRM.", "Воронка в CRM."), "dimension"
    )
    own["stage"] = Column(
        "stage",
        Text("Stage", "Этап"),
        "text",
        Text("Stage of the pipeline, in order.", "Этап воронки, по порядку."),
        "dimension",
    )

    def metric(name: str, title: Text, form: str, meaning: Text, direction: str = "none") -> Column:
        return metric_column(name, title, form, meaning, direction, "")

    part = Text("{part} % of stays end within this time.", "{part} % пребываний кончаются за это время.")
    return (
        *(own[name] for name in cut),
        metric(
            "stays",
            Text("Stays", "Пребываний"),
            "count",
            Text("Times that a deal entered the stage.", "Сколько раз сделки входили в этап."),
        ),
        metric(
            "ended",
            Text("Left", "Ушло"),
            "count",
            Text("Stays that ended: moved on or closed.", "Завершённые: сделка ушла дальше или закрыта."),
        ),
        metric(
            "inside",
            Text("Still inside", "Ещё на этапе"),
            "count",
            Text("Stays that have not ended.", "Незавершённые пребывания."),
        ),
        metric("median_days", Text("Median", "Медиана"), "days", part.format(part=50), "down"),
        metric("p75_days", Text("75 % within", "75 % за"), "days", part.format(part=75), "down"),
        metric("p90_days", Text("90 % within", "90 % за"), "days", part.format(part=90), "down"),
        metric(
            "inside_share",
            Text("Inside after {n} days", "На этапе дольше {n} дн").format(n=days),
            "share",
            Text("Share that stays longer than {n} days.", "Доля тех, кто стоит дольше {n} дней.").format(n=days),
            "down",
        ),
    )


REPORT = Report(
    title=Text("Time in stages", "Время на этапах"),
    meaning=Text(
        "How long deals stay in each stage, those that still stand there taken into account.",
        "Сколько сделки стоят на каждом этапе — с учётом тех, что стоят до сих пор.",
    ),
    answer=answer,
    basis="lead",
    options={"after": Text("Days for the share that is still inside: 30.", "Дней для доли «ещё на этапе»: 30.")},
    refuses={
        "grain": Text("its rows are stages", "его строки — этапы"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "sort": Text("stages stand in their own order", "у этапов свой порядок"),
        "limit": Text("it shows all stages", "он показывает все этапы"),
    },
)
