"""The stays that a forecast is played from: leads that wait for a deal, and deals in the stages of the CRM; and what orders bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.core.text import Text
from longfunnel.models.competing_risks import INSIDE
from longfunnel.models.pipeline import Stays
from longfunnel.reports._clients.customers import group_codes
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.remembered import remembered
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa
    from numpy.typing import NDArray

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

    Floats = NDArray[np.float64]

LEAD = "\x01"
"""The state of a lead without a deal. Not a text that a CRM can have as a stage."""
WAITING = Text("Lead, no deal yet", "Лид, сделки ещё нет")
_WON, _LOST = "\x02", "\x03"
_CLOSING = "1 MINUTE"
_DAY = 86_400_000_000


@dataclass(frozen=True)
class History:
    """Everything on its way, in days before and up to now (0); ``names`` are (pipeline, stage) of the states, as deals pass them."""

    names: list[tuple[str | None, str]]
    stays: Stays
    table: pa.Table
    """One row per stay: its deal's key, amount and cut."""
    arrivals: Floats
    """When each lead, or deal that is not the first of a lead, came."""
    arrival_states: NDArray[np.int64]
    direct: Floats
    """When each order came that neither a deal nor a lead that waited is behind."""
    ordered: Floats
    """When every order came."""
    revenue: Floats
    """What it brought; not a number where that is unknown."""
    now: datetime
    sql: str


def history_of(context: Context, question: Question) -> History | None:
    """The history to the end of the data, or to ``as_of``; None where there is nothing."""
    parameters = Parameters()
    (now,) = context.one(f"SELECT {_end(context, question, parameters)}", parameters.values)
    if now is None:
        return None
    parameters = Parameters()
    statement = Statement(_sql(context, question, parameters, parameters.bind("now", now)), parameters.values)
    return remembered(context, ("history", statement.runnable()), lambda: _read(context, statement, now))


def _read(context: Context, statement: Statement, now: datetime) -> History:
    table = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    every = np.ones(table.num_rows, np.bool_)
    seen, state = group_codes(table, ["pipeline", "stage"], every)
    names = _in_order(context, seen)
    numbers = {name: number for number, name in enumerate(names)}
    count = len(names)
    # a state that nobody has stayed in is as good as none
    numbers_of_ends = {(None, _WON): count, (None, _LOST): count + 1, (None, None): INSIDE}
    goals, goal = group_codes(table, ["target_pipeline", "target"], every)
    target = np.array([numbers_of_ends.get(name, numbers.get(name, INSIDE)) for name in goals], np.int64)[goal]
    began, ended = _days(table, "began"), _days(table, "ended")
    # a stay that ended in a state which nobody has stayed in is known to have lasted so long, no more
    stays = Stays(
        count,
        np.array([numbers[name] for name in seen], np.int64)[state],
        began,
        np.where(target == INSIDE, np.inf, ended),
        target,
    )
    arrives = np.asarray(table.column("arrives").to_numpy(zero_copy_only=False), dtype=np.bool_)
    orders = context.connection.execute(_orders_sql(context), {"now": now}).to_arrow_table()
    direct = np.asarray(orders.column("is_direct").to_numpy(zero_copy_only=False), dtype=np.bool_)
    came = _days(orders, "came")
    return History(
        names, stays, table, began[arrives], stays.state[arrives], came[direct], came,
        np.asarray(orders.column("revenue").to_numpy(zero_copy_only=False), dtype=np.float64), now, statement.runnable(),
    )  # fmt: skip


def _in_order(context: Context, states: list[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    """The states as deals pass them, each pipeline's stages in the order of the CRM; leads that wait stand last, for they are no deals."""
    rows = context.connection.execute(
        f"SELECT pipeline, stage, min(stage_number) FROM {context.table('stage_entries')} GROUP BY ALL"
    ).fetchall()
    numbers = {(pipeline, stage): number for pipeline, stage, number in rows if number is not None}
    return sorted(states, key=lambda name: (name[1] == LEAD, name[0] or "", numbers.get(name, len(numbers)), name[1]))


def _days(table: pa.Table, name: str) -> Floats:
    """Microseconds since now as days; unknown is not a number."""
    found = np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64) / _DAY
    return np.asarray(found, dtype=np.float64)


def _end(context: Context, question: Question, parameters: Parameters) -> str:
    if question.as_of is not None:
        return parameters.bind("as_of", question.as_of)
    dates = {
        "leads": "created_at",
        "deals": "greatest(created_at, closed_at)",
        "orders": "ordered_at",
        "stage_entries": "entered_at",
    }
    return (
        "greatest(" + ", ".join(f"(SELECT max({sql}) FROM {context.table(name)})" for name, sql in dates.items()) + ")"
    )


def _sql(context: Context, question: Question, parameters: Parameters, now: str) -> str:
    """One row per stay of a lead or a deal: its state, when it began and ended (µs from now), where it went, and the deal's cut."""
    rows = scope(context, question, parameters, "deals", spans(question)[0])
    names = [name for name in question.by if name not in ("pipeline", "stage")]
    columns = [sql for name, sql in zip(question.by, rows.columns(), strict=False) if name in names]
    cut = "".join(f", {quoted(name)}" for name in names)
    no_cut = "".join(f", CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in names)
    chosen = [
        "t.deal_key",
        "t.lead_key AS lead",
        "t.status",
        "t.created_at",
        "t.closed_at",
        "t.amount",
        "t.pipeline AS own_pipeline",
        *columns,
    ]
    return f"""WITH deals AS (
SELECT {", ".join(chosen)},
  t.lead_key IS NULL OR row_number() OVER (PARTITION BY t.lead_key ORDER BY t.created_at NULLS LAST, t.deal_key) > 1 AS is_own
{rows.from_where()}
),
entries AS (
SELECT d.deal_key, e.pipeline, e.stage, e.entered_at, d.status, d.closed_at,
  lead(e.entered_at) OVER way AS left_at, lead(e.pipeline) OVER way AS next_pipeline, lead(e.stage) OVER way AS next_stage,
  count(*) OVER (PARTITION BY d.deal_key) AS entries
FROM deals AS d JOIN {context.table("stage_entries")} AS e ON e.deal_key = d.deal_key
WHERE e.entered_at IS NOT NULL AND e.stage IS NOT NULL
WINDOW way AS (PARTITION BY d.deal_key ORDER BY e.entered_at, e.left_at NULLS LAST, e.stage)
),
marked AS (
SELECT *, left_at IS NULL AND entries > 1 AND status IN ('won', 'lost') AND entered_at >= closed_at - INTERVAL {_CLOSING} AS is_closing
FROM entries
UNION ALL
SELECT deal_key, own_pipeline, '—', created_at, status, closed_at, NULL, NULL, NULL, 1, false
FROM deals WHERE created_at IS NOT NULL AND deal_key NOT IN (SELECT deal_key FROM entries)
),
stays AS (
SELECT deal_key, pipeline, stage, entered_at,
  CASE WHEN closes OR left_at IS NULL THEN CASE WHEN status IN ('won', 'lost') THEN closed_at END ELSE left_at END AS gone_at,
  CASE WHEN closes OR (left_at IS NULL AND status IN ('won', 'lost')) THEN NULL ELSE next_pipeline END AS target_pipeline,
  CASE WHEN closes OR left_at IS NULL THEN CASE status WHEN 'won' THEN '{_WON}' WHEN 'lost' THEN '{_LOST}' END ELSE next_stage END AS target,
  left_at IS NULL AND status IS NULL OR (status IN ('won', 'lost') AND closed_at IS NULL) AS is_unclear
FROM (
  SELECT *, coalesce(lead(is_closing) OVER (PARTITION BY deal_key ORDER BY entered_at, left_at NULLS LAST), false) AS closes
  FROM marked) WHERE NOT coalesce(is_closing, false)
),
firsts AS (
SELECT deal_key, arg_min(struct_pack(pipeline := pipeline, stage := stage), entered_at) AS state FROM stays GROUP BY deal_key
),
leads AS (
SELECT l.lead_key, any_value(l.created_at) AS entered_at, min(d.created_at) AS deal_at, arg_min(f.state, d.created_at) AS state,
  (SELECT min(r.ordered_at) FROM {context.table("orders")} AS r WHERE r.lead_key = l.lead_key AND r.deal_key IS NULL) AS ordered_at
FROM {context.table("leads")} AS l
LEFT JOIN deals AS d ON d.lead = l.lead_key AND NOT d.is_own
LEFT JOIN firsts AS f ON f.deal_key = d.deal_key
WHERE l.is_counted IS NOT FALSE AND l.is_deleted IS NOT TRUE AND l.created_at IS NOT NULL
GROUP BY l.lead_key
)
SELECT s.deal_key, s.pipeline, s.stage, date_diff('microsecond', {now}, s.entered_at) AS began,
  greatest(date_diff('microsecond', {now}, s.gone_at), date_diff('microsecond', {now}, s.entered_at)) AS ended,
  s.target_pipeline, s.target, d.amount::DOUBLE AS amount, d.status,
  d.is_own AND row_number() OVER (PARTITION BY s.deal_key ORDER BY s.entered_at) = 1 AS arrives{cut}
FROM stays AS s JOIN deals AS d ON d.deal_key = s.deal_key WHERE NOT coalesce(s.is_unclear, false) AND s.entered_at <= {now}
UNION ALL
SELECT NULL, NULL, '{LEAD}', date_diff('microsecond', {now}, entered_at),
  greatest(date_diff('microsecond', {now}, coalesce(deal_at, ordered_at)), date_diff('microsecond', {now}, entered_at)),
  CASE WHEN deal_at IS NOT NULL THEN state.pipeline END, CASE WHEN deal_at IS NOT NULL THEN state.stage WHEN ordered_at IS NOT NULL THEN '{_WON}' END,
  NULL, NULL, true{no_cut}
FROM leads WHERE entered_at <= {now}
ORDER BY 4, 5, 1, 6, 7"""


def _orders_sql(context: Context) -> str:
    """Every order, and whether nothing on its way stood behind it."""
    return f"""SELECT date_diff('microsecond', $now, ordered_at) AS came, revenue::DOUBLE AS revenue,
  deal_key IS NULL AND (lead_key IS NULL OR row_number() OVER (PARTITION BY lead_key, deal_key IS NULL ORDER BY ordered_at) > 1) AS is_direct
FROM {context.table("orders")} WHERE ordered_at <= $now ORDER BY ordered_at, order_key"""
