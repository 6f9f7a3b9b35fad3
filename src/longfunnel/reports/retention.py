"""Retention: who comes back, and after how many periods. Periods are those of the calendar: a cohort's own is number 0.

classic: active in that period. rolling: active in that one and in every one before it (as Google Analytics 4 counts «rolling»).
unbounded: active in that period or in any later one (as Amplitude counts «on or after»).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from longfunnel.core.calendar import day_in_zone, start_of_day
from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.funnel import Funnel, Step
from longfunnel.journeys.funnels.step_language import read_predicate, written_predicate
from longfunnel.journeys.funnels.steps import check_store, unmatched
from longfunnel.journeys.kernels.columns import signed
from longfunnel.journeys.kernels.periods import mark_periods
from longfunnel.reports._clients.cohorts import START_OPTION, cohort_columns, cohorts_sql, grain_of, sort_key, start_of
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.scope import Span
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._funnel.columns import metric_column, schema_of
from longfunnel.reports._funnel.groups import instant, next_period
from longfunnel.reports._funnel.reading import asked, micros, store_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.core.calendar import Grain
    from longfunnel.journeys.store import Store
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

KINDS: Final = ("classic", "rolling", "unbounded")
_MOST_PERIODS: Final = 60
_USUAL_PERIODS: Final = 12


def answer(context: Context, question: Question) -> Answer:
    """One row per cohort (and value of the cut) and period since; a period that is not over yet is empty."""
    check_store(context.connection, context.schema)
    kind, periods = _kind(question), _periods(question)
    start, grain = start_of(question, "visit"), grain_of(question, "week")
    parameters = Parameters()
    statement = Statement(cohorts_sql(context, question, parameters, start, grain), parameters.values)
    people = context.connection.execute(
        f"SELECT * FROM ({statement.sql}) ORDER BY person_id", statement.parameters
    ).to_arrow_table()
    activity, near = _activity(context, question, people)
    ends_on = _end(context)
    masks = _masks(context, people, activity, grain, ends_on)
    rows = _rows(people, masks, question.by, grain, kind, periods, ends_on)
    columns = _columns(question, grain, kind)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist(rows, schema_of(columns)),
        totals={},
        caveats=caveats_of(context, question, [], []) + near,
        freshness=freshness(context),
        sql=statement.runnable() + f";\n\n{activity.sql()}",
        cases={"retention": tuple(row["people"] for row in rows)},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def retained(
    context: Context, question: Question, cohort: date, age: int, limit: int
) -> tuple[list[tuple[int, datetime]], int]:
    """Person and instant of their beginning of those of a cohort who came back after ``age`` periods, the latest first, at most
    ``limit``; and how many there are in all, which is the number that the report shows. Raises QuestionError.
    """
    check_store(context.connection, context.schema)
    kind, start, grain = _kind(question), start_of(question, "visit"), grain_of(question, "week")
    parameters = Parameters()
    sql = cohorts_sql(context, msgspec.structs.replace(question, by=()), parameters, start, grain)
    people = context.connection.execute(
        f"SELECT * FROM ({sql}) WHERE cohort = {parameters.bind('cohort', cohort)} ORDER BY person_id",
        parameters.values,
    ).to_arrow_table()
    activity, _ = _activity(context, question, people)
    masks = _masks(context, people, activity, grain, _end(context))
    back = people.filter(pa.array(_active(masks, kind, age))).sort_by(
        [("started_at", "descending"), ("person_id", "ascending")]
    )
    shown = back.slice(0, limit)
    return list(zip(shown["person_id"].to_pylist(), shown["started_at"].to_pylist(), strict=True)), len(back)


def _kind(question: Question) -> str:
    word = question.option("kind") or "classic"
    if word not in KINDS:
        raise QuestionError(must_be("kind", word, KINDS))
    return word


def _periods(question: Question) -> int:
    text = question.option("periods") or str(_USUAL_PERIODS)
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PERIODS:
        raise QuestionError(
            Text(
                "periods is «{text}», and must be a number from 1 to {most}.",
                "periods: нужно число от 1 до {most}, а не «{text}».",
            ).format(text=text, most=_MOST_PERIODS)
        )
    return int(text)


def _activity(context: Context, question: Question, people: pa.Table) -> tuple[Store, tuple[Caveat, ...]]:
    """The store, read for what counts as coming back of these people; and whether nothing is that today."""
    predicate = written_predicate(read_predicate(question.option("activity") or "visit | page | event:*"))
    funnel = Funnel(steps=(Step(predicate=predicate), Step(predicate=predicate)))
    given = asked(context, msgspec.structs.replace(question, filters=(), by=()), funnel)
    named = [item for item in given.alternatives if item.step == 0]
    found = []
    missing = unmatched(context.connection, context.schema, named)
    if len(missing) == len(named):
        near = " / ".join(f"«{name}»" for item in missing for name in item.near)
        said = Text("Nothing matches «{step}» today. {near}", "Сегодня ничто не подходит под «{step}». {near}")
        found.append(Caveat("step_matches_nothing", said.format(step=predicate, near=near), 0))
    first: date | None = pc.min(people.column("cohort")).as_py()  # nobody comes back before they have begun
    return store_of(given, Span(first, None)), tuple(found)


def _end(context: Context) -> date:
    """The last day that is over by the end of the data: the day before that of the last event."""
    latest = context.once(f'SELECT max("at") FROM {context.table("timeline")}')[0][0]
    zone = context.settings.business.zone
    return day_in_zone(instant(micros(latest)), zone) - timedelta(days=1)


def _masks(context: Context, people: pa.Table, activity: Store, grain: Grain, ends_on: date) -> NDArray[np.int64]:
    """For each person the periods, counted from their cohort's, in which they were active: period n is bit n."""
    masks = np.zeros(len(people), np.int64)
    if not len(people):
        return masks
    cohorts = people.column("cohort").to_numpy().astype("datetime64[D]")
    day: date = cohorts.min().astype(date)
    edges = [day]
    while day <= ends_on + timedelta(days=1):
        day = next_period(day, grain)
        edges.append(day)
    zone = context.settings.business.zone
    begins = np.array([micros(start_of_day(edge, zone)) for edge in edges], np.int64)
    own = np.searchsorted(np.array(edges, "datetime64[D]"), cohorts)
    ids = np.asarray(people.column("person_id").to_numpy(), np.uint64)
    for piece in activity:
        place = np.minimum(np.searchsorted(ids, piece.person_id), len(ids) - 1)
        whose = np.where(ids[place] == piece.person_id, place, -1)
        journeys = piece.journeys
        mark_periods(journeys.starts, journeys.at, signed(journeys.steps), whose, begins, own, _MOST_PERIODS, masks)
    return masks


def _rows(
    people: pa.Table, masks: NDArray[np.int64], by: tuple[str, ...], grain: Grain, kind: str, periods: int, ends_on: date
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows: of each cohort, from period 0 to the last that is asked for or has begun."""
    keys, group = _groups(people, ("cohort", *by))
    sizes = np.bincount(group, minlength=len(keys)).tolist()
    back = [np.bincount(group[_active(masks, kind, age)], minlength=len(keys)).tolist() for age in range(periods + 1)]
    rows = []
    for place, (key, size) in enumerate(zip(keys, sizes, strict=True)):
        period = key[0]
        for age in range(periods + 1):
            following = next_period(period, grain)
            is_over = following - timedelta(days=1) <= ends_on
            active = back[age][place] if is_over else None
            rows.append(
                dict(zip(("cohort", *by), key, strict=True))
                | {
                    "age": age,
                    "people": size,
                    "active": active,
                    "retention": None if active is None else active / size,
                }
            )
            period = following
    return sorted(rows, key=lambda row: sort_key(row, by))


def _groups(people: pa.Table, names: tuple[str, ...]) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """The distinct values of these columns, and for each person the place of theirs."""
    number, words = np.zeros(len(people), np.int64), []
    for name in names:
        encoded = people.column(name).combine_chunks().dictionary_encode("encode")
        words.append(encoded.dictionary.to_pylist())
        number = number * len(words[-1]) + encoded.indices.to_numpy()
    used, group = np.unique(number, return_inverse=True)
    places = np.unravel_index(used, [len(own) for own in words]) if len(used) else [used for _ in names]
    keys = [tuple(own[at] for own, at in zip(words, found, strict=True)) for found in np.transpose(places).tolist()]
    return keys, group


def _active(masks: NDArray[np.int64], kind: str, age: int) -> NDArray[np.bool_]:
    """Who is retained at an age."""
    found: NDArray[np.bool_]
    match kind:
        case "classic":
            found = masks >> age & 1 == 1
        case "rolling":
            all_so_far = (1 << (age + 1)) - 1
            found = masks & all_so_far == all_so_far
        case _:
            found = masks >> age != 0
    return found


def _columns(question: Question, grain: Grain, kind: str) -> tuple[Column, ...]:
    said = {
        "classic": Text("Of them, active in this period.", "Кто из них был активен в этом периоде."),
        "rolling": Text("Of them, active in this and every earlier period.", "Кто был активен в этом и во всех прежних периодах."),
        "unbounded": Text("Of them, active in this or any later period.", "Кто был активен в этом или любом более позднем периоде."),
    }  # fmt: skip
    return (
        *cohort_columns(question, grain),
        Column(
            "age",
            Text("Periods since", "Прошло периодов"),
            "count",
            Text("0 is the cohort's own period.", "0 — сам период когорты."),
            "dimension",
        ),
        metric_column(
            "people", Text("People", "Люди"), "count", Text("People of the cohort.", "Люди когорты."), "none", ""
        ),
        metric_column("active", Text("Came back", "Вернулись"), "count", said[kind], "up", ""),
        metric_column(
            "retention",
            Text("Retention", "Удержание"),
            "share",
            Text(
                "Came back / people; empty until the period is over.",
                "Вернулись / люди; пусто, пока период не кончился.",
            ),
            "up",
            "",
        ),
    )


REPORT = Report(
    title=Text("Retention", "Удержание"),
    meaning=Text(
        "What share of the people who began in a period is active after one, two, three periods.",
        "Какая доля людей, начавших в одном периоде, активна через один, два, три периода.",
    ),
    answer=answer,
    basis="touch",
    options={
        "start": START_OPTION,
        "kind": Text(
            "classic, rolling or unbounded.",
            "classic (в этом периоде), rolling (во всех до него) или unbounded (в нём или позже).",
        ),
        "activity": Text(
            "What counts as coming back, as a step: visit, order.",
            "Что считать возвращением — как шаг воронки: visit, order.",
        ),
        "periods": Text("How many periods to show: 12.", "Сколько периодов показать: 12."),
    },
    refuses={
        "basis": Text("option start names the date", "дату задаёт start"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("cohorts are compared with one another", "когорты и так сравниваются между собой"),
        "sort": Text("cohorts stand in order of time", "когорты идут по времени"),
        "limit": Text("it shows all cohorts", "он показывает все когорты"),
    },
)
