"""The rows of one subject that a question is about: where they are read, the period by the basis, the filters, the cuts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longfunnel.core.calendar import Period, Shift, earlier
from longfunnel.dimensions import Dimension, dimension
from longfunnel.metrics import SUBJECTS, Subject
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.credit import credit_of, in_shares, is_on_row
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.metrics import Measure
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Filter, Question
    from longfunnel.reports._engine.sql import Parameters

_CREDITED_ON = "c.touch_on"
"""The day of the credited touch, in the SQL of subjects."""
_CODES = {"channel": "o.channel_code"}
"""Dimensions that an origin keeps as a small number, too."""
_UNMOVED = Shift()


@dataclass(frozen=True)
class Span:
    """The days asked about, or those they are compared with; ``suffix`` marks the columns of the latter."""

    since: date | None
    until: date | None
    suffix: str = ""
    shift: Shift = _UNMOVED


def spans(question: Question) -> list[Span]:
    """The question's days, and the days that they are compared with."""
    asked = [Span(question.since, question.until)]
    if question.compare and question.since and question.until:
        before, shift = earlier(Period(question.since, question.until), question.compare)
        asked.append(Span(before.since, before.until, "__before", shift))
    return asked


@dataclass(frozen=True)
class Scope:
    """The rows of ``subject`` within a question and a span."""

    context: Context
    question: Question
    parameters: Parameters
    subject: Subject
    span: Span

    @cached_property
    def cuts(self) -> list[tuple[str, Dimension]]:
        """The question's dimensions, with the names of their columns."""
        return [(name, found) for name in self.question.by if (found := dimension(name))]

    @property
    def knows_filters(self) -> bool:
        """Whether every filter speaks of something that these rows know."""
        return all(self._dimension_sql(item.dimension) is not None for item in self.question.filters)

    @property
    def knows_cuts(self) -> bool:
        """Whether these rows know every dimension that they are cut by."""
        return all(found.sql(self.subject.table) is not None for _, found in self.cuts)

    def columns(self, *, coded: bool = False) -> list[str]:
        """SQL of the cut's columns, named: each dimension, then the grain. ``coded``: a channel as its number, which
        ``decoded`` turns back."""
        table, found = self.subject.table, []
        for name, cut in self.cuts:
            if coded and name in _CODES:
                found.append(f"{_CODES[name] if cut.sql(table) else 'CAST(NULL AS USMALLINT)'} AS {quoted(name)}")
            else:
                found.append(f"CAST({cut.sql(table) or 'NULL'} AS VARCHAR) AS {quoted(name)}")
        return found + ([f"{self._grain_sql()} AS {quoted(self.question.grain)}"] if self.question.grain else [])

    def from_where(self, *, joins: str = "", cut: bool = True, more: tuple[str, ...] = ()) -> str:
        """FROM … WHERE …: rows ``t``, credits ``c`` and origins ``o`` where they are needed. ``cut``: the columns are asked for."""
        needs_origin, subject = self._needs_origin(cut=cut), self.subject
        lines = [f"FROM {self._rows_sql()} AS t"]
        if self._joins_credit(cut=cut):
            credit = credit_of(self.context, self.question, self.parameters, subject.credit)
            lines.append(f"LEFT JOIN ({credit}) AS c ON c.subject_key = t.{subject.key}")
        if needs_origin:
            is_on_row_itself = subject.credit and is_on_row(self.context, self.question)
            origin = "t.credited_origin_id" if is_on_row_itself else "c.origin_id" if subject.credit else "t.origin_id"
            lines.append(f"LEFT JOIN {self.context.table('origins')} AS o ON o.origin_id = {origin}")
        lines += [joins] if joins else []
        conditions = [
            *self._period_sql(),
            *([subject.where] if subject.where else []),
            *map(self._filter_sql, self.question.filters),
            *more,
        ]
        if conditions:
            lines.append("WHERE " + "\n  AND ".join(conditions))
        return "\n".join(lines)

    def measured(self, measure: Measure, *, cut: bool = True) -> str:
        """SQL of a measure over ``from_where``: in parts where the model shares what is counted."""
        return measure.in_shares if self.in_shares(cut=cut) else measure.sql

    def in_shares(self, *, cut: bool = True) -> bool:
        """Whether ``from_where`` has a row for each origin and day that has a share of what is counted, ``c.share``."""
        return in_shares(self.question) and self._joins_credit(cut=cut)

    def _needs_origin(self, *, cut: bool) -> bool:
        names = [item.dimension for item in self.question.filters] + (list(self.question.by) if cut else [])
        return self.subject.has_origin and any((found := dimension(name)) and found.is_origin for name in names)

    def _joins_credit(self, *, cut: bool) -> bool:
        if not self.subject.credit or is_on_row(self.context, self.question):
            return False
        by_touch = _CREDITED_ON in self.date_sql and (self.dated or (cut and bool(self.question.grain)))
        return self._needs_origin(cut=cut) or by_touch

    @property
    def date_sql(self) -> str:
        """SQL of the day that a row belongs to."""
        sql = self.subject.dates[self.question.basis or "lead"]
        return sql.replace(_CREDITED_ON, "t.credited_on") if is_on_row(self.context, self.question) else sql

    @property
    def dated(self) -> bool:
        """Whether the span has a bound."""
        return bool(self.span.since or self.span.until)

    @property
    def undated_sql(self) -> str:
        """The condition of a row that belongs to no day by any basis."""
        own = self.subject.dates["payment"]
        return f"{own} IS NULL AND {self.subject.dates['lead']} IS NULL"

    def _rows_sql(self) -> str:
        context, subject = self.context, self.subject
        if subject.name == "buyers":
            return f"""(
    SELECT *, sum(revenue) OVER (PARTITION BY person_id, CASE WHEN person_id IS NULL THEN order_key END) AS lifetime_revenue
    FROM {context.table("orders")})"""
        if subject.table == "survey_answers":
            known = self.question.as_of is not None
            if known:
                self.parameters.bind("as_of", self.question.as_of)
            zone = self.parameters.bind("zone", context.settings.business.timezone)
            return f"""(
    SELECT *, CAST(timezone({zone}, timezone('UTC', answered_at)) AS DATE) AS answered_on
    FROM ({current_sql(facts()["survey_answer"], as_of=known)}))"""
        return context.table(subject.table)

    def _period_sql(self) -> list[str]:
        span, found = self.span, []
        if span.since:
            found.append(f"{self.date_sql} >= {self.parameters.bind('since' + span.suffix, span.since)}")
        if span.until:
            found.append(f"{self.date_sql} <= {self.parameters.bind('until' + span.suffix, span.until)}")
        return found

    def _grain_sql(self) -> str:
        day, shift = self.date_sql, self.span.shift
        if shift.months:
            day = f"{day} + INTERVAL {shift.months} MONTH"
        if shift.days:
            day = f"{day} + INTERVAL {shift.days} DAY"
        if self.question.grain == "day":
            return f"CAST({day} AS DATE)" if day != self.date_sql else day
        return f"CAST(date_trunc('{self.question.grain}', {day}) AS DATE)"

    def _dimension_sql(self, name: str) -> str | None:
        found = dimension(name)
        return found.sql(self.subject.table) if found else None

    def _filter_sql(self, item: Filter) -> str:
        """A row whose value is unknown passes only ``unknown``, ``is_not`` and ``not_contains``."""
        sql = f"CAST({self._dimension_sql(item.dimension) or 'NULL'} AS VARCHAR)"
        if item.op in ("known", "unknown"):
            return f"{sql} IS {'NOT ' if item.op == 'known' else ''}NULL"

        def bound(value: Any) -> str:
            return self.parameters.bind("filter", value)

        match item.op:
            case "is" | "is_not":
                test = f"list_contains({bound(list(item.values))}, {sql})"
            case "starts_with":
                test = " OR ".join(f"starts_with(lower({sql}), lower({bound(value)}))" for value in item.values)
            case _:
                test = " OR ".join(f"contains(lower({sql}), lower({bound(value)}))" for value in item.values)
        return f"coalesce(NOT ({test}), true)" if item.op in ("is_not", "not_contains") else f"({test})"


def decoded(context: Context, names: list[str], rows: str) -> tuple[list[str], str]:
    """The columns ``names`` of ``rows``, which ``Scope.columns`` has coded, as text, and FROM with what tells it."""
    columns, lines = [], [f"FROM {rows}"]
    for name in names:
        code = _CODES.get(name, "").removeprefix("o.")
        if not code:
            columns.append(quoted(name))
            continue
        known = f"SELECT DISTINCT {code}, {name} FROM {context.table('origins')} WHERE {code} IS NOT NULL"
        lines.append(f"LEFT JOIN ({known}) AS {code} ON {code}.{code} = {rows}.{quoted(name)}")
        columns.append(f"{code}.{name} AS {quoted(name)}")
    return columns, "\n".join(lines)


def scope(context: Context, question: Question, parameters: Parameters, subject: str, span: Span) -> Scope:
    """The rows of a subject by its name."""
    return Scope(context, question, parameters, SUBJECTS[subject], span)
