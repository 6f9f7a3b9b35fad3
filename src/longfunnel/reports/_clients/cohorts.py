"""Cohorts: people by the period in which they began, and where they came from then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from longfunnel.core.calendar import Grain
from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.journeys.derive.days import day_sql
from longfunnel.journeys.funnels.properties import condition_sql
from longfunnel.journeys.funnels.step_language import Condition
from longfunnel.reports._engine.answer import Column
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.credit import credit_of
from longfunnel.reports._engine.table import GRAIN_TITLES
from longfunnel.reports._funnel.reading import OPS

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._engine.sql import Parameters

STARTS: Final = ("touch", "visit", "lead", "order")
"""What a person can begin with."""

_FIRST: Final = {
    "touch": ("touches", '"at"'),
    "visit": ("visits", "started_at"),
    "lead": ("leads", "created_at"),
    "order": ("orders", "ordered_at"),
}
"""By what people begin with: the table, and the column of the instant."""

START_OPTION: Final = Text(
    "What people begin with: touch (first touch), visit, lead or order.",
    "С чего люди начинают: touch (первое касание), visit, lead или order.",
)


def start_of(question: Question, default: str) -> str:
    """What the question's cohorts begin with. Raises QuestionError for an unknown word."""
    word = question.option("start") or default
    if word not in STARTS:
        raise QuestionError(must_be("start", word, STARTS))
    return word


def grain_of(question: Question, default: Grain) -> Grain:
    """The length of a cohort's period."""
    grain = question.grain or default
    assert grain in get_args(Grain)  # noqa: S101 - the question was checked
    return grain


def cohorts_sql(context: Context, question: Question, parameters: Parameters, start: str, grain: Grain) -> str:
    """SELECT of person_id, started_at, cohort (the period's first day) and the cut: one row per person that began in the
    question's days and whose origin passes its filters.

    Raises:
        QuestionError: a cut or a filter that does not say where people came from.
    """
    day = day_sql("s.started_at", context.settings.business.timezone)
    cut = [f"CAST({_origin(name)} AS VARCHAR) AS {quoted(name)}" for name in question.by]
    where = ["s.person_id IS NOT NULL"]
    # a day is an instant or two: what lies far from the days is sifted out before days are worked out
    where += [f"s.started_at >= {parameters.bind('since', question.since)} - INTERVAL 2 DAY"] if question.since else []
    where += [f"s.started_at <= {parameters.bind('until', question.until)} + INTERVAL 3 DAY"] if question.until else []
    where += [f"{day} >= {parameters.bind('since', question.since)}"] if question.since else []
    where += [f"{day} <= {parameters.bind('until', question.until)}"] if question.until else []
    for number, item in enumerate(question.filters):
        condition = Condition(item.dimension, OPS[item.op], item.values)
        where.append(condition_sql(condition, _origin(item.dimension), f"filter{number}", parameters.values))
    columns = ["s.person_id", "s.started_at", f"CAST(date_trunc('{grain}', {day}) AS DATE) AS cohort", *cut]
    with_origin = bool(question.by or question.filters)
    origins = f"LEFT JOIN {context.table('origins')} AS o ON o.origin_id = s.origin_id" if with_origin else ""
    return f"""SELECT {", ".join(columns)}
FROM ({_starts(context, question, parameters, start, with_origin=with_origin)}) AS s {origins}
WHERE {" AND ".join(where)}"""


def spends_sql(context: Context, question: Question, parameters: Parameters, grain: Grain) -> str:
    """SELECT of cohort, the cut and cost: what was spent in each cohort's period, by the same cut and filters."""
    cut = [f"CAST({_origin(name)} AS VARCHAR) AS {quoted(name)}" for name in question.by]
    where = ["TRUE"]
    where += [f"s.day_on >= {parameters.bind('since', question.since)}"] if question.since else []
    where += [f"s.day_on <= {parameters.bind('until', question.until)}"] if question.until else []
    for number, item in enumerate(question.filters):
        condition = Condition(item.dimension, OPS[item.op], item.values)
        where.append(condition_sql(condition, _origin(item.dimension), f"filter{number}", parameters.values))
    columns = [f"CAST(date_trunc('{grain}', s.day_on) AS DATE) AS cohort", *cut, "sum(s.cost) AS cost"]
    return f"""SELECT {", ".join(columns)}
FROM {context.table("spends")} AS s LEFT JOIN {context.table("origins")} AS o ON o.origin_id = s.origin_id
WHERE {" AND ".join(where)} GROUP BY ALL"""


def _origin(name: str) -> str:
    """SQL over the origin of a dimension that says where people came from."""
    found = dimension(name)
    sql = found.sql("visits") if found else None
    if sql is None or not sql.startswith("o."):
        raise QuestionError(
            Text(
                "«{name}» does not say where people came from: cohorts are cut and filtered by their origin.",
                "«{name}» не говорит, откуда пришли люди, а когорты делятся и фильтруются по происхождению.",
            ).format(name=name),
            hint=Text("As channel, campaign or source.", "Например, channel, campaign или source."),
        )
    return sql


def _starts(context: Context, question: Question, parameters: Parameters, start: str, *, with_origin: bool) -> str:
    """SELECT of person_id, started_at and, where it is asked for, origin_id: the first touch, visit, lead or order of each person."""
    if not with_origin:  # the first instant alone is found three times faster
        table, at = _FIRST[start]
        counted = " AND is_counted IS NOT FALSE AND is_deleted IS NOT TRUE" if start == "lead" else ""
        return f"""SELECT person_id, min({at}) AS started_at FROM {context.table(table)}
WHERE person_id IS NOT NULL AND {at} IS NOT NULL{counted} GROUP BY person_id"""
    match start:
        case "touch":
            rows = f'SELECT person_id, "at" AS started_at, origin_id, touch_id AS key FROM {context.table("touches")}'
        case "visit":
            rows = f"SELECT person_id, started_at, origin_id, visit_key AS key FROM {context.table('visits')}"
        case "lead":
            credit = credit_of(context, question, parameters, "lead")
            rows = f"""SELECT l.person_id, l.created_at AS started_at, c.origin_id, l.lead_key AS key
FROM {context.table("leads")} l LEFT JOIN ({credit}) c ON c.subject_key = l.lead_key
WHERE l.is_counted IS NOT FALSE AND l.is_deleted IS NOT TRUE"""
        case _:
            credit = credit_of(context, question, parameters, "order")
            rows = f"""SELECT r.person_id, r.ordered_at AS started_at, c.origin_id, r.order_key AS key
FROM {context.table("orders")} r LEFT JOIN ({credit}) c ON c.subject_key = r.order_key"""
    return f"""SELECT person_id, min(started_at) AS started_at, arg_min(struct_pack(id := origin_id), (started_at, key)).id AS origin_id
FROM ({rows}) WHERE person_id IS NOT NULL AND started_at IS NOT NULL GROUP BY person_id"""


def cohort_columns(question: Question, grain: Grain) -> list[Column]:
    """The cohort's first day, and the cut."""
    said = Text(
        "Period in which these people began, in the business's zone.",
        "Период, в котором эти люди начали, в часовом поясе бизнеса.",
    )
    found = [Column("cohort", GRAIN_TITLES[grain], "date", said, "dimension")]
    for name in question.by:
        entry = dimension(name)
        if entry:
            found.append(Column(name, entry.title, "text", entry.meaning, "dimension"))
    return found


def sort_key(row: dict[str, Any], by: tuple[str, ...]) -> tuple[Any, ...]:
    """Cohorts in order of time, then the cut, the unknown last."""
    return (row["cohort"], *((row[name] is None, row[name] or "") for name in by), row.get("age", 0))
