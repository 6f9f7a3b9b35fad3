"""Chains of channels before an order: how long they are, how many days and touches they take, what they bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.metrics import metrics
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._funnel.columns import metric_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_MOST: int = 50


def answer_chains(context: Context, question: Question, title: Text) -> Answer:
    """One row per chain, the one with the most orders first; the total is of all orders.

    A chain holds the touches of an order's person after the order before it, at most the lookback of the settings earlier.
    """
    parameters = Parameters()
    sql = f"""WITH {_chains(context, question, parameters)}
SELECT chain, CASE WHEN grouping(chain) = 0 THEN any_value(length) END AS length, count(*) AS orders, sum(revenue) AS revenue,
  median(days) AS median_days, avg(touches) AS mean_touches
FROM chains GROUP BY GROUPING SETS ((), (chain))
ORDER BY grouping(chain) DESC, orders DESC, chain NULLS LAST"""
    statement = Statement(sql, parameters.values)
    result = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    total = result.slice(0, 1).to_pylist()[0]
    columns = _columns(context)
    names = [column.name for column in columns]
    rows = result.slice(1, question.limit or _MOST).select(names)
    timed = ("median_days", "mean_touches")
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=rows,
        totals={column.name: total[column.name] for column in columns if column.kind == "metric"},
        caveats=caveats_of(context, question, [metrics()["revenue"]], []),
        freshness=freshness(context),
        sql=statement.runnable(),
        cases={name: tuple(rows.column("orders").to_pylist()) for name in timed},
        total_cases=dict.fromkeys(timed, total["orders"]),
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=title,
    )


def orders_of_chain(
    context: Context, question: Question, chain: str, limit: int
) -> tuple[list[tuple[int | None, datetime, Decimal | None]], int]:
    """Person, instant and revenue of the orders that came by this chain (empty: by none that is known), the latest first, at
    most ``limit``; and how many there are in all, which is the number that the report shows.
    """
    parameters = Parameters()
    body = _chains(context, question, parameters)
    wanted = parameters.bind("chain", chain or None)
    rows = context.connection.execute(
        f"""WITH {body}
SELECT person_id, ordered_at, revenue, count(*) OVER () FROM chains WHERE chain IS NOT DISTINCT FROM {wanted}
ORDER BY ordered_at DESC NULLS LAST, order_key LIMIT {limit:d}""",
        parameters.values,
    ).fetchall()
    return [(person, at, revenue) for person, at, revenue, _ in rows], rows[0][3] if rows else 0


def orders_touched_by(
    context: Context, question: Question, origin: Sequence[tuple[str, str]], limit: int
) -> tuple[list[tuple[int | None, datetime, Decimal | None]], int]:
    """Person, instant and revenue of the orders that any touch of such an origin came before, the latest first, at most ``limit``;
    and how many there are in all. ``origin`` has names of dimensions of origins with their values.
    """
    parameters = Parameters()
    body = _chains(context, question, parameters)
    known = dimensions()
    tests = " AND ".join(f"{known[name].columns['visits']} = {parameters.bind(name, value)}" for name, value in origin)
    rows = context.connection.execute(
        f"""WITH {body}
SELECT person_id, ordered_at, revenue, count(*) OVER () FROM chains WHERE order_key IN (
  SELECT t.order_key FROM touches AS t JOIN {context.table("origins")} AS o ON o.origin_id = t.origin_id WHERE {tests})
ORDER BY ordered_at DESC NULLS LAST, order_key LIMIT {limit:d}""",
        parameters.values,
    ).fetchall()
    return [(person, at, revenue) for person, at, revenue, _ in rows], rows[0][3] if rows else 0


def _chains(context: Context, question: Question, parameters: Parameters) -> str:
    """The parts of a statement up to ``chains``: one row per order with its chain."""
    rows = scope(context, question, parameters, "orders", spans(question)[0])
    days = question.window_days or context.settings.counting.lookback_days
    lookback = parameters.bind("lookback_days", days)
    is_same = "channel IS NOT DISTINCT FROM before" if question.option("loops") != "keep" else "false"
    return f"""chosen AS (
SELECT t.order_key, t.revenue, t.person_id, t.ordered_at
{rows.from_where(cut=False)}
),
touches AS (
SELECT o.order_key, o.ordered_at, t.touch_id, t.origin_id, t."at", coalesce(g.channel, '—') AS channel,
  lag(coalesce(g.channel, '—')) OVER way AS before, row_number() OVER way AS place
FROM (
  SELECT order_key, person_id, ordered_at, lag(ordered_at) OVER (PARTITION BY person_id ORDER BY ordered_at, order_number, order_key) AS previous_at
  FROM {context.table("orders")} WHERE person_id IS NOT NULL AND ordered_at IS NOT NULL) AS o
JOIN {context.table("touches")} AS t ON t.person_id = o.person_id AND t."at" <= o.ordered_at
  AND t."at" >= o.ordered_at - to_days({lookback}) AND (o.previous_at IS NULL OR t."at" > o.previous_at)
LEFT JOIN {context.table("origins")} AS g ON g.origin_id = t.origin_id
WINDOW way AS (PARTITION BY o.order_key ORDER BY t."at", t.touch_id)
),
ways AS (
SELECT order_key, count(*) AS touches, date_diff('microsecond', min("at"), any_value(ordered_at)) / 86400000000.0 AS days,
  list(channel ORDER BY place) FILTER (place = 1 OR NOT ({is_same})) AS channels
FROM touches GROUP BY order_key
),
chains AS (
SELECT c.order_key, c.person_id, c.ordered_at, c.revenue, array_to_string(w.channels, ' → ') AS chain, coalesce(len(w.channels), 0) AS length,
  coalesce(w.touches, 0) AS touches, w.days
FROM chosen c LEFT JOIN ways w ON w.order_key = c.order_key
)"""


def _columns(context: Context) -> tuple[Column, ...]:
    currency = context.settings.business.currency
    said = Text(
        "Channels of the touches before the order, in order; empty where none is known.",
        "Каналы касаний до заказа, по порядку; пусто, если ни одного не известно.",
    )
    return (
        Column("chain", Text("Chain", "Цепочка"), "text", said, "dimension"),
        metric_column(
            "length", Text("Length", "Длина"), "count", Text("Links of the chain.", "Звеньев в цепочке."), "none", ""
        ),
        Column(
            "orders",
            Text("Orders", "Заказы"),
            "count",
            Text("Orders with this chain.", "Заказов с такой цепочкой."),
            "metric",
            "up",
            "count",
        ),
        Column(
            "revenue",
            Text("Revenue", "Выручка"),
            "money",
            Text("Of these orders.", "По этим заказам."),
            "metric",
            "up",
            currency,
        ),
        metric_column(
            "median_days",
            Text("Days, median", "Срок, медиана"),
            "days",
            Text("From the chain's first touch to the order.", "От первого касания цепочки до заказа."),
            "down",
            "",
        ),
        metric_column(
            "mean_touches",
            Text("Touches, mean", "Касаний, среднее"),
            "ratio",
            Text("Touches before the order, repeats counted.", "Касаний до заказа, с повторами."),
            "none",
            "",
        ),
    )
