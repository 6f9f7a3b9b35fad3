"""A source's mapping, applied to a file: from its text columns to the columns of a fact, as one SELECT.

The SELECT is nested: cleaned texts, then typed values step by step, then what follows from other columns. Beside the values it
says of each row the number of its first problem (0: none), and, for such rows only, the whole raw row as JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.connect._derive import derived_steps, word_sql
from longfunnel.connect._headers import AUTO_IDS, places
from longfunnel.connect._recognise import AMBIGUOUS_DATE, AMBIGUOUS_NUMBER, Format
from longfunnel.connect._typed import (
    clean_sql,
    currency_in_amount_sql,
    currency_sql,
    flag_sql,
    instant_steps,
    native_instant_steps,
    number_steps,
)
from longfunnel.connect._words import TOTALS
from longfunnel.warehouse.facts import Column, Fact, Type
from longfunnel.warehouse.identifiers import KINDS, normalise_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._reading import Table
    from longfunnel.core.settings import Business, Source

EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - UTC without a zone, as the warehouse keeps it
_AHEAD = timedelta(days=2)
_PLANNED_AHEAD = timedelta(days=5 * 366)
_MINOR = {"": "", "minor": "0.01", "micro": "0.000001"}
_FIRST_CELLS = 3


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken; its place in ``Plan.problems``, from 1, is the number that the SELECT gives."""

    ours: str
    header: str
    """The source's own column, or "" for a value that comes from constants."""
    place: int
    """Number of that column, -1 for a constant."""
    type: Type
    kind: str
    """empty, unreadable, ambiguous, early, late or negative."""


@dataclass
class Plan:
    """How one file becomes rows of a fact."""

    fact: Fact
    columns: list[str] = field(default_factory=list)
    """Columns of the fact that the rows will have."""
    problems: list[Problem] = field(default_factory=list)
    auto_id: str = ""
    """The id that is made from the row's content, because the source has none."""
    parameters: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    """SELECT idx, problem, raw, total, v_… FROM …; a row that is no data (blank) has problem -1, a row of totals -2."""

    strict_body: str = ""
    """The same, which also keeps rows that cannot be parted into cells."""

    def rows(self) -> str:
        """SELECT idx and the fact's columns."""
        columns = ", ".join(f'v_{column} AS "{column}"' for column in self.columns)
        return f"SELECT idx, {columns} FROM ({self.body})"

    def bound(self, sql: str, more: dict[str, Any]) -> dict[str, Any]:
        """The parameters that ``sql`` names."""
        every = {**self.parameters, **more}
        return {name: every[name] for name in set(re.findall(r"\$([a-z]\w*)", sql)) & every.keys()}


def plan(
    source: Source,
    fact: Fact,
    table: Table,
    business: Business,
    country: str,
    formats: Mapping[str, Format],
    recorded_at: datetime,
) -> Plan:
    """The SELECT that makes rows of ``fact`` out of ``table``."""
    return _Planner(source, fact, table, business, country, formats, recorded_at).plan()


class _Planner:
    def __init__(
        self,
        source: Source,
        fact: Fact,
        table: Table,
        business: Business,
        country: str,
        formats: Mapping[str, Format],
        recorded_at: datetime,
    ) -> None:
        self.source, self.fact, self.table, self.business, self.country = source, fact, table, business, country
        self.formats = formats
        self.zone = source.timezone or business.timezone
        self.latest = max(recorded_at, datetime.now(UTC).replace(tzinfo=None))
        self.places = places(source, table.headers)
        self.made = Plan(fact)
        self.layers: list[dict[str, str]] = [{}, {}]
        self.checks: list[tuple[str, Problem]] = []

    def plan(self) -> Plan:
        made = self.made
        for column in self.fact.columns:
            if column.type is Type.PROPS:
                self._props()
            elif column.name in self.places or column.name in self.source.constants:
                self._column(column)
        for layer in derived_steps(self.fact, set(made.columns), self._defaults()):
            made.columns += [
                name.removeprefix("v_")
                for name in layer
                if name.startswith("v_") and name.removeprefix("v_") not in made.columns
            ]
            self.layers.append(layer)
        for name, check in self._required_late():
            self.checks.append((name, check))
        self._auto_id()
        made.body = self._assemble()
        made.strict_body = made.body.replace(self.table.sql, self.table.strict())
        return made

    def _parameter(self, value: object) -> str:
        name = f"p{len(self.made.parameters)}"
        self.made.parameters[name] = value
        return f"${name}"

    def _put(self, depth: int, steps: list[dict[str, str]]) -> None:
        for offset, step in enumerate(steps):
            while len(self.layers) <= depth + offset:
                self.layers.append({})
            self.layers[depth + offset].update(step)

    def _column(self, column: Column) -> None:
        name, numbers = column.name, self.places.get(column.name, [])
        native = self.table.kind(numbers[0]) if len(numbers) == 1 else "VARCHAR"
        if numbers:
            cells = [
                clean_sql(f"c{place}") if self.table.kind(place) == "VARCHAR" else f"CAST(c{place} AS VARCHAR)"
                for place in numbers
            ]
            text = f"coalesce({', '.join(cells)})" if len(cells) > 1 else cells[0]
        else:
            text = f"CAST({self._parameter(_constant_text(self.source.constants[name]))} AS VARCHAR)"
        self.layers[0][f"t_{name}"] = text
        if words := self.source.values.get(name):
            whens = " ".join(
                f"WHEN {self._parameter(theirs.strip().casefold())} THEN {self._parameter(ours)}"
                for theirs, ours in words.items()
            )
            self.layers[1][f"w_{name}"] = f"CASE lower(t_{name}) {whens} ELSE t_{name} END"
        else:
            self.layers[1][f"w_{name}"] = f"t_{name}"
        self.made.columns.append(name)
        header = self.table.headers[numbers[0]] if numbers else ""
        self._typed(column, f"w_{name}", native if name not in self.source.values else "VARCHAR", numbers)
        self._check(column, header, numbers[0] if numbers else -1)

    def _typed(self, column: Column, text: str, native: str, numbers: list[int]) -> None:
        name, value = column.name, f"v_{column.name}"
        form = self.formats.get(name, Format())
        match column.type:
            case Type.TEXT:
                self._put(2, [{value: self._text_sql(column, text)}])
            case Type.FLAG:
                self._put(2, [{value: f"c{numbers[0]}" if native == "BOOLEAN" else flag_sql(text)}])
            case Type.INSTANT | Type.DAY if native in ("TIMESTAMP", "DATE"):
                self._put(
                    2, native_instant_steps(value, f"c{numbers[0]}", zone=self.zone, is_day=column.type is Type.DAY)
                )
            case Type.INSTANT | Type.DAY:
                self._put(2, instant_steps(value, text, form, zone=self.zone, is_day=column.type is Type.DAY))
            case Type.MONEY:
                share = _MINOR[self.source.unit]
                steps = number_steps(
                    f"n_{name}" if share else value, text, form, kind="DECIMAL(24,4)" if share else column.type.value
                )
                scaled = f"TRY_CAST(n_{name} * CAST({share} AS DECIMAL(7,6)) AS DECIMAL(18,4))"
                self._put(2, [*steps, {value: scaled}] if share else steps)
            case Type.COUNT:  # the cast rounds: a total of fractions of conversions becomes the nearest whole one
                self._put(2, number_steps(value, text, form, kind="BIGINT", is_duration=column.unit == "seconds"))
            case Type.NUMBER:
                steps = number_steps(f"n_{name}", text, form, kind="DOUBLE")
                self._put(2, [*steps, {value: f"CASE WHEN isfinite(n_{name}) THEN n_{name} END"}])

    def _text_sql(self, column: Column, text: str) -> str:
        if column.identifier:
            return normalise_sql(column.identifier, text, self.country)
        if column.name == "currency":
            return currency_sql(text)
        if self.fact.name == "identity_link" and column.name.startswith("value_"):
            kind = f"w_kind_{column.name[-1]}"
            whens = " ".join(f"WHEN '{known}' THEN {normalise_sql(known, text, self.country)}" for known in KINDS)
            return f"CASE lower({kind}) {whens} END"
        return word_sql(self.fact, column.name, text)

    def _check(self, column: Column, header: str, place: int) -> None:
        name = column.name
        text, value = f"t_{name}", f"v_{name}"

        def problem(kind: str) -> Problem:
            return Problem(name, header, place, column.type, kind)

        if column.required:
            self.checks.append((f"{text} IS NULL", problem("empty")))
        if column.type is not Type.TEXT:
            unread = f"{text} IS NOT NULL AND {value} IS NULL"
            if doubtful := self._doubtful_sql(column):
                self.checks.append((f"{unread} AND {doubtful}", problem("ambiguous")))
            self.checks.append((unread, problem("unreadable")))
        elif column.required:
            self.checks.append((f"{text} IS NOT NULL AND {value} IS NULL", problem("unreadable")))
        if column.type in (Type.INSTANT, Type.DAY):
            cast = column.type.value
            ahead = _AHEAD if name == self.fact.at or name == "modified_at" else _PLANNED_AHEAD
            self.checks.append((f"{value} < {cast} '{EARLIEST:%Y-%m-%d}'", problem("early")))
            self.checks.append(
                (
                    f"{value} > {cast} '{self.latest + ahead:%Y-%m-%d %H:%M:%S}'".replace("DATE '", "TIMESTAMP '"),
                    problem("late"),
                )
            )
        if column.type is Type.COUNT:
            self.checks.append((f"{value} < 0", problem("negative")))

    def _required_late(self) -> list[tuple[str, Problem]]:
        """A deal's date may come from its close: only where neither says anything is there a problem."""
        if self.fact.name != "deal" or "created_at" not in self.made.columns:
            return []
        ours = "created_at" if "created_at" in self.places else "closed_at"
        place = self.places[ours][0] if self.places.get(ours) else -1
        return [
            (
                "v_created_at IS NULL",
                Problem(ours, self.table.headers[place] if place >= 0 else "", place, Type.INSTANT, "empty"),
            )
        ]

    def _doubtful_sql(self, column: Column) -> str:
        """Whether a text reads two ways, where nothing in the column's sample told which."""
        form = self.formats.get(column.name)
        if form and column.type in (Type.INSTANT, Type.DAY) and not form.order:
            return f"regexp_matches(w_{column.name}, '{AMBIGUOUS_DATE}')"
        if form and column.type in (Type.MONEY, Type.NUMBER, Type.COUNT) and not form.decimal:
            return f"regexp_matches(w_{column.name}, '{AMBIGUOUS_NUMBER}')"
        return ""

    def _props(self) -> None:
        props = {
            ours.removeprefix("props."): numbers for ours, numbers in self.places.items() if ours.startswith("props.")
        }
        constants = self.source.constants.get("props") or {}
        if not props and not constants:
            return
        pairs = [
            f"{self._parameter(name)}, {'coalesce(' + ', '.join(clean_sql(f'CAST(c{place} AS VARCHAR)') for place in numbers) + ')'}"
            for name, numbers in props.items()
        ]
        pairs += [
            f"{self._parameter(name)}, {self._parameter(_constant_text(value))}" for name, value in constants.items()
        ]
        self.layers[0]["v_props"] = f"json_object({', '.join(pairs)})"
        self.made.columns.append("props")

    def _defaults(self) -> dict[str, str]:
        """Columns that the source does not map and that follow from what it says, as SQL."""
        have = set(self.made.columns)
        names = self.fact.column_by_name
        defaults: dict[str, str] = {}
        money = next((name for name in ("amount", "cost", "revenue") if name in have), "")
        if "currency" in names and "currency" not in have and money:
            text = f"w_{money}"
            simple = f"TRY_CAST({text} AS DECIMAL(18,4)) IS NOT NULL"
            defaults["currency"] = (
                f"CASE WHEN {text} IS NULL THEN NULL WHEN {simple} THEN '{self.business.currency}'"
                f" ELSE {currency_in_amount_sql(text, self.business.currency)} END"
            )
        return defaults

    def _auto_id(self) -> None:
        missing = next((part for part in self.fact.key if part in AUTO_IDS and part not in self.made.columns), "")
        if missing:
            self.made.auto_id = missing
            parts = [f"'{name}='||coalesce(CAST(v_{name} AS VARCHAR), chr(0))" for name in sorted(self.made.columns)]
            self.layers.append({f"v_{missing}": f"'auto-' || left(md5(concat_ws(chr(31), {', '.join(parts)})), 20)"})
            self.made.columns.append(missing)

    def _assemble(self) -> str:
        sql = f"({self.table.sql})"
        known: set[str] = set()
        for layer in filter(None, self.layers):
            new = ", ".join(f"{expression} AS {name}" for name, expression in layer.items() if name not in known)
            changed = ", ".join(f"{expression} AS {name}" for name, expression in layer.items() if name in known)
            replaced = f" REPLACE ({changed})" if changed else ""
            sql = f"(SELECT *{replaced}{', ' + new if new else ''} FROM {sql})"
            known |= layer.keys()
        cells = [f"c{place}" for place in range(len(self.table.headers))]
        self.made.problems = [problem for _, problem in self.checks]
        numbered = " ".join(f"WHEN {condition} THEN {number}" for number, (condition, _) in enumerate(self.checks, 1))
        sql = (
            f"(SELECT *, CASE {numbered} ELSE 0 END AS found FROM {sql})"
            if numbered
            else f"(SELECT *, 0 AS found FROM {sql})"
        )
        blank = f"coalesce({', '.join(f'CAST({cell} AS VARCHAR)' for cell in cells)}) IS NULL"
        totals = " OR ".join(
            f"regexp_matches(lower(CAST({cell} AS VARCHAR)), '{TOTALS}')" for cell in cells[:_FIRST_CELLS]
        )
        sql = f"(SELECT *, CASE WHEN found = 0 THEN 0 WHEN {blank} THEN -1 WHEN {totals} THEN -2 ELSE found END AS problem FROM {sql})"
        raw = ", ".join(
            f"{self._parameter(header)}, CAST({cell} AS VARCHAR)"
            for header, cell in zip(self.table.headers, cells, strict=True)
        )
        return f"SELECT *, CASE WHEN problem > 0 THEN CAST(json_object({raw}) AS VARCHAR) END AS raw FROM {sql}"


def _constant_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
