"""Lifetime value: what customers have brought, and what they are expected to bring, by where they came from.

A customer is a person who has ordered; they stand where the first touch before their first order stands, and in the period of
that order. The models are fitted to all customers of the business, whoever is asked about.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from longfunnel.core.money import amount, quotient
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.models.lifetime import outlook
from longfunnel.reports._clients.customers import WEEK, by_touch, customers_of, group_codes, model_of, whole_number
from longfunnel.reports._clients.lifetime import SEED, fit_customers
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.table import cut_columns, with_few_cases
from longfunnel.reports._funnel.columns import metric_column, schema_of

if TYPE_CHECKING:
    from longfunnel.models.lifetime import Outlook
    from longfunnel.reports._clients.customers import Customers
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_USUAL_DAYS, _MOST_DAYS = 365, 1825


def answer(context: Context, question: Question) -> Answer:
    """One row per value of the cut, by default per channel; the total is of all customers asked about."""
    days = whole_number(question, "days", _USUAL_DAYS, _MOST_DAYS)
    model, question = model_of(question), by_touch(question)
    customers = customers_of(context, question)
    columns = _columns(context, question, days)
    rows: list[dict[str, Any]] = []
    totals: dict[str, Any] = {}
    caveats: tuple[Caveat, ...] = ()
    if customers is not None:
        rows, totals, caveats = _predicted(context, question, customers, model, days)
    shown = _sorted(question, rows)
    names = [column.name for column in columns if column.kind == "metric"]
    counted = ("ltv", "alive_share", "expected_orders", "predicted_ltv")
    return with_few_cases(
        Answer(
            report=question.report,
            question=question,
            columns=columns,
            table=pa.Table.from_pylist(
                [{column.name: row[column.name] for column in columns} for row in shown], schema_of(columns)
            ),
            totals={name: totals[name] for name in names} if totals else {},
            caveats=caveats_of(context, question, [metrics()["revenue"]], []) + caveats + _without_person(context),
            freshness=freshness(context),
            sql=customers.sql if customers else "",
            cases={name: tuple(row["customers"] for row in shown) for name in counted},
            total_cases=dict.fromkeys(counted, totals["customers"]) if totals else {},
            min_cases=context.settings.counting.min_cases,
            language=context.settings.business.language,
            title=REPORT.title,
        )
    )


def _predicted(
    context: Context, question: Question, customers: Customers, model: Any, days: int
) -> tuple[list[dict[str, Any]], dict[str, Any], tuple[Caveat, ...]]:
    """The rows, the total and what the models have to say."""
    cut = [*question.by, *([question.grain] if question.grain else [])]
    keys, codes = group_codes(customers.table, cut, customers.is_shown)
    fitted = fit_customers(context, customers, model)
    orders, revenue = (customers.table.column(name).to_pylist() for name in ("orders", "revenue"))
    rows = [dict(zip(cut, key, strict=True)) | {"customers": 0, "orders": 0, "revenue": None} for key in keys]
    total: dict[str, Any] = {"customers": 0, "orders": 0, "revenue": None}
    for place in np.flatnonzero(codes >= 0):
        for row in (rows[codes[place]], total):
            row["customers"] += 1
            row["orders"] += orders[place]
            if revenue[place] is not None:
                row["revenue"] = (row["revenue"] or Decimal(0)) + revenue[place]
    found = None
    if fitted.purchases is not None and keys:
        worth = None if fitted.worth is None else (fitted.worth, customers.values)
        found = outlook(
            model, fitted.purchases, customers.histories, codes, len(rows), days / WEEK, np.random.default_rng(SEED), worth=worth
        )  # fmt: skip
    for number, row in enumerate([*rows, total]):
        row["ltv"] = quotient(row["revenue"], row["customers"])
        row.update(dict.fromkeys(_AHEAD))
        if found is not None:
            _ahead(row, found, number, customers.valued_share)
    return rows, total, fitted.caveats


_AHEAD = (
    "alive_share", "alive_low", "alive_high", "expected_orders", "orders_low", "orders_high",
    "expected_revenue", "predicted_ltv", "predicted_low", "predicted_high",
)  # fmt: skip


def _ahead(row: dict[str, Any], found: Outlook, place: int, valued_share: float) -> None:
    """What the models say of one row."""
    for share, name, spread in (("alive_share", "alive", found.alive), ("expected_orders", "orders", found.orders)):
        per = row["customers"] if name == "alive" else 1
        row[share] = float(spread.mean[place]) / per
        row[f"{name}_low"], row[f"{name}_high"] = float(spread.low[place]) / per, float(spread.high[place]) / per
    if found.money is not None:
        ahead = [
            _money(float(part[place]) * valued_share) for part in (found.money.mean, found.money.low, found.money.high)
        ]
        row["expected_revenue"] = ahead[0]
        sums = [quotient((row["revenue"] or Decimal(0)) + part, row["customers"]) for part in ahead]
        row["predicted_ltv"], row["predicted_low"], row["predicted_high"] = sums


def _money(value: float) -> Decimal:
    """An estimate as an amount."""
    return amount(f"{value:.4f}")


def _sorted(question: Question, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if question.grain:
        rows = sorted(rows, key=lambda row: (row[question.grain] is None, row[question.grain] or 0, -row["customers"]))
    else:
        rows = sorted(rows, key=lambda row: -row["customers"])
    return rows[: question.limit] if question.limit else rows


def _without_person(context: Context) -> tuple[Caveat, ...]:
    (count,) = context.one(
        f"SELECT count(*) FROM {context.table('orders')} WHERE person_id IS NULL OR ordered_on IS NULL", {}
    )
    said = Text(
        "Orders without a person or a date, which belong to no customer here: {n}.",
        "Заказов без человека или без даты, которые здесь не относятся ни к одному клиенту: {n}.",
    )
    return (Caveat("without_person", said.format(n=count), count),) if count else ()


def _columns(context: Context, question: Question, days: int) -> tuple[Column, ...]:
    currency = context.settings.business.currency

    def metric(name: str, title: Text, form: Any, meaning: Text, *, adds_up: bool = False, up: bool = True) -> Column:
        found = metric_column(name, title, form, meaning, "up" if up else "none", currency)
        return Column(**(found.__dict__ | {"adds_up": adds_up}))

    low, high = Text("… at least", "… не меньше"), Text("… at most", "… не больше")
    ends = [Text("Lower end of the 90 % interval.", "Нижняя граница 90-процентного интервала."),
            Text("Upper end of the 90 % interval.", "Верхняя граница 90-процентного интервала.")]  # fmt: skip

    def interval(name: str, form: str) -> tuple[Column, Column]:
        return (
            metric(f"{name}_low", low, form, ends[0], up=False),
            metric(f"{name}_high", high, form, ends[1], up=False),
        )

    ahead = {"n": days}
    return (
        *cut_columns(question),
        metric("customers", Text("Customers", "Клиенты"), "count", Text("People who have ordered.", "Люди, которые сделали заказ."), adds_up=True),
        metric("orders", Text("Orders", "Заказы"), "count", Text("All their orders.", "Все их заказы."), adds_up=True),
        metric("revenue", Text("Revenue", "Выручка"), "money", Text("Of all their orders.", "По всем их заказам."), adds_up=True),
        metric("ltv", Text("LTV to date", "LTV на сегодня"), "money", Text("Revenue / customers.", "Выручка / клиенты.")),
        metric(
            "alive_share",
            Text("Alive", "Активны"),
            "share",
            Text("Expected share of them who have not left for good.", "Ожидаемая доля тех, кто не ушёл насовсем."),
        ),
        *interval("alive", "share"),
        metric(
            "expected_orders",
            Text("Orders in {n} days", "Заказы за {n} дн").format(**ahead),
            "ratio",
            Text(
                "Expected further orders of these customers in the next {n} days; orders of one day are one.",
                "Ожидаемые новые заказы этих клиентов за следующие {n} дней; заказы одного дня — один.",
            ).format(**ahead),
            adds_up=True,
        ),
        *interval("orders", "ratio"),
        metric(
            "expected_revenue",
            Text("Revenue in {n} days", "Выручка за {n} дн").format(**ahead),
            "money",
            Text("Expected further orders at their expected value.", "Ожидаемые новые заказы по ожидаемой сумме."),
            adds_up=True,
        ),
        metric(
            "predicted_ltv",
            Text("Predicted LTV", "Прогноз LTV"),
            "money",
            Text(
                "(Revenue + expected revenue of the next {n} days) / customers.",
                "(Выручка + ожидаемая выручка следующих {n} дней) / клиенты.",
            ).format(**ahead),
        ),
        *interval("predicted", "money"),
    )  # fmt: skip


REPORT = Report(
    title=Text("Lifetime value", "Ценность клиентов (LTV)"),
    meaning=Text(
        "What customers have brought and are expected to bring, by the channel of their first touch, by cohort or product.",
        "Сколько клиенты принесли и, по прогнозу, принесут: по каналу первого касания, когорте, продукту.",
    ),
    answer=answer,
    basis="payment",
    by=("channel",),
    options={
        "days": Text("How many days ahead: 365.", "На сколько дней вперёд: 365."),
        "purchases": Text("Model of purchases: bg_nbd or pareto_nbd.", "Модель покупок: bg_nbd или pareto_nbd."),
        "touch": Text(
            "Which touch says where they came from: first, last or last_non_direct.",
            "Какое касание говорит, откуда они: first, last или last_non_direct.",
        ),
    },
    refuses={
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text(
            "ask with a grain: cohorts are compared with one another",
            "задайте шаг времени: когорты сравниваются между собой",
        ),
        "sort": Text("the largest stand first", "сначала идут самые большие"),
    },
)
