"""Journeys for the report of attribution: which sales a question is about, and what is read with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.journeys import NOWHERE
from longfunnel.metrics import SUBJECTS
from longfunnel.reports._attribution.asked import TOUCHES
from longfunnel.reports._attribution.journeys import Taking, labels_of, lost_sql, read, won_sql
from longfunnel.reports._engine.remembered import remembered
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from longfunnel.journeys.attribution.journeys import Journeys
    from longfunnel.reports._attribution.asked import Asked
    from longfunnel.reports._attribution.journeys import Label
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


@dataclass(frozen=True)
class Read:
    """The journeys, what each node is called, and the statements that made them."""

    journeys: Journeys
    labels: tuple[Label, ...]
    """By node; NOWHERE is all unknown."""
    lost: int
    """How many journeys came to nothing."""
    untouched: int
    """How many sales have no touch."""
    sql: str


def read_journeys(context: Context, question: Question, asked: Asked) -> Read:
    """The journeys that a question is about.

    Raises:
        QuestionError: the channel of ``from`` is none.
    """
    _check_chosen(context, asked)
    kinds = " OR ".join(f"({TOUCHES[kind][0]})" for kind in asked.touches)
    taking = Taking(asked.dimensions, asked.window_days, kinds or "true", asked.skips_direct, asked.chosen)
    labels_sql, labels = labels_of(context, taking)
    won = _won(context, question, asked, taking, labels_sql)
    needs_lost = any(model.needs_lost for model in asked.models)
    lost = _lost(context, question, asked, taking, labels_sql) if needs_lost else None
    sql = ";\n\n".join(statement.runnable() for statement in (won, lost) if statement)
    found = remembered(
        context, ("journeys", sql), lambda: read(context, taking, won, lost, labels, is_money=asked.measure.is_money)
    )
    journeys = found.journeys
    first = journeys.won.node[journeys.won.starts[:-1]]
    return Read(journeys, found.labels, int(journeys.lost.times.sum()), int((first == NOWHERE).sum()), sql)


def _check_chosen(context: Context, asked: Asked) -> None:
    if not asked.chosen:
        return
    rows = context.connection.execute(
        f"SELECT DISTINCT channel FROM {context.table('origins')} WHERE channel IS NOT NULL"
    ).fetchall()
    known = {row[0] for row in rows}
    for channel in asked.chosen:
        if channel not in known:
            raise QuestionError(
                Text("There is no channel «{channel}».", "Канала «{channel}» нет.").format(channel=channel)
                + did_you_mean(channel, known),
                hint=Text("Channels: {names}.", "Каналы: {names}.").format(names=", ".join(sorted(known))),
            )


def _moments(asked: Asked) -> tuple[str, str]:
    """SQL of where a journey ends, and of where the sale itself stands."""
    own = asked.measure.moment
    if not asked.until_lead or asked.measure.subject == "leads":
        return own, own
    without = "t.created_at" if asked.measure.subject == "deals" else "t.moment_at"
    return f"coalesce(t.lead_at, {without})", own


def _won(context: Context, question: Question, asked: Asked, taking: Taking, labels: str) -> Statement:
    """The touches of the sales that the question is about. By date of touch, of all sales that any touch inside belongs to."""
    parameters = Parameters()
    measure, by_touch = asked.measure, question.basis == "touch"
    plain = msgspec.structs.replace(question, by=(), grain="")
    dated = msgspec.structs.replace(plain, since=None, until=None) if by_touch else plain
    rows = scope(context, dated, parameters, measure.subject, spans(dated)[0])
    subject = SUBJECTS[measure.subject]
    moment, own = _moments(asked)
    joins = f"LEFT JOIN {context.table('deals')} AS d ON d.deal_key = t.deal_key" if subject.table == "orders" else ""
    worth = f"CAST(({measure.sql}) * 10000 AS BIGINT)" if measure.sql else "CAST(1 AS BIGINT)"
    lead_at = "t.created_at" if subject.table == "leads" else "t.lead_at"
    known = (f"({measure.sql}) IS NOT NULL",) if measure.sql else ()
    previous = "CAST(NULL AS TIMESTAMP)"
    if asked.after_previous:  # whatever the question's period and filters
        before = own.replace("t.", "b.")
        previous = f"(SELECT max({before}) FROM {context.table(subject.table)} AS b WHERE b.person_id = t.person_id AND {before} < {own})"
    sales = f"""SELECT row_number() OVER (ORDER BY {own}, t.{subject.key}) AS place, '{subject.credit}' AS subject,
  t.{subject.key} AS subject_key, t.person_id, {moment} AS moment_at, {lead_at} AS lead_at, {measure.deal_at} AS deal_at, {worth} AS worth,
  {subject.dates["lead"]} AS own_on, {previous} AS previous_at
{rows.from_where(joins=joins, cut=False, more=known)}"""
    inside = _inside(question, parameters, "coalesce(touch_on, own_on)") if by_touch else "true"
    return Statement(won_sql(context, parameters, taking, labels, sales, inside=inside), parameters.values)


def _lost(context: Context, question: Question, asked: Asked, taking: Taking, labels: str) -> Statement:
    """Journeys that came to nothing, by the kind of sale asked about; the last touch is in the period."""
    parameters = Parameters()
    subject = SUBJECTS["orders" if asked.measure.subject == "buyers" else asked.measure.subject]
    where = f" WHERE {subject.where}" if subject.where else ""
    bought = f"SELECT t.person_id, max({asked.measure.moment}) AS latest_at FROM {context.table(subject.table)} AS t{where} GROUP BY t.person_id"
    inside = _inside(question, parameters, "last_on")
    return Statement(lost_sql(context, taking, labels, bought, inside=inside), parameters.values)


def _inside(question: Question, parameters: Parameters, day: str) -> str:
    tests = ["true"]
    if question.since:
        tests.append(f"coalesce({day} >= {parameters.bind('since', question.since)}, false)")
    if question.until:
        tests.append(f"coalesce({day} <= {parameters.bind('until', question.until)}, false)")
    return " AND ".join(tests)
