"""Shares of leads, deals and orders by the models that the build does not keep: worked out when asked, for one answer.

The same subjects and the same journeys as the build's credits: up to the lead, or to the deal's or the order's own moment where no lead is
behind it; deals and orders that grew from a lead stand where their lead stands, in the same shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from longfunnel.journeys.attribution.compare import touch_weights
from longfunnel.journeys.attribution.models import PLAIN
from longfunnel.journeys.derive.credits import grown_sql, subjects_sql
from longfunnel.reports._attribution.journeys import Taking, labels_of, lost_sql, read, won_sql
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_CHANNEL = ("channel", "o.channel")


def shares_table(context: Context, question: Question) -> str:
    """The name of a temporary table: subject, subject_key, origin_id, touch_on, share; at least one row per subject, and the
    shares of a subject add up to 1. The model is one that is neither kept nor needs more than its name.

    Raises:
        QuestionError: the model cannot tell so many channels apart.
    """
    model = PLAIN[question.model]
    days = question.window_days or context.settings.counting.lookback_days
    name = f"temp.shares_{model.name}_{days}"
    if name in context.made:
        return name
    taking = Taking((_CHANNEL,), days)
    labels_sql, labels = labels_of(context, taking)
    live = quoted(context.schema)
    parameters = Parameters()
    sales = f"""SELECT row_number() OVER (ORDER BY s.at, s.subject, s.subject_key) AS place, s.subject, s.subject_key, s.person_id, s.at AS moment_at,
  s.at AS lead_at, d.created_at AS deal_at, CAST(1 AS BIGINT) AS worth, CAST(s.at AS DATE) AS own_on, CAST(NULL AS TIMESTAMP) AS previous_at
FROM ({subjects_sql(live)}) AS s LEFT JOIN {context.table("deals")} AS d ON s.subject = 'deal' AND d.deal_key = s.subject_key"""
    won = Statement(won_sql(context, parameters, taking, labels_sql, sales), parameters.values)
    lost = None
    if model.needs_lost:
        bought = f"SELECT person_id, max(s.at) AS latest_at FROM ({subjects_sql(live)}) AS s GROUP BY person_id"
        lost = Statement(lost_sql(context, taking, labels_sql, bought), {})
    found = read(context, taking, won, lost, labels)
    _keep(context, name, live, found.rows, touch_weights(found.journeys, model), found.journeys.won.starts)
    context.made.add(name)
    return name


def _keep(
    context: Context, name: str, live: str, rows: pa.Table, weights: NDArray[np.int64], starts: NDArray[np.int64]
) -> None:
    """Make the table: own shares, and those of what grew from a lead."""
    whole = np.repeat(np.add.reduceat(weights, starts[:-1]), np.diff(starts)) if len(weights) else weights
    given = rows.select(["subject", "subject_key", "origin_id", "touch_on"]).append_column("share", [weights / whole])
    context.connection.register("arrow_shares", given.filter(pa.array(weights > 0)))
    context.connection.execute(
        """CREATE OR REPLACE TEMP TABLE own_shares AS
        SELECT subject, subject_key, origin_id, touch_on, sum(share) AS share FROM arrow_shares GROUP BY ALL"""
    )
    context.connection.unregister("arrow_shares")
    context.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {name.removeprefix("temp.")} AS
        FROM own_shares UNION ALL
        SELECT g.subject, g.subject_key, o.origin_id, o.touch_on, o.share
        FROM ({grown_sql(live)}) AS g JOIN own_shares AS o ON o.subject = 'lead' AND o.subject_key = g.lead_key"""
    )
    context.connection.execute("DROP TABLE own_shares")
