"""From a question about a funnel to what the store is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.core.calendar import end_of_day, start_of_day
from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.journeys.funnels.funnel_text import WORDS, read_funnel
from longfunnel.journeys.funnels.properties import CREDITED, HELD, ORIGIN, Properties
from longfunnel.journeys.funnels.step_language import Act, Condition, Op
from longfunnel.journeys.funnels.steps import act_ids, alternatives_of, check_store
from longfunnel.journeys.store import FAR, Keyed, Reading, Store
from longfunnel.reports._engine.credit import credit_of
from longfunnel.reports._engine.sql import Parameters

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.journeys.funnels.steps import Alternative
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._engine.scope import Span

OPS: Final[dict[str, Op]] = {
    "is": "=", "is_not": "!=", "contains": "~", "not_contains": "!~", "starts_with": "^", "known": "known", "unknown": "unknown",
}  # fmt: skip
_SITE: Final = ("page", "event")
_WITH_AMOUNTS: Final = ("event", "page", "deal", "order", "payment", "refund")


@dataclass(frozen=True)
class Asked:
    """A funnel to be counted: its rules, its cut, and how its events are known."""

    context: Context
    question: Question
    funnel: Funnel
    by: tuple[str, ...]
    properties: Properties
    alternatives: tuple[Alternative, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the events that the steps name."""
        return tuple(dict.fromkeys(item.act.kind for item in self.alternatives if item.step >= 0))


def read_asked(context: Context, question: Question) -> Asked:
    """The funnel that a question's options describe. Raises QuestionError with every mistake; NothingYetError without journeys."""
    words = {name: text for name, text in question.options if name in WORDS}
    if not words.get("steps"):
        raise QuestionError(
            Text("The funnel has no steps.", "У воронки нет шагов."),
            hint=Text(
                'Name two or more: steps="page:/pricing*, lead, deal.won". See docs/reference/steps.md.',
                'Назовите два или больше: steps="page:/pricing*, lead, deal.won". Подробности — в docs/reference/steps.md.',
            ),
        )
    funnel = read_funnel(words)
    return asked(context, question, funnel)


def asked(context: Context, question: Question, funnel: Funnel) -> Asked:
    """A funnel that is given as a value. Raises as ``read_asked``."""
    check_store(context.connection, context.schema)
    by = question.by or tuple(name.strip() for name in (funnel.breakdown or "").split(",") if name.strip())
    unknown = [name for name in by if dimension(name) is None]
    if unknown:
        raise QuestionError(Text("There is no dimension «{name}».", "Разреза «{name}» нет.").format(name=unknown[0]))
    properties = properties_of(context, question)
    found = tuple(alternatives_of(context.connection, context.schema, funnel))
    if funnel.hold and not _is_property(properties, funnel.hold, [item.act.kind for item in found]):
        known = [*HELD, *ORIGIN, *(name for item in found for name in properties.known_names(item.act.kind))]
        raise QuestionError(
            Text(
                "Nothing in these steps has a «{name}» to be held equal.",
                "Ни у одного из этих шагов нет свойства «{name}», которое должно совпадать.",
            ).format(name=funnel.hold)
            + did_you_mean(funnel.hold, dict.fromkeys(known))
        )
    return Asked(context, question, funnel, by, properties, found)


def properties_of(context: Context, question: Question) -> Properties:
    """The properties of the business's events, by the names of the dimensions."""
    return Properties(context.connection, context.schema, _column_of, question.as_of)


def _is_property(properties: Properties, name: str, kinds: list[str]) -> bool:
    return bool(properties.is_origin(name)) or any(properties.held_sql(name, kind) for kind in dict.fromkeys(kinds))


def _column_of(name: str, table: str) -> str | None:
    found = dimension(name)
    return found.sql(table) if found else None


def store_of(given: Asked, span: Span | None = None) -> Store:
    """The store, to be read for this funnel and these days of entry."""
    return Store(given.context.connection, given.context.schema, reading_of(given, span))


def reading_of(given: Asked, span: Span | None = None) -> Reading:
    """What is asked of the store for this funnel and these days of entry."""
    context, question, funnel, properties = given.context, given.question, given.funnel, given.properties
    zone = context.settings.business.zone
    filters = [Condition(item.dimension, OPS[item.op], item.values) for item in question.filters]
    filtered = [item.exclusion < 0 and (item.step == 0 or funnel.order == "any") for item in given.alternatives]
    passing = [
        properties.passing(item.act, filters if is_filtered else ())
        for item, is_filtered in zip(given.alternatives, filtered, strict=True)
    ]
    origins = (
        any(item is not None and item.origins is not None for item in passing)
        or any(properties.is_origin(name) for name in given.by)
        or bool(funnel.hold and properties.is_origin(funnel.hold))
    )
    sessions = funnel.count == "sessions"
    kinds = ["visit"] if origins or sessions or funnel.order == "strict" else []
    kinds += _SITE if sessions else []
    since, until = (span.since, span.until) if span else (None, None)
    return Reading(
        alternatives=list(given.alternatives),
        passing=passing,
        kinds={kind: act_ids(context.connection, context.schema, Act(kind)) for kind in kinds},
        **({"entry_from": micros(start_of_day(since, zone))} if since else {}),
        **({"entry_to": micros(end_of_day(until, zone))} if until else {}),
        window=min(int(funnel.window.total_seconds() * 1_000_000), FAR),
        in_order=funnel.order != "any",
        everything=funnel.order == "strict",
        sessions=sessions,
        silence=context.settings.counting.session_minutes * 60_000_000,
        origins=origins,
        amounts=_has_amounts(given),
        facts=any(not properties.is_origin(name) for name in given.by),
        credited=_credited(given) if origins else {},
        held=_held(given),
        held_origin=_held_origin(given),
    )


def _has_amounts(given: Asked) -> bool:
    """Whether any event of the steps carries money; a timeline that never does need not be read for it."""
    acts = [item.act_ids for item in given.alternatives if item.step >= 0 and item.act.kind in _WITH_AMOUNTS]
    if not acts:
        return False
    wanted = np.unique(np.concatenate(acts)).tolist()
    timeline = given.context.table("timeline")
    sql = f"SELECT EXISTS (FROM {timeline} WHERE amount IS NOT NULL AND act_id IN (SELECT unnest($acts::UBIGINT[])))"
    return bool(given.context.one(sql, {"acts": wanted})[0])


def micros(instant: datetime) -> int:
    """Microseconds from 1970 to a UTC instant, as the timeline's rows have them."""
    return int(np.datetime64(instant, "us").astype(np.int64))


def _credited(given: Asked) -> dict[str, Keyed]:
    """By kind: the origin that the credited touch gives to a fact."""
    context = given.context
    found = {}
    for kind in dict.fromkeys(item.act.kind for item in given.alternatives if item.act.kind in CREDITED):
        parameters = Parameters()
        credit = credit_of(context, given.question, parameters, CREDITED[kind])
        match kind:
            case "stage":
                rows = f"SELECT e.fact_key, c.origin_id FROM {context.table('stage_entries')} e JOIN ({credit}) c ON c.subject_key = e.deal_key"
            case "payment" | "refund":
                rows = f"SELECT p.payment_key AS fact_key, c.origin_id FROM {context.table('payments')} p JOIN ({credit}) c ON c.subject_key = p.order_key"
            case _:
                rows = f"SELECT subject_key AS fact_key, origin_id FROM ({credit})"
        table = context.connection.execute(
            f"SELECT fact_key, any_value(origin_id) AS origin_id FROM ({rows}) WHERE origin_id IS NOT NULL GROUP BY ALL ORDER BY 1",
            parameters.values,
        ).to_arrow_table()
        keys, origins = (np.asarray(table.column(name).to_numpy(), np.uint64) for name in ("fact_key", "origin_id"))
        found[kind] = Keyed(keys, origins.view(np.int64))
    return found


def _held(given: Asked) -> dict[str, Keyed] | None:
    """By kind: the code of the value that a fact holds equal."""
    name = given.funnel.hold
    if not name or given.properties.is_origin(name):
        return None
    found: dict[str, Keyed] = {}
    codes: dict[str, int] = {}
    for kind in dict.fromkeys(item.act.kind for item in given.alternatives):
        values = given.properties.held_sql(name, kind)
        if values is None:
            continue
        sql, bound = values
        table = given.context.connection.execute(
            f"SELECT fact_key, any_value(value) AS value FROM ({sql}) WHERE value IS NOT NULL GROUP BY fact_key ORDER BY fact_key",
            bound,
        ).to_arrow_table()
        encoded = table.column("value").combine_chunks().dictionary_encode()
        words = [codes.setdefault(word, len(codes)) for word in encoded.dictionary.to_pylist()]
        numbers = np.array(words, np.int64)[encoded.indices.to_numpy()] if len(table) else np.empty(0, np.int64)
        found[kind] = Keyed(np.asarray(table.column("fact_key").to_numpy(), np.uint64), numbers)
    return found


def _held_origin(given: Asked) -> Keyed | None:
    name = given.funnel.hold
    sql = given.properties.is_origin(name) if name else ""
    if not sql:
        return None
    table = given.context.connection.execute(
        f"""SELECT origin_id, dense_rank() OVER (ORDER BY value) AS code FROM (
            SELECT o.origin_id, CAST({sql} AS VARCHAR) AS value FROM {given.context.table("origins")} o) WHERE value IS NOT NULL ORDER BY 1"""
    ).to_arrow_table()
    return Keyed(np.asarray(table.column(0).to_numpy(), np.uint64), np.asarray(table.column(1).to_numpy(), np.int64))
