"""The pipeline: the CRM's own stages, for the deals that belong to the period.

A deal closed by moving it to a closing stage was won or lost from the stage before that. Where no stage history is connected,
each deal is known only in the stage that it stands in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.core.errors import QuestionError, did_you_mean
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

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_CLOSING = "1 MINUTE"
"""A deal's last stage is a closing one when it was entered as the deal was closed: CRMs write the two a moment apart."""

_METRICS: dict[str, tuple[Any, Text, Text, Any]] = {
    "entered": (
        "count",
        Text("Entered", "Вошло"),
        Text("Deals that ever entered the stage.", "Сделок, которые хоть раз вошли в этап."),
        "up",
    ),
    "forward": (
        "count",
        Text("Went on", "Прошло дальше"),
        Text(
            "Deals that left the stage for a later one, or were won from it.",
            "Сделок, которые ушли на более поздний этап или выиграны с этого.",
        ),
        "up",
    ),
    "lost": (
        "count",
        Text("Lost", "Проиграно"),
        Text("Deals that were lost from the stage.", "Сделок, проигранных с этого этапа."),
        "down",
    ),
    "open": (
        "count",
        Text("Open now", "Сейчас на этапе"),
        Text("Open deals that stand in the stage.", "Открытых сделок, которые стоят на этапе."),
        "none",
    ),
    "skipped": (
        "count",
        Text("Skipped", "Пропустили"),
        Text(
            "Deals that reached a later stage without this one.",
            "Сделок, которые дошли до более позднего этапа мимо этого.",
        ),
        "none",
    ),
    "returned": (
        "count",
        Text("Came back", "Вернулось"),
        Text("Deals that came to the stage from a later one.", "Сделок, которые пришли на этап с более позднего."),
        "down",
    ),
    "conversion": (
        "share",
        Text("Conversion", "Конверсия"),
        Text("Went on / entered; empty for a closing stage.", "Прошло дальше / вошло; пусто для завершающего этапа."),
        "up",
    ),
    "median_days": (
        "days",
        Text("Median stay", "Медиана на этапе"),
        Text("Half of the finished stays were no longer.", "Половина завершённых пребываний была не дольше."),
        "down",
    ),
    "p90_days": (
        "days",
        Text("90 % of stays", "90 % на этапе"),
        Text("Nine of ten finished stays were no longer.", "Девять из десяти завершённых пребываний были не дольше."),
        "down",
    ),
    "win_rate": (
        "share",
        Text("Win rate", "Доля побед"),
        Text(
            "Won / (won + lost) among the deals that entered the stage.",
            "Выиграно / (выиграно + проиграно) среди сделок, вошедших в этап.",
        ),
        "up",
    ),
}


def answer(context: Context, question: Question) -> Answer:
    """One row per stage of each pipeline (and value of the cut), in the order of the stages."""
    parameters = Parameters()
    statement = Statement(_sql(context, question, parameters), parameters.values)
    result = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    cut = list(question.by)
    names = [*cut, "pipeline", "stage", *_METRICS] if "pipeline" not in cut else [*cut, "stage", *_METRICS]
    total = next(iter(result.slice(0, 1).to_pylist()))
    rows = result.slice(1)
    return Answer(
        report=question.report,
        question=question,
        columns=_columns(question, names),
        table=rows.select(names),
        totals={name: total[name] for name in _METRICS},
        caveats=caveats_of(context, question, [metrics()["deals"], metrics()["win_rate"]], []) + _caveats(context),
        freshness=freshness(context),
        sql=statement.runnable(),
        cases={"conversion": tuple(rows["entered"].to_pylist()), "win_rate": tuple(rows["closed"].to_pylist())},
        total_cases={"conversion": total["entered"], "win_rate": total["closed"]},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _columns(question: Question, names: list[str]) -> tuple[Column, ...]:
    own = {column.name: column for column in cut_columns(question)}
    own |= {
        name: Column(name, title, "text", meaning, "dimension")
        for name, title, meaning in (
            ("pipeline", Text("Pipeline", "Воронка CRM"), Text("Pipeline of the CRM.", "Воронка в CRM.")),
            ("stage", Text("Stage", "Этап"), Text("Stage of the pipeline, in order.", "Этап воронки, по порядку.")),
        )
    }
    own |= {
        name: Column(name, title, unit, meaning, "metric", direction, unit, adds_up=False)
        for name, (unit, title, meaning, direction) in _METRICS.items()
    }
    return tuple(own[name] for name in names)


def _caveats(context: Context) -> tuple[Caveat, ...]:
    if "stage_entries" in context.connected or "deals" not in context.connected:
        return ()
    said = Text(
        "No stage history is connected: each deal is known only in the stage that it stands in, and for no time.",
        "История этапов не подключена: каждая сделка известна только на нынешнем этапе, без сроков.",
    )
    return (Caveat("no_stage_history", said),)


def _pipeline_filter(context: Context, question: Question, parameters: Parameters) -> tuple[str, ...]:
    wanted = question.option("pipeline")
    if not wanted:
        return ()
    known = [
        row[0]
        for row in context.connection.execute(
            f"SELECT DISTINCT pipeline FROM {context.table('deals')} ORDER BY 1"
        ).fetchall()
    ]
    if wanted not in known:
        names = [name for name in known if name]
        raise QuestionError(
            Text("There is no pipeline «{wanted}».", "Воронки CRM «{wanted}» нет.").format(wanted=wanted)
            + did_you_mean(wanted, names),
            hint=Text("Pipelines: {names}.", "Воронки: {names}.").format(names=", ".join(names)),
        )
    return (f"t.pipeline = {parameters.bind('pipeline', wanted)}",)


def _sql(context: Context, question: Question, parameters: Parameters) -> str:
    rows = scope(context, question, parameters, "deals", spans(question)[0])
    cut = [quoted(name) for name in question.by if name != "pipeline"]
    chosen = [
        "t.deal_key",
        "t.status AS deal_status",
        "t.created_at AS deal_created_at",
        "t.closed_at AS deal_closed_at",
    ]
    chosen += ["t.pipeline AS deal_pipeline", "t.stage AS deal_stage"]
    chosen += [sql for name, sql in zip(question.by, rows.columns(), strict=True) if name != "pipeline"]
    group = ", ".join([*cut, "pipeline", "stage"])
    same_cut = " AND ".join(f"p.{name} IS NOT DISTINCT FROM s.{name}" for name in [*cut, "pipeline"])
    return f"""WITH chosen AS (
SELECT {", ".join(chosen)}
{rows.from_where(more=_pipeline_filter(context, question, parameters))}
),
{_entries(context)},
stays AS (
SELECT *, coalesce(lead(is_closing) OVER same_deal, false) AS next_is_closing, lag(stage_number) OVER same_deal AS previous_number,
  CASE WHEN is_last AND deal_status IN ('won', 'lost') AND NOT is_closing THEN deal_closed_at ELSE left_at END AS gone_at
FROM (
  SELECT *, is_last AND entries > 1 AND deal_status IN ('won', 'lost') AND entered_at >= deal_closed_at - INTERVAL {_CLOSING} AS is_closing
  FROM (SELECT *, count(*) OVER (PARTITION BY deal_key) AS entries FROM entries))
WINDOW same_deal AS (PARTITION BY deal_key ORDER BY entered_at, coalesce(left_at, TIMESTAMP 'infinity'), stage_number)
),
judged AS (
SELECT *, date_diff('microsecond', entered_at, gone_at) / 86400000000.0 AS days,
  deal_status = 'lost' AND NOT is_closing AND (is_last OR next_is_closing) AS is_lost,
  (next_stage_number > stage_number AND NOT (next_is_closing AND deal_status = 'lost'))
    OR (is_last AND deal_status = 'won' AND NOT is_closing) AS is_forward
FROM stays
),
stages AS (
SELECT false AS is_total, {group}, min(stage_number) AS stage_number, {_counts()}
FROM judged GROUP BY ALL
),
reached AS (
SELECT {", ".join([*cut, "pipeline", "deal_key"])}, max(stage_number) FILTER (NOT (is_closing AND deal_status = 'lost')) AS furthest,
  list(DISTINCT stage) AS been
FROM judged GROUP BY ALL
),
skips AS (
SELECT {", ".join(f"s.{name}" for name in [*cut, "pipeline", "stage"])}, count(*) AS skipped
FROM stages s JOIN reached p ON {same_cut} AND p.furthest > s.stage_number AND NOT list_contains(p.been, s.stage)
GROUP BY ALL
),
everything AS (
SELECT s.*, coalesce(k.skipped, 0) AS skipped
FROM stages s LEFT JOIN skips k ON {" AND ".join(f"k.{name} IS NOT DISTINCT FROM s.{name}" for name in [*cut, "pipeline", "stage"])}
UNION ALL BY NAME
SELECT true AS is_total, {_counts()} FROM judged
)
SELECT {group}, closed, entered, forward, lost, open, skipped, returned, CASE WHEN NOT closing THEN forward / nullif(entered, 0) END AS conversion,
  median_days, p90_days, won / nullif(closed, 0) AS win_rate
FROM everything
ORDER BY is_total DESC, {", ".join(f"{name} NULLS LAST" for name in [*cut, "pipeline"])}, stage_number NULLS LAST, stage NULLS LAST"""


def _entries(context: Context) -> str:
    if "stage_entries" in context.connected:
        return f"""entries AS (
SELECT e.pipeline, e.stage, e.stage_number, e.entered_at, e.left_at, e.next_stage_number, e.next_stage IS NULL AND e.left_at IS NULL AS is_last, c.*
FROM {context.table("stage_entries")} AS e JOIN chosen AS c ON c.deal_key = e.deal_key
)"""
    return """entries AS (
SELECT deal_pipeline AS pipeline, deal_stage AS stage, CAST(NULL AS BIGINT) AS stage_number, CAST(NULL AS TIMESTAMP) AS entered_at,
  CAST(NULL AS TIMESTAMP) AS left_at, CAST(NULL AS BIGINT) AS next_stage_number, true AS is_last, chosen.* REPLACE (CAST(NULL AS TIMESTAMP) AS deal_closed_at)
FROM chosen
)"""


_CONDITIONS = {
    "forward": "is_forward",
    "lost": "is_lost",
    "open": "is_last AND deal_status = 'open'",
    "returned": "previous_number > stage_number",
    "won": "deal_status = 'won'",
    "closed": "deal_status IN ('won', 'lost')",
}


def _counts() -> str:
    deals = [f"count(DISTINCT deal_key) FILTER ({condition}) AS {name}" for name, condition in _CONDITIONS.items()]
    return ", ".join(
        [
            "count(DISTINCT deal_key) AS entered",
            "bool_and(is_closing) AS closing",
            *deals,
            "median(days) AS median_days",
            "quantile_cont(days, 0.9) AS p90_days",
        ]
    )


REPORT = Report(
    title=Text("Pipeline", "Воронка CRM"),
    meaning=Text(
        "The CRM's own stages: who entered, went on, was lost, skipped or came back, and how long deals stay.",
        "Этапы самой CRM: кто вошёл, прошёл дальше, проигран, пропустил или вернулся, и сколько сделки стоят.",
    ),
    answer=answer,
    basis="lead",
    options={"pipeline": Text("Only this pipeline.", "Только эта воронка.")},
    refuses={
        "grain": Text("its rows are stages", "его строки — этапы"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "sort": Text("stages stand in their own order", "у этапов свой порядок"),
        "limit": Text("it shows all stages", "он показывает все этапы"),
    },
)
