"""Clients by type (potential, real, loyal, regular) or by segment of recency, frequency and money.

A potential client has left a lead and not ordered; the others have ordered. All orders count, to the end of the data; the
question's period is of the first order, or of a potential client's first lead.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.money import quotient
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports._clients.customers import by_touch, customers_of, whole_number
from longfunnel.reports._clients.kinds import SEGMENTS, TYPES, TypeRules, scores, segments_of, types_of
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._engine.table import cut_columns
from longfunnel.reports._funnel.columns import metric_column, schema_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.reports._clients.customers import Customers
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_KINDS: Final = {"type": TYPES, "segment": SEGMENTS}
_RULES: Final = TypeRules()
_MOST: Final = 100_000


def answer(context: Context, question: Question) -> Answer:
    """One row per type or segment (and value of the cut)."""
    kind = _kind(question)
    customers = customers_of(context, by_touch(question))
    found = _sums(question, customers, kinds_of(question, customers)) if customers else {}
    question = by_touch(question)
    sql = customers.sql if customers else ""
    if kind == "type" and "leads" in context.connected:
        statement = _potential(context, question)
        sql = f"{statement.runnable()};\n\n{sql}" if sql else statement.runnable()
        for *cut, clients in context.connection.execute(statement.sql, statement.parameters).fetchall():
            found[(*cut, "potential")] = {"clients": clients, "orders": 0, "revenue": None, "silent": []}
    columns = _columns(context, question, kind)
    total = sum(row["clients"] for row in found.values())
    order = list(_KINDS[kind])
    keys = sorted(
        found, key=lambda key: (*((part is None, str(part or "")) for part in key[:-1]), order.index(key[-1]))
    )
    rows = [_row(question, kind, key, found[key], total, context) for key in keys]
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist([{c.name: row[c.name] for c in columns} for row in rows], schema_of(columns)),
        totals=_totals(list(found.values())) if found else {},
        caveats=caveats_of(context, question, [metrics()["revenue"]], []),
        freshness=freshness(context),
        sql=sql,
        cases={"aov": tuple(row["orders"] for row in rows), "median_days": tuple(row["clients"] for row in rows)},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _kind(question: Question) -> str:
    """How clients are sorted."""
    kind = question.option("kind") or "type"
    if kind not in _KINDS:
        raise QuestionError(must_be("kind", kind, _KINDS))
    return kind


def kinds_of(question: Question, customers: Customers) -> list[str]:
    """The type or segment of each customer, by the question's options. Raises QuestionError where one cannot be read."""
    rules = TypeRules(*(whole_number(question, name, getattr(_RULES, name), _MOST) for name in _RULES.__dict__))
    edges = {name: _edges(question, name) for name in ("recency", "frequency", "money")}
    orders, silent = _orders(customers), _silent(customers)
    if _kind(question) == "type":
        return types_of(orders, silent, rules)
    days = silent.astype(np.float64)
    fresh = 6 - scores(days, edges["recency"]) if edges["recency"] else scores(-days)
    revenue = customers.table.column("revenue").to_pylist()
    money = np.array([np.nan if sum_ is None else float(sum_) for sum_ in revenue])
    return segments_of(fresh, scores(orders.astype(np.float64), edges["frequency"]), scores(money, edges["money"]))


def _orders(customers: Customers) -> NDArray[np.int64]:
    return np.asarray(customers.table.column("orders").to_numpy(), dtype=np.int64)


def _silent(customers: Customers) -> NDArray[np.int64]:
    """Days since the last order of each customer."""
    last_on = customers.table.column("last_on").to_pylist()
    return np.array([(customers.ends_on - day).days for day in last_on], dtype=np.int64)


def _edges(question: Question, name: str) -> tuple[float, ...]:
    """Four rising numbers of an option, or none."""
    text = question.option(name)
    if not text:
        return ()
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != 4 or list(found) != sorted(set(found)):
        raise QuestionError(
            Text(
                "{name} is «{text}»; it is four rising numbers, as 30,90,180,365.",
                "{name}: нужны четыре числа по возрастанию, например 30,90,180,365, а не «{text}».",
            ).format(name=name, text=text)
        )
    return found


def _sums(question: Question, customers: Customers, kinds: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What each type or segment of those who have ordered comes to, by the cut."""
    table, orders, silent = customers.table, _orders(customers), _silent(customers)
    revenue = table.column("revenue").to_pylist()
    cut = [table.column(name).to_pylist() for name in [*question.by, *([question.grain] if question.grain else [])]]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for place in np.flatnonzero(customers.is_shown).tolist():
        key = (*(column[place] for column in cut), kinds[place])
        row = found.setdefault(key, {"clients": 0, "orders": 0, "revenue": None, "silent": []})
        row["clients"] += 1
        row["orders"] += int(orders[place])
        row["silent"].append(int(silent[place]))
        if revenue[place] is not None:
            row["revenue"] = (row["revenue"] or Decimal(0)) + revenue[place]
    return found


def potential_sql(context: Context, question: Question, parameters: Parameters) -> str:
    """SQL of the people who have left a lead and not ordered: person_id, created_at and created_on of their first lead, and its cut."""
    rows = scope(context, question, parameters, "leads", spans(question)[0])
    without = f"NOT EXISTS (FROM {context.table('orders')} AS r WHERE r.person_id = t.person_id)"
    columns = ["t.person_id", "t.created_at", "t.created_on", "t.lead_key", *rows.columns()]
    return f"""SELECT {", ".join(columns)}
{rows.from_where(more=("t.person_id IS NOT NULL", without))}
QUALIFY row_number() OVER (PARTITION BY t.person_id ORDER BY t.created_at NULLS LAST, t.lead_key) = 1"""


def _potential(context: Context, question: Question) -> Statement:
    """How many they are, by the cut."""
    parameters = Parameters()
    cut = [quoted(name) for name in [*question.by, *([question.grain] if question.grain else [])]]
    sql = f"""SELECT {"".join(f"{name}, " for name in cut)}count(*) AS clients
FROM (
{potential_sql(context, question, parameters)}
) {"GROUP BY ALL" if cut else "HAVING count(*) > 0"}"""
    return Statement(sql, parameters.values)


def _row(
    question: Question, kind: str, key: tuple[Any, ...], sums: dict[str, Any], total: int, context: Context
) -> dict[str, Any]:
    names = [*question.by, *([question.grain] if question.grain else [])]
    title = _KINDS[kind][key[-1]].to(context.settings.business.language)
    return (
        dict(zip(names, key, strict=False))
        | {kind: key[-1], "title": title, "clients_share": sums["clients"] / total}
        | {name: sums[name] for name in ("clients", "orders", "revenue")}
        | _derived(sums)
    )


def _totals(parts: list[dict[str, Any]]) -> dict[str, Any]:
    known = [part["revenue"] for part in parts if part["revenue"] is not None]
    sums = {
        "clients": sum(part["clients"] for part in parts),
        "orders": sum(part["orders"] for part in parts),
        "revenue": sum(known, Decimal(0)) if known else None,
        "silent": [days for part in parts for days in part["silent"]],
    }
    return {name: sums[name] for name in ("clients", "orders", "revenue")} | {"clients_share": 1.0} | _derived(sums)


def _derived(sums: dict[str, Any]) -> dict[str, Any]:
    return {
        "aov": quotient(sums["revenue"], sums["orders"]),
        "ltv": quotient(sums["revenue"], sums["clients"]),
        "median_days": float(np.median(sums["silent"])) if sums["silent"] else None,
    }


def _columns(context: Context, question: Question, kind: str) -> tuple[Column, ...]:
    currency = context.settings.business.currency

    def metric(
        name: str, title: Text, form: Any, meaning: Text, *, adds_up: bool = False, direction: Any = "up"
    ) -> Column:
        found = metric_column(name, title, form, meaning, direction, currency)
        return Column(**(found.__dict__ | {"adds_up": adds_up}))

    heading = Text("Type", "Тип") if kind == "type" else Text("Segment", "Сегмент")
    code = Text("The same, for machines.", "То же, для машин.")
    said = Text(
        "Potential: a lead, no order; real: has ordered; loyal: has ordered again; regular: often, and not long ago.",
        "Потенциальный: есть лид, нет заказа; реальный: заказал; лояльный: заказал снова; постоянный: часто и недавно.",
    )
    if kind == "segment":
        said = Text(
            "By scores 1–5 of how recently, how often and for how much they have ordered.",
            "По оценкам 1–5 давности, частоты и суммы заказов.",
        )
    return (
        *cut_columns(question),
        Column(kind, Text("Code", "Код"), "text", code, "dimension", is_code=True),
        Column("title", heading, "text", said, "dimension"),
        metric("clients", Text("Clients", "Клиенты"), "count", Text("People.", "Люди."), adds_up=True),
        metric("clients_share", Text("Share", "Доля"), "share", Text("Of all clients here.", "От всех клиентов здесь."), adds_up=True, direction="none"),
        metric("orders", Text("Orders", "Заказы"), "count", Text("All their orders.", "Все их заказы."), adds_up=True),
        metric("revenue", Text("Revenue", "Выручка"), "money", Text("Of all their orders.", "По всем их заказам."), adds_up=True),
        metric("aov", Text("Average order", "Средний чек"), "money", Text("Revenue / orders.", "Выручка / заказы.")),
        metric("ltv", Text("LTV to date", "LTV на сегодня"), "money", Text("Revenue / clients.", "Выручка / клиенты.")),
        metric(
            "median_days",
            Text("Days silent", "Дней тишины"),
            "days",
            Text("Median time since the last order.", "Медиана срока с последнего заказа."),
            direction="down",
        ),
    )  # fmt: skip


REPORT = Report(
    title=Text("Clients", "Клиенты"),
    meaning=Text(
        "Clients by type (potential, real, loyal, regular) or by RFM segment, with what they have brought.",
        "Клиенты по типам (потенциальные, реальные, лояльные, постоянные) или сегментам RFM и что они принесли.",
    ),
    answer=answer,
    basis="payment",
    options={
        "kind": Text("type or segment.", "type (типы) или segment (сегменты RFM)."),
        "loyal_orders": Text("Orders from which a client is loyal: 2.", "С какого числа заказов клиент лояльный: 2."),
        "regular_orders": Text("Orders from which a client is regular: 3.", "С какого числа заказов постоянный: 3."),
        "regular_days": Text(
            "Days at most since a regular client's last order: 365.",
            "Сколько дней самое большее прошло с последнего заказа постоянного: 365.",
        ),
        "recency": Text(
            "Four edges of the score in days since the last order, as 30,90,180,365; else fifths of the clients.",
            "Четыре границы оценки в днях с последнего заказа: 30,90,180,365; иначе пятые доли клиентов.",
        ),
        "frequency": Text("Four edges in orders, as 2,3,5,10.", "Четыре границы в заказах: 2,3,5,10."),
        "money": Text("Four edges in revenue.", "Четыре границы в выручке."),
        "touch": Text(
            "Which touch says where they came from: first, last or last_non_direct.",
            "Какое касание говорит, откуда они: first, last или last_non_direct.",
        ),
    },
    refuses={
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "sort": Text("types and segments stand in their own order", "у типов и сегментов свой порядок"),
        "limit": Text("it shows all of them", "он показывает всё"),
    },
)
