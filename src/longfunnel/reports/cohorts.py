"""Cohorts: what the people who began in a period have brought so far, all together or by how many periods had passed.

All orders of these people take part, to the end of the data. LTV is per person of the cohort, not per buyer, so that cohorts of
touches and leads show what a person is worth before it is known whether they buy; in cohorts of orders the two are the same.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.core.calendar import floor
from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.money import quotient
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports._clients.cohorts import (
    START_OPTION,
    cohort_columns,
    cohorts_sql,
    grain_of,
    sort_key,
    spends_sql,
    start_of,
)
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.remembered import remembered
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._funnel.columns import metric_column, schema_of
from longfunnel.reports._funnel.groups import next_period

if TYPE_CHECKING:
    from datetime import date, datetime

    from longfunnel.core.calendar import Grain
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_SUMS = ("people", "buyers", "orders", "revenue", "cost_of_goods", "cost")


def answer(context: Context, question: Question) -> Answer:
    """One row per cohort (and value of the cut), or with ``ages`` one per cohort and period since."""
    start, grain = start_of(question, "touch"), grain_of(question, "month")
    ages = question.option("ages")
    if ages not in ("", "yes", "no"):
        raise QuestionError(must_be("ages", ages, ("yes", "no")))
    parameters = Parameters()
    statement = Statement(_sql(context, question, parameters, start, grain), parameters.values)
    # the same for both forms, which a page shows side by side
    found = remembered(context, ("cohorts", statement.runnable()), lambda: _read(context, statement))
    last = _last_day(context)
    rows = _by_age(found, question.by, grain, last) if ages == "yes" else _to_date(found, question.by)
    for row in rows:
        _derive(row)
    totals = _totals(rows) if ages != "yes" else {}
    columns = _columns(context, question, grain, with_ages=ages == "yes")
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist(
            [{column.name: row[column.name] for column in columns} for row in rows], schema_of(columns)
        ),
        totals={column.name: totals[column.name] for column in columns if column.name in totals},
        caveats=caveats_of(context, question, [metrics()["revenue"], metrics()["profit"]], []),
        freshness=freshness(context),
        sql=statement.runnable(),
        cases={"ltv": tuple(row["people"] for row in rows)},
        total_cases={"ltv": totals.get("people")},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _read(context: Context, statement: Statement) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        context.connection.execute(statement.sql, statement.parameters).to_arrow_table().to_pylist()
    )
    return found


def buyers_of(
    context: Context, question: Question, cohort: date, age: int, limit: int
) -> tuple[list[tuple[int, datetime, Decimal | None]], int]:
    """Person, instant of their beginning and revenue so far of those of a cohort who had ordered by the end of its period
    ``age``, who brought most first, at most ``limit``; and how many there are in all. Raises QuestionError.
    """
    start, grain = start_of(question, "touch"), grain_of(question, "month")
    parameters = Parameters()
    people = cohorts_sql(context, question, parameters, start, grain)
    rows = context.connection.execute(
        f"""SELECT p.person_id, any_value(p.started_at), sum(r.revenue) AS revenue, count(*) OVER ()
FROM ({people}) p JOIN {context.table("orders")} AS r ON r.person_id = p.person_id
WHERE p.cohort = {parameters.bind("cohort", cohort)}
  AND coalesce(greatest(date_diff('{grain}', p.cohort, r.ordered_on), 0), 0) <= {parameters.bind("age", age)}
GROUP BY p.person_id ORDER BY revenue DESC NULLS LAST, p.person_id LIMIT {limit:d}""",
        parameters.values,
    ).fetchall()
    return [(person, at, revenue) for person, at, revenue, _ in rows], rows[0][3] if rows else 0


def _sql(context: Context, question: Question, parameters: Parameters, start: str, grain: Grain) -> str:
    """One row per cohort, cut and age (NULL: the cohort itself, with its people and its cost)."""
    cut = ", ".join(["cohort", *map(quoted, question.by)])
    same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM p.{name}" for name in ["cohort", *map(quoted, question.by)])
    return f"""WITH people AS (
{cohorts_sql(context, question, parameters, start, grain)}
),
spent AS (
{spends_sql(context, question, parameters, grain)}
),
cohorts AS (SELECT {cut}, count(*) AS people FROM people GROUP BY ALL),
bought AS (
SELECT p.*, r.order_key, r.revenue, r.cost_of_goods, greatest(date_diff('{grain}', p.cohort, r.ordered_on), 0) AS age,
  row_number() OVER (PARTITION BY p.person_id ORDER BY r.ordered_on NULLS LAST, r.order_key) = 1 AS is_first
FROM people p JOIN {context.table("orders")} AS r ON r.person_id = p.person_id
)
SELECT {", ".join(f"p.{name}" for name in ["cohort", *map(quoted, question.by)])}, CAST(NULL AS BIGINT) AS age, people, 0 AS buyers, 0 AS orders,
  CAST(NULL AS DECIMAL(38,4)) AS revenue, CAST(NULL AS DECIMAL(38,4)) AS cost_of_goods, s.cost
FROM cohorts p LEFT JOIN spent s ON {same}
UNION ALL
SELECT {cut}, coalesce(age, 0), 0, count_if(is_first), count(*), sum(revenue), sum(cost_of_goods), NULL
FROM bought GROUP BY ALL"""


def _last_day(context: Context) -> date | None:
    """The last day that leads, deals, orders or visits speak of."""
    days = {"visits": "day_on", "leads": "created_on", "deals": "created_on", "orders": "ordered_on"}
    known = [f"(SELECT max({day}) FROM {context.table(table)})" for table, day in days.items()]
    found: date | None = context.once(f"SELECT greatest({', '.join(known)})")[0][0]
    return found


def _plus(one: Decimal | int | None, two: Decimal | int | None) -> Any:
    """The sum of what is known."""
    return two if one is None else one if two is None else one + two


def _to_date(found: list[dict[str, Any]], by: tuple[str, ...]) -> list[dict[str, Any]]:
    """Each cohort with everything so far."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for part in found:
        key = (part["cohort"], *(part[name] for name in by))
        row = rows.setdefault(
            key, {"cohort": part["cohort"], **{name: part[name] for name in by}} | dict.fromkeys(_SUMS)
        )
        for name in _SUMS:
            row[name] = _plus(row[name], part[name])
    return sorted(rows.values(), key=lambda row: sort_key(row, by))


def _by_age(found: list[dict[str, Any]], by: tuple[str, ...], grain: Grain, last: date | None) -> list[dict[str, Any]]:
    """Each cohort at every age that it has begun, with everything up to that age; is_mature: the age is over."""
    parts: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for part in found:
        parts.setdefault((part["cohort"], *(part[name] for name in by)), []).append(part)
    rows = []
    for key, mine in parts.items():
        so_far: dict[str, Any] = dict.fromkeys(_SUMS)
        at_age: dict[int | None, dict[str, Any]] = {part["age"]: part for part in mine}
        for name in _SUMS:
            so_far[name] = at_age[None][name]
        period, age = key[0], 0
        oldest = max((part["age"] for part in mine if part["age"] is not None), default=0)
        while age <= oldest or (last is not None and floor(last, grain) >= period):
            for name in _SUMS:
                so_far[name] = _plus(so_far[name], at_age.get(age, {}).get(name))
            following = next_period(period, grain)
            is_over = last is not None and following <= last
            names = dict(zip(("cohort", *by), key, strict=True))
            rows.append(names | so_far | {"age": age, "is_mature": is_over})
            period, age = following, age + 1
    return sorted(rows, key=lambda row: sort_key(row, by))


def _derive(row: dict[str, Any]) -> None:
    """Profit and LTV of a row of sums."""
    known = row["revenue"] is not None or row["cost"] is not None
    row["profit"] = (row["revenue"] or Decimal(0)) - (row["cost_of_goods"] or 0) - (row["cost"] or 0) if known else None
    row["ltv"] = quotient(row["revenue"], row["people"])


def _totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The cohorts together: everybody is in one of them."""
    found: dict[str, Any] = dict.fromkeys(_SUMS)
    for row in rows:
        for name in _SUMS:
            found[name] = _plus(found[name], row[name])
    _derive(found)
    return found


def _columns(context: Context, question: Question, grain: Grain, *, with_ages: bool) -> tuple[Column, ...]:
    currency = context.settings.business.currency
    found = cohort_columns(question, grain)
    if with_ages:
        said = Text(
            "Periods since the cohort's own; all numbers are up to the end of this one.",
            "Сколько периодов прошло; все числа — к концу этого периода.",
        )
        found.append(Column("age", Text("Periods since", "Прошло периодов"), "count", said, "dimension"))

    def metric(name: str, title: Text, form: str, meaning: Text, direction: str = "up") -> Column:
        column = metric_column(name, title, form, meaning, direction, currency)
        return column if with_ages or name == "ltv" else Column(**(column.__dict__ | {"adds_up": True}))

    found += [
        metric(
            "people",
            Text("People", "Люди"),
            "count",
            Text("People who began in the period.", "Люди, которые начали в этом периоде."),
        ),
        metric(
            "buyers",
            Text("Buyers", "Покупатели"),
            "count",
            Text("Those of them who have ordered.", "Кто из них сделал заказ."),
        ),
        metric("orders", Text("Orders", "Заказы"), "count", Text("All their orders.", "Все их заказы.")),
        metric("revenue", Text("Revenue", "Выручка"), "money", Text("Of all their orders.", "По всем их заказам.")),
        metric(
            "cost",
            Text("Cost", "Расход"),
            "money",
            Text("Advertising cost of the cohort's period.", "Расход на рекламу в периоде когорты."),
            "down",
        ),
        metric(
            "profit",
            Text("Profit", "Прибыль"),
            "money",
            Text(
                "Revenue less cost of goods and advertising cost.",
                "Выручка за вычетом себестоимости и расхода на рекламу.",
            ),
        ),
        metric(
            "ltv",
            Text("LTV to date", "LTV на сегодня"),
            "money",
            Text("Revenue / people of the cohort. Not a forecast.", "Выручка / люди когорты. Это не прогноз."),
        ),
    ]
    if with_ages:
        said = Text("Whether the period is over for all.", "Прошёл ли этот период у всех.")
        found.append(Column("is_mature", Text("Mature", "Дозрела"), "flag", said, "dimension"))
    return tuple(found)


REPORT = Report(
    title=Text("Cohorts", "Когорты"),
    meaning=Text(
        "Orders, revenue, profit and LTV to date of people by the period of their first touch, lead or order.",
        "Заказы, выручка, прибыль и LTV людей по периоду первого касания, лида или заказа.",
    ),
    answer=answer,
    basis="touch",
    options={
        "start": START_OPTION,
        "ages": Text("yes: a row for every period since.", "yes: строка на каждый прошедший период."),
    },
    refuses={
        "basis": Text("option start names the date", "дату задаёт start"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("cohorts are compared with one another", "когорты и так сравниваются между собой"),
        "sort": Text("cohorts stand in order of time", "когорты идут по времени"),
        "limit": Text("it shows all cohorts", "он показывает все когорты"),
    },
)
