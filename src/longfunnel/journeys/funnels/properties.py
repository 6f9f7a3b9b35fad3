"""What is known of an event besides its act: its amount, where its person came from, the columns of the fact behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.step_language import Condition
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import duckdb
    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.step_language import Act

ORIGIN: Final = (
    "channel", "source", "medium", "campaign", "campaign_id", "content", "term", "ad_group", "ad", "landing_page",
    "referrer_host", "click_id", "is_paid", "is_direct",
)  # fmt: skip
"""Properties of where the person came from."""

TABLES: Final = {
    "visit": "visits", "lead": "leads", "deal": "deals", "stage": "deals", "order": "orders", "payment": "orders", "refund": "orders",
}  # fmt: skip
"""By kind: the derived table whose row is behind an event."""

CREDITED: Final = {
    "lead": "lead",
    "deal": "deal",
    "stage": "deal",
    "order": "order",
    "payment": "order",
    "refund": "order",
}
"""Kinds whose origin is that of the touch which earned the credit; the others have the origin of the visit they stand under."""

HELD: Final = {"lead": "lead_key", "deal": "deal_key", "order": "order_key"}
"""What can be held equal across steps besides properties: the lead, the deal, the order."""

_VARIANTS: Final = {
    ("lead", "qualified"): Condition("is_qualified", "=", ("true",)),
    ("order", "first"): Condition("is_repeat", "=", ("false",)),
    ("order", "repeat"): Condition("is_repeat", "=", ("true",)),
}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_OWN = re.compile(r"^(.*_key|.*_hash|import_id|recorded_at|props|visit_ref|fact_key|credited_.*)$")


@dataclass(frozen=True)
class Passing:
    """Which events of an alternative pass its conditions: sorted keys of facts and sorted ids of origins; None: all pass."""

    keys: NDArray[np.uint64] | None
    origins: NDArray[np.uint64] | None


@dataclass(frozen=True)
class Properties:
    """The properties of one business's events. ``column_of(name, table)`` gives the SQL of a dimension over a row ``t`` of a
    derived table, or over its origin ``o``; None where the dimension is not known there.
    """

    connection: duckdb.DuckDBPyConnection
    schema: str
    column_of: Callable[[str, str], str | None]
    as_of: datetime | None = None

    def is_origin(self, name: str) -> str:
        """SQL over ``o`` of a property of the origin, or an empty text for another property."""
        if name in ORIGIN:
            return f'o."{name}"'
        sql = self.column_of(name, "visits") or ""
        return sql if sql.startswith("o.") else ""

    def passing(self, act: Act, more: Iterable[Condition] = ()) -> Passing | None:
        """What passes the conditions of ``act``, and ``more`` of which unknown properties are let be; None: there are none.

        Raises:
            QuestionError: a condition names a property that events of this kind have not.
        """
        own = [*act.conditions, *([_VARIANTS[act.kind, act.variant]] if (act.kind, act.variant) in _VARIANTS else [])]
        if not own and not list(more):
            return None
        about_origin = [item for item in [*own, *more] if self.is_origin(item.name)]
        strict = [item for item in own if not self.is_origin(item.name)]
        lenient = [item for item in more if not self.is_origin(item.name)]
        return Passing(
            self._keys(act, strict, lenient) if strict or lenient else None,
            self._origins(about_origin) if about_origin else None,
        )

    def held_sql(self, name: str, kind: str) -> tuple[str, dict[str, Any]] | None:
        """As ``values_sql``, where ``lead``, ``deal`` and ``order`` name the thing itself."""
        if name not in HELD:
            return self.values_sql(name, kind)
        rows, bound = self._rows(kind)
        if HELD[name] not in self._columns(kind):
            return None
        return f"SELECT t.fact_key, CAST(t.{HELD[name]} AS VARCHAR) AS value FROM ({rows}) AS t", bound

    def values_sql(self, name: str, kind: str) -> tuple[str, dict[str, Any]] | None:
        """SELECT of ``fact_key, value`` (as text) of a property for events of a kind, and its bound values; None: not known."""
        rows, bound = self._rows(kind)
        value = self._value(name, kind, bound)
        return (f"SELECT t.fact_key, CAST({value} AS VARCHAR) AS value FROM ({rows}) AS t", bound) if value else None

    def known_names(self, kind: str) -> list[str]:
        """Names of the properties of a kind, for messages."""
        return sorted(
            {"amount", *ORIGIN, "props.NAME", *(name for name in self._columns(kind) if not _OWN.match(name))}
        )

    def _keys(self, act: Act, strict: list[Condition], lenient: list[Condition]) -> NDArray[np.uint64]:
        rows, bound = self._rows(act.kind)
        tests = []
        for number, item in enumerate([*strict, *lenient]):
            value = self._value(item.name, act.kind, bound)
            if value is None and number < len(strict):
                known = self.known_names(act.kind)
                raise QuestionError(
                    Text("«{act}»: a {kind} has no «{name}».", "«{act}»: у {kind} нет свойства «{name}».").format(
                        act=act, kind=act.kind, name=item.name
                    )
                    + did_you_mean(item.name, known),
                    hint=Text("It has: {names}.", "Есть: {names}.").format(names=", ".join(known)),
                )
            tests.append(condition_sql(item, value or "NULL", f"c{number}", bound))
        if act.kind == "event" and act.name and "*" not in act.name:  # spares reading the props of all other events
            tests.insert(0, "t.name = $event_name")
            bound["event_name"] = act.name
        table = self.connection.execute(
            f"SELECT DISTINCT t.fact_key FROM ({rows}) AS t WHERE {' AND '.join(tests)} ORDER BY 1", bound
        ).to_arrow_table()
        return np.asarray(table.column(0).to_numpy(), np.uint64)

    def _origins(self, conditions: list[Condition]) -> NDArray[np.uint64]:
        bound: dict[str, Any] = {}
        tests = [
            condition_sql(item, self.is_origin(item.name), f"c{number}", bound)
            for number, item in enumerate(conditions)
        ]
        table = self.connection.execute(
            f"""SELECT o.origin_id FROM (FROM "{self.schema}".origins UNION ALL BY NAME SELECT 0::UBIGINT AS origin_id) AS o
            WHERE {" AND ".join(tests)} ORDER BY 1""",
            bound,
        ).to_arrow_table()
        return np.asarray(table.column(0).to_numpy(), np.uint64)

    def _rows(self, kind: str) -> tuple[str, dict[str, Any]]:
        """SELECT of the rows behind events of a kind, with ``fact_key``."""
        live = f'"{self.schema}"'
        bound: dict[str, Any] = {}
        match kind:
            case "page" | "event":
                return "SELECT *, key_hash AS fact_key FROM facts.event", bound
            case "call" | "message":
                if self.as_of is not None:
                    bound["as_of"] = self.as_of
                return (
                    f"SELECT *, key_hash AS fact_key FROM ({current_sql(facts()[kind], as_of=self.as_of is not None)})",
                    bound,
                )
            case "stage":
                return (
                    f"""SELECT d.* EXCLUDE (stage, pipeline), e.stage, e.pipeline, e.stage_number, e.fact_key
                    FROM {live}.stage_entries e JOIN {live}.deals d ON d.deal_key = e.deal_key""",
                    bound,
                )
            case "payment" | "refund":
                return (
                    f"""SELECT o.*, p.payment_id, p.amount, p.currency, p.payment_key AS fact_key
                    FROM {live}.payments p LEFT JOIN {live}.orders o ON o.order_key = p.order_key""",
                    bound,
                )
            case _:
                return f"SELECT *, {TABLES[kind][:-1]}_key AS fact_key FROM {live}.{TABLES[kind]}", bound

    def _columns(self, kind: str) -> list[str]:
        rows, bound = self._rows(kind)
        return [
            column[0] for column in self.connection.execute(f"SELECT * FROM ({rows}) LIMIT 0", bound).description or ()
        ]

    def _value(self, name: str, kind: str, bound: dict[str, Any]) -> str | None:
        """SQL of a property over the row ``t`` of a kind; None where the kind has no such property."""
        if name == "amount":
            return self._amount(kind)
        if name.startswith("props."):
            pointer = "/" + name.removeprefix("props.").replace("~", "~0").replace("/", "~1")  # JSON Pointer, RFC 6901
            place = f"pointer{len(bound)}"
            bound[place] = pointer
            return f"json_extract_string(t.props, ${place})" if "props" in self._columns(kind) else None
        table = TABLES.get(kind)
        sql = self.column_of(name, table) if table else None
        if sql and not sql.startswith("o."):
            return sql
        if name in self._columns(kind) and not _OWN.match(name):
            return f't."{name}"'
        return None

    def _amount(self, kind: str) -> str | None:
        """SQL of the money in an event, in the business's currency."""
        match kind:
            case "deal" | "stage" | "payment" | "refund":
                return "t.amount"
            case "order":
                return "t.revenue"
            case "page" | "event":
                priced = f'SELECT amount FROM "{self.schema}".timeline a WHERE a.fact_key = t.fact_key AND a.amount IS NOT NULL'
                return f"(SELECT any_value(amount) FROM ({priced}))"
            case _:
                return None


def condition_sql(item: Condition, value: str, place: str, bound: dict[str, Any]) -> str:
    """SQL of a condition. An unknown value passes only ``unknown``, ``!=`` and ``!~``."""
    text = f"CAST({value} AS VARCHAR)"
    match item.op:
        case "known" | "unknown":
            return f"{value} IS {'NOT ' if item.op == 'known' else ''}NULL"
        case ">" | "<" | ">=" | "<=":
            bound[place] = float(item.values[0])
            return f"TRY_CAST({text} AS DOUBLE) {item.op} ${place}"
        case "=" | "!=":
            bound[place] = list(item.values)
            test = f"list_contains(${place}, {text})"
            if not item.name.startswith("props.") and all(map(_NUMBER.fullmatch, item.values)):
                bound[place + "n"] = [float(given) for given in item.values]
                test = f"({test} OR list_contains(${place}n, TRY_CAST({text} AS DOUBLE)))"
        case _:
            bound[place] = [given.lower() for given in item.values]
            how = "starts_with" if item.op == "^" else "contains"
            test = f"list_bool_or(list_transform(${place}, lambda s: {how}(lower({text}), s)))"
    return f"coalesce(NOT {test}, TRUE)" if item.op in ("!=", "!~") else f"coalesce({test}, FALSE)"
