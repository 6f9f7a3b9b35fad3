"""Lags: how long orders take, from the lead or from the first touch, and how many visits and touches come before them.

Only what came after the person's previous order belongs to an order, so that a repeat order has a path of its own. An order
whose start is not known takes part in the counts and in no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._engine.table import cut_columns
from longfunnel.reports._funnel.columns import metric_column

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_STARTS: Final = {
    "lead": "t.days_to_order",
    "touch": "date_diff('microsecond', w.first_touch_at, t.ordered_at) / 86400000000.0",
}
_WITHIN: Final = (1, 7, 30, 90)


def answer(context: Context, question: Question) -> Answer:
    """One row per value of the cut, by default per channel; the total is of all orders."""
    start = question.option("start") or "lead"
    if start not in _STARTS:
        raise QuestionError(must_be("start", start, _STARTS))
    parameters = Parameters()
    statement = Statement(_sql(context, question, parameters, start), parameters.values)
    result = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    columns = _columns(question)
    cut = [*question.by, *([question.grain] if question.grain else [])]
    total = result.slice(0, 1).to_pylist()[0]
    rows = result.slice(1) if cut else result.slice(0, 1)
    shown = rows.slice(0, question.limit) if question.limit else rows
    timed = [column.name for column in columns if column.kind == "metric" and column.name != "orders"]
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=shown.select([column.name for column in columns]),
        totals={column.name: total[column.name] for column in columns if column.kind == "metric"},
        caveats=caveats_of(context, question, [metrics()["days_to_order"]], []),
        freshness=freshness(context),
        sql=statement.runnable(),
        cases={name: tuple(shown.column(_cases(name)).to_pylist()) for name in timed},
        total_cases={name: total[_cases(name)] for name in timed},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def orders_that_took(
    context: Context, question: Question, above: int | None, upto: int | None, limit: int
) -> tuple[list[tuple[int | None, datetime, Decimal | None]], int]:
    """Person, instant and revenue of the orders that took more than ``above`` days and at most ``upto`` (None: no such end), the
    latest first, at most ``limit``; and how many there are in all. Raises QuestionError.
    """
    start = question.option("start") or "lead"
    if start not in _STARTS:
        raise QuestionError(must_be("start", start, _STARTS))
    parameters = Parameters()
    rows = scope(context, question, parameters, "orders", spans(question)[0])
    where = [f"{_STARTS[start]} IS NOT NULL"]
    where += [f"{_STARTS[start]} > {parameters.bind('above', above)}"] if above is not None else []
    where += [f"{_STARTS[start]} <= {parameters.bind('upto', upto)}"] if upto is not None else []
    joins = "LEFT JOIN ways AS w ON w.order_key = t.order_key"
    found = context.connection.execute(
        f"""WITH ways AS (
{_ways(context)}
)
SELECT t.person_id, t.ordered_at, t.revenue, count(*) OVER ()
{rows.from_where(cut=False, joins=joins, more=tuple(where))}
ORDER BY t.ordered_at DESC NULLS LAST, t.order_key LIMIT {limit:d}""",
        parameters.values,
    ).fetchall()
    return [(person, at, revenue) for person, at, revenue, _ in found], found[0][3] if found else 0


def _cases(name: str) -> str:
    """The column of how many orders a number rests on."""
    return "orders" if "visits" in name or "touches" in name else "timed"


def _sql(context: Context, question: Question, parameters: Parameters, start: str) -> str:
    rows = scope(context, question, parameters, "orders", spans(question)[0])
    cut = [quoted(name) for name in [*question.by, *([question.grain] if question.grain else [])]]
    chosen = [
        "t.order_key",
        f"{_STARTS[start]} AS days",
        "coalesce(w.visits, 0) AS visits",
        "coalesce(w.touches, 0) AS touches",
    ]
    within = ", ".join(f"count_if(days <= {days}) / nullif(count(days), 0) AS within_{days}_share" for days in _WITHIN)
    grouping = f"GROUP BY GROUPING SETS ((), ({', '.join(cut)}))" if cut else ""
    order = ["is_total DESC", *([] if question.grain else ["orders DESC"]), *(f"{name} NULLS LAST" for name in cut)]
    return f"""WITH ways AS (
{_ways(context)}
),
chosen AS (
SELECT {", ".join([*chosen, *rows.columns()])}
{rows.from_where(joins="LEFT JOIN ways AS w ON w.order_key = t.order_key")}
)
SELECT {", ".join(cut) + ", " if cut else ""}{f"grouping({', '.join(cut)}) > 0" if cut else "true"} AS is_total,
  count(*) AS orders, count(days) AS timed, median(days) AS median_days, quantile_cont(days, 0.9) AS p90_days, {within},
  median(visits) AS median_visits, avg(visits) AS mean_visits, median(touches) AS median_touches, avg(touches) AS mean_touches
FROM chosen {grouping}
ORDER BY {", ".join(order)}"""


def _ways(context: Context) -> str:
    """Per order: the touches and visits of its person up to it and after the order before."""
    return f"""SELECT o.order_key, count(t.touch_id) AS touches, count_if(t.kind = 'visit') AS visits, min(t."at") AS first_touch_at
FROM (
  SELECT order_key, person_id, ordered_at, lag(ordered_at) OVER (PARTITION BY person_id ORDER BY ordered_at, order_number, order_key) AS previous_at
  FROM {context.table("orders")} WHERE person_id IS NOT NULL AND ordered_at IS NOT NULL) AS o
JOIN {context.table("touches")} AS t ON t.person_id = o.person_id AND t."at" <= o.ordered_at
  AND (o.previous_at IS NULL OR t."at" > o.previous_at)
GROUP BY o.order_key"""


def _columns(question: Question) -> tuple[Column, ...]:
    def metric(name: str, title: Text, form: str, meaning: Text, direction: Any = "none") -> Column:
        return metric_column(name, title, form, meaning, direction, "")

    share = Text("Share of the orders whose time is known.", "Доля от заказов с известным сроком.")
    orders = Column("orders", Text("Orders", "Заказы"), "count", Text("Orders.", "Заказы."), "metric", "up", "count")
    return (
        *cut_columns(question),
        orders,
        metric(
            "median_days",
            Text("Median time", "Медиана срока"),
            "days",
            Text("Half of the orders took no longer.", "Половина заказов — не дольше."),
            "down",
        ),
        metric(
            "p90_days",
            Text("90 % within", "90 % за"),
            "days",
            Text("Nine of ten orders took no longer.", "Девять из десяти заказов — не дольше."),
            "down",
        ),
        *(
            metric(f"within_{days}_share", Text("Within {n} d", "До {n} дн").format(n=days), "share", share, "up")
            for days in _WITHIN
        ),
        metric(
            "median_visits",
            Text("Visits, median", "Визитов, медиана"),
            "ratio",
            Text(
                "Visits up to the order, after the person's previous one.",
                "Визитов до заказа, после прежнего заказа человека.",
            ),
        ),
        metric(
            "mean_visits",
            Text("Visits, mean", "Визитов, среднее"),
            "ratio",
            Text("The same, on average.", "То же, в среднем."),
        ),
        metric(
            "median_touches",
            Text("Touches, median", "Касаний, медиана"),
            "ratio",
            Text(
                "Visits, calls, leads and messages whose origin is known.",
                "Визитов, звонков, лидов и сообщений с известным источником.",
            ),
        ),
        metric(
            "mean_touches",
            Text("Touches, mean", "Касаний, среднее"),
            "ratio",
            Text("The same, on average.", "То же, в среднем."),
        ),
    )


REPORT = Report(
    title=Text("Time to order", "Срок до заказа"),
    meaning=Text(
        "How long orders take by channel, and how many visits and touches come before them.",
        "За какой срок по каналам доходит до заказа и сколько визитов и касаний ему предшествует.",
    ),
    answer=answer,
    basis="payment",
    by=("channel",),
    options={"start": Text("Counted from: lead or touch.", "От чего считать: lead или touch.")},
    refuses={
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "sort": Text("the largest stand first", "сначала идут самые большие"),
    },
)
