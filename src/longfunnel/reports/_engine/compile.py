"""Turns a question and a list of metrics into one SQL statement.

Measures of one subject are counted together in one pass over its rows; the parts of all subjects are stacked and grouped by the
cut; then come the formulas. The total is a row of its own: what adds up is added, what does not (a median) is counted again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from longfunnel.metrics import SUBJECTS, Difference, Measure, Metric, Ratio, metrics
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.credit import in_shares
from longfunnel.reports._engine.scope import Scope, Span, decoded, scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

TYPES = {
    "count": "BIGINT",
    "money": "DECIMAL(38,4)",
    "share": "DOUBLE",
    "ratio": "DOUBLE",
    "days": "DOUBLE",
    "score": "DOUBLE",
}
PARTS = "DECIMAL(38,4)"
CASES = "__n"
BEFORE = "_before"
CHANGE = "_change"


@dataclass
class Compiler:
    """One compilation. ``reported`` collects the metrics for which the sources' own totals stand in."""

    context: Context
    question: Question
    asked: list[Metric]
    parameters: Parameters = field(default_factory=Parameters)
    reported: list[str] = field(default_factory=list)
    _measures: dict[Measure, str] = field(default_factory=dict)

    def statement(self) -> Statement:
        """Columns: is_total, the cut, then for each metric its value, the cases it rests on (``__n``) and, in a comparison,
        ``_before`` and ``_change``. The first row is the total; the others are sorted and limited."""
        finals = [f"  {sql}" for metric in self.asked for sql in self._finals(metric)]
        cut = ["is_total", *map(quoted, self._cut)]
        parts = self._parts()
        ctes = [
            "parts AS (\n" + "\nUNION ALL BY NAME\n".join(parts) + "\n)",
            "merged AS (\n" + self._merged() + "\n)",
            "counted AS (\n" + self._counted() + "\n)",
            "measured AS (\n" + self._measured(cut) + "\n)",
        ]
        sql = "WITH " + ",\n".join(ctes) + "\nSELECT " + ", ".join(cut) + ",\n" + ",\n".join(finals) + "\nFROM measured"
        sql += "\nORDER BY " + ", ".join(self._order())
        if self.question.limit:
            sql += f"\nLIMIT {self.question.limit + 1}"
        return Statement(sql, self.parameters.values)

    @cached_property
    def _cut(self) -> list[str]:
        return [*self.question.by, *([self.question.grain] if self.question.grain else [])]

    @cached_property
    def _spans(self) -> list[Span]:
        return spans(self.question)

    # the formulas

    def _finals(self, metric: Metric) -> list[str]:
        kind, value = self.type_of(metric), self._value(metric, "")
        found = [f"CAST({value} AS {kind}) AS {quoted(metric.name)}"]
        if metric.cases:
            found.append(
                f"CAST({self._named(metric.cases, metric, 'cases', '')} AS BIGINT) AS {quoted(metric.name + CASES)}"
            )
        for span in self._spans[1:]:
            before = self._value(metric, span.suffix)
            found.append(f"CAST({before} AS {kind}) AS {quoted(metric.name + BEFORE)}")
            found.append(
                f"CAST({value} AS DOUBLE) / nullif(CAST({before} AS DOUBLE), 0) - 1 AS {quoted(metric.name + CHANGE)}"
            )
        return found

    def type_of(self, metric: Metric) -> str:
        """The type of a metric's values; sales that a model shares are counted in parts."""
        subjects = (SUBJECTS[name] for name in metric.subjects)
        in_parts = in_shares(self.question) and any(subject.credit for subject in subjects)
        return PARTS if metric.unit == "count" and in_parts else TYPES[metric.unit]

    def _value(self, metric: Metric, suffix: str) -> str:
        match metric.how:
            case Measure():
                return self._column(metric.how, metric.name) + suffix
            case Ratio(numerator, denominator):
                top = self._named(numerator, metric, "numerator", suffix)
                return f"({top} / nullif({self._named(denominator, metric, 'denominator', suffix)}, 0))"
            case Difference(of, less):
                return (
                    f"({self._named(of, metric, '', suffix)}"
                    + "".join(f" - coalesce({self._named(name, metric, '', suffix)}, 0)" for name in less)
                    + ")"
                )

    def _named(self, part: str | Measure, metric: Metric, role: str, suffix: str) -> str:
        if isinstance(part, Measure):
            return self._column(part, f"{metric.name}__{role}") + suffix
        return self._value(metrics()[part], suffix)

    def _column(self, measure: Measure, name: str) -> str:
        if (
            measure.instead
            and measure.subject not in self.context.connected
            and measure.instead in self.context.connected
        ):
            if "__" not in name and name not in self.reported:
                self.reported.append(name)
            measure = Measure("spends", f"sum(t.{measure.instead})", zero=False)
        return self._measures.setdefault(measure, name)

    # the counting

    def _of_subject(self) -> dict[str, dict[Measure, str]]:
        found: dict[str, dict[Measure, str]] = {}
        for measure, name in self._measures.items():
            found.setdefault(measure.subject, {})[measure] = name
        return found

    def _is_connected(self, subject: str) -> bool:
        return self._scope(subject, self._spans[0]).subject.table in self.context.connected

    def _scope(self, subject: str, span: Span) -> Scope:
        return scope(self.context, self.question, self.parameters, subject, span)

    def _parts(self) -> list[str]:
        parts = []
        for subject, measures in self._of_subject().items():
            if not self._is_connected(subject):
                continue
            for span in self._spans:
                rows = self._scope(subject, span)
                head = ["false AS is_total", *rows.columns(coded=True), f"count(*) AS n__{subject}{span.suffix}"]
                counts = [f"{rows.measured(m)} AS {name}{span.suffix}" for m, name in measures.items()]
                # grouped by constants alone, no rows would still make one
                parts.append(_select(head + counts, rows.from_where()) + "\nHAVING count(*) > 0")
                whole = [
                    f"{rows.measured(m, cut=False)} AS {name}{span.suffix}"
                    for m, name in measures.items()
                    if not m.additive
                ]
                if whole:
                    parts.append(_select(["true AS is_total", *whole], rows.from_where(cut=False)))
        return parts or [
            "SELECT false AS is_total"
            + "".join(f", CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in self._cut)
            + " WHERE false"
        ]

    def _merged(self) -> str:
        cut, rows = decoded(self.context, self._cut, "parts")
        return _select(
            ["is_total", *cut] + [f"{how}({column}) AS {column}" for column, how in self._counted_columns().items()],
            rows,
        )

    def _counted(self) -> str:
        totals = ["count(*) >= 0 AS is_total"]  # an aggregate, so that nothing at all has a total too
        totals += [
            f"sum({column}) AS {column}" if how == "sum" else f"any_value({column}) FILTER (is_total) AS {column}"
            for column, how in self._counted_columns().items()
        ]
        return f"SELECT * FROM merged WHERE NOT is_total\nUNION ALL BY NAME\nSELECT {', '.join(totals)}\nFROM merged"

    def _counted_columns(self) -> dict[str, str]:
        """Every column of ``parts`` that counts something, and how rows of it become one."""
        found = {}
        for subject, measures in self._of_subject().items():
            if self._is_connected(subject):
                for span in self._spans:
                    found[f"n__{subject}{span.suffix}"] = "sum"
                    found |= {
                        f"{name}{span.suffix}": "sum" if m.additive else "any_value" for m, name in measures.items()
                    }
        return found

    def _measured(self, cut: list[str]) -> str:
        """0 where nothing came and something could have been seen; unknown where nobody looks, or not by this cut."""
        lines = []
        for subject, measures in self._of_subject().items():
            for span in self._spans:
                rows = self._scope(subject, span)
                for measure, name in measures.items():
                    column = name + span.suffix
                    if not self._is_connected(subject):
                        lines.append(f"CAST(NULL AS BIGINT) AS {column}")
                    elif measure.zero and rows.knows_filters:
                        seen = "" if rows.knows_cuts else " AND is_total"
                        lines.append(
                            f"CASE WHEN coalesce(n__{subject}{span.suffix}, 0) = 0{seen} THEN 0 ELSE {column} END "
                            f"AS {column}"
                        )
                    else:
                        lines.append(column)
        return f"SELECT {', '.join(cut)},\n  " + ",\n  ".join(lines) + "\nFROM counted"

    def _order(self) -> list[str]:
        """As asked; else by time, then the largest first by the first metric that can be counted at all."""
        ties = [f"{quoted(name)} NULLS LAST" for name in self._cut]
        if self.question.sort:
            name = self.question.sort.removeprefix("-")
            return [
                "is_total DESC",
                f"{quoted(name)} {'DESC' if self.question.sort.startswith('-') else 'ASC'} NULLS LAST",
                *ties,
            ]
        countable = (m.name for m in self.asked if isinstance(m.how, Measure) and self.context.can_count(m.how))
        first = [f"{quoted(self.question.grain)} NULLS LAST"] if self.question.grain else []
        largest = [f"{quoted(next(countable, self.asked[0].name))} DESC NULLS LAST"] if self.question.by else []
        return list(dict.fromkeys(["is_total DESC", *first, *largest, *ties]))


def _select(columns: list[str], rest: str) -> str:
    return "SELECT " + ",\n  ".join(columns) + f"\n{rest}\nGROUP BY ALL"
