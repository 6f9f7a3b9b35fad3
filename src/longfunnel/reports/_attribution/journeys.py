"""Journeys read from the derived tables, whatever they ended in: the touches before each sale, and those that led to none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.journeys.attribution.journeys import CHOSEN, NEVER, NOT_DIRECT, NOWHERE, PAID, Journeys, Paths
from longfunnel.journeys.attribution.lost import Lost, gather
from longfunnel.reports._engine.context import quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.sql import Parameters, Statement

Label = tuple[str | None, ...]
Columns = dict[str, "NDArray[Any]"]
_DAY = 86_400_000_000
_RANK = "CASE t.kind WHEN 'message' THEN 1 WHEN 'lead' THEN 2 WHEN 'deal' THEN 3 ELSE 0 END"


@dataclass(frozen=True)
class Taking:
    """Which touches make up a journey."""

    dimensions: tuple[tuple[str, str], ...]
    """What tells channels apart: name and SQL over the origin ``o``."""
    window_days: int
    touches: str = "true"
    """Condition over a touch ``t`` and its origin ``o``."""
    skips_direct: bool = False
    chosen: tuple[str, ...] = ()
    """The channels whose touches are marked as CHOSEN."""


@dataclass(frozen=True)
class Won:
    """Rows of journeys that ended in a sale, and what else was read with them."""

    journeys: Journeys
    labels: tuple[Label, ...]
    """By node; NOWHERE is all unknown."""
    rows: pa.Table
    """By row of ``journeys.won``: subject, subject_key, origin_id, touch_on and the rest of ``won_sql``."""


def labels_of(context: Context, taking: Taking) -> tuple[str, tuple[Label, ...]]:
    """SQL of (origin_id, node), and what each node from 1 is called, in alphabetical order."""
    names = [quoted(name) for name, _ in taking.dimensions]
    columns = [f"CAST({sql} AS VARCHAR) AS {name}" for name, (_, sql) in zip(names, taking.dimensions, strict=True)]
    listed = ", ".join(names)
    cut = f"(SELECT o.origin_id, {', '.join(columns)} FROM {context.table('origins')} AS o)"
    order = ", ".join(f"{name} NULLS FIRST" for name in names)
    rows = context.connection.execute(f"SELECT {listed} FROM (SELECT DISTINCT {listed} FROM {cut}) ORDER BY {order}")
    sql = f"(SELECT origin_id, dense_rank() OVER (ORDER BY {order}) AS node FROM {cut})"
    return sql, ((None,) * len(names), *rows.fetchall())


def won_sql(
    context: Context, parameters: Parameters, taking: Taking, labels: str, sales: str, *, inside: str = "true"
) -> str:
    """One row per touch of each sale, in order; a sale without a touch has one row of NOWHERE.

    ``sales`` is a SELECT of place (the order of sales), subject, subject_key, person_id, moment_at, lead_at, deal_at, worth,
    own_on and previous_at: touches after it only. ``inside``: which rows count, over touch_on and own_on; a sale without any is left out.
    """
    window = parameters.bind("window_days", taking.window_days)
    chosen = parameters.bind("chosen", list(taking.chosen))
    firm = "WHERE NOT coalesce(is_direct, false) OR NOT has_firm" if taking.skips_direct else ""
    return f"""WITH sales AS MATERIALIZED (
{sales}
),
touched AS (
SELECT s.place, t."at", {_RANK} AS rank, t.touch_id, t.origin_id, t.day_on AS touch_on, n.node, t.is_direct,
  CASE WHEN t.is_paid THEN {PAID} ELSE 0 END + CASE WHEN t.is_direct THEN 0 ELSE {NOT_DIRECT} END
  + CASE WHEN list_contains({chosen}, o.channel) THEN {CHOSEN} ELSE 0 END AS flags,
  count(*) FILTER (NOT coalesce(t.is_direct, false)) OVER (PARTITION BY s.place) > 0 AS has_firm
FROM sales AS s JOIN {context.table("touches")} AS t ON t.person_id = s.person_id AND t."at" <= s.moment_at
  AND t."at" >= s.moment_at - to_days({window}) AND (s.previous_at IS NULL OR t."at" > s.previous_at)
JOIN {context.table("origins")} AS o ON o.origin_id = t.origin_id JOIN {labels} AS n ON n.origin_id = t.origin_id
WHERE {taking.touches}
),
counted AS (
SELECT s.place, s.subject, s.subject_key, coalesce(s.person_id, s.subject_key) AS person, s.worth, t.origin_id, t.touch_on,
  coalesce(epoch_us(s.lead_at), {NEVER}) AS lead_at, coalesce(epoch_us(s.deal_at), {NEVER}) AS deal_at,
  coalesce(epoch_us(t."at"), 0) AS touch_at, coalesce(t.rank, 0) AS rank, coalesce(t.touch_id, 0) AS touch_id,
  CAST(coalesce(t.node, {NOWHERE}) AS BIGINT) AS node, CAST(coalesce(t.flags, 0) AS BIGINT) AS flags, {inside} AS inside
FROM sales AS s LEFT JOIN (FROM touched {firm}) AS t ON t.place = s.place
)
SELECT * EXCLUDE (rank, touch_id, any_inside) FROM (SELECT *, bool_or(inside) OVER (PARTITION BY place) AS any_inside FROM counted)
WHERE any_inside ORDER BY place, touch_at, rank, touch_id"""


def lost_sql(context: Context, taking: Taking, labels: str, bought: str, *, inside: str = "true") -> str:
    """One row per touch of persons after their last sale, or of persons without one, in order.

    ``bought`` is a SELECT of person_id and latest_at, of their last sale; ``inside`` is a condition over last_on, the day of the journey's
    last touch.
    """
    return f"""SELECT t.person_id, epoch_us(t."at") AS touch_at, CAST(n.node AS BIGINT) AS node,
  coalesce(t.is_direct, false) AS is_direct, b.person_id IS NOT NULL AS is_buyer, {inside} AS is_inside
FROM (SELECT *, day_on AS last_on FROM {context.table("touches")}) AS t LEFT JOIN (
{bought}
) AS b ON b.person_id = t.person_id
JOIN {context.table("origins")} AS o ON o.origin_id = t.origin_id JOIN {labels} AS n ON n.origin_id = t.origin_id
WHERE t.person_id IS NOT NULL AND (b.latest_at IS NULL OR t."at" > b.latest_at) AND ({taking.touches})
ORDER BY t.person_id, t."at", {_RANK}, t.touch_id"""


def read(
    context: Context, taking: Taking, won: Statement, lost: Statement | None, labels: tuple[Label, ...], *,
    is_money: bool = False,
) -> Won:  # fmt: skip
    """Arrays for the kernels: nodes that nobody touched left out, persons numbered, groups of the others after them."""
    table = _run(context, won)
    rows = _columns(table)
    others = _lost(_columns(_run(context, lost)), taking) if lost else _NO_LOST
    starts = np.flatnonzero(np.diff(rows["place"], prepend=-1)).astype(np.int64)
    persons, person = np.unique(rows["person"][starts], return_inverse=True)
    used = np.unique(np.concatenate(([NOWHERE], rows["node"], others.node)))
    unit, unit_times = _lost_units(others.buyer, persons, others.times)
    journeys = Journeys(
        won=Paths(
            np.append(starts, len(rows["node"])),
            np.searchsorted(used, rows["node"]),
            person.astype(np.int64),
            np.ones(len(starts), np.int64),
        ),
        lost=Paths(
            others.starts,
            np.searchsorted(used, others.node),
            unit,
            others.times,
        ),
        at=rows["touch_at"].astype(np.int64),
        flags=rows["flags"].astype(np.int64),
        lead_at=rows["lead_at"][starts].astype(np.int64),
        deal_at=rows["deal_at"][starts].astype(np.int64),
        values=rows["worth"][starts].astype(np.int64) if is_money else None,
        inside=None if rows["inside"].all() else rows["inside"].astype(np.bool_),
        nodes=len(used),
        unit_times=unit_times,
    )
    return Won(journeys, tuple(labels[node] for node in used), table)


def _run(context: Context, statement: Statement) -> pa.Table:
    return context.connection.execute(statement.sql, statement.parameters).to_arrow_table().combine_chunks()


def _columns(table: pa.Table) -> Columns:
    """The columns that are always known, as arrays."""
    return {
        name: table.column(name).to_numpy()
        for name in table.column_names
        if name not in ("subject", "origin_id", "touch_on")
    }


_NO_LOST = Lost(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64))


def _lost(touches: Columns, taking: Taking) -> Lost:
    """Journeys from the rows of ``lost_sql``."""
    return gather(
        touches["person_id"], touches["touch_at"], touches["node"], touches["is_direct"], touches["is_inside"],
        touches["is_buyer"], taking.window_days * _DAY, skips_direct=taking.skips_direct,
    )  # fmt: skip


def _lost_units(
    buyer: NDArray[np.uint64], persons: NDArray[Any], times: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The unit of each lost journey, and how many persons each unit is: those who bought, then groups of the others.

    ``buyer`` is the person where they bought at some time, else 0; ``persons`` are those whose sales are counted, sorted.
    """
    unit = np.arange(len(times), dtype=np.int64) + len(persons)
    unit_times = np.concatenate((np.ones(len(persons), np.int64), times))
    if len(persons):
        place = np.minimum(np.searchsorted(persons, buyer), len(persons) - 1)
        unit = np.where(persons[place] == buyer, place, unit)
    return unit, unit_times
