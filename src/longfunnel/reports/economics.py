"""Economics: what a channel, campaign, product, manager or cohort costs, earns and returns; when it pays back; what the last spend brought."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from longfunnel.core.money import amount
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.reports._engine.table import answer_metrics, count
from longfunnel.reports._forecast.marginal import LEAST_WEEKS, last_tenth

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

Cut = tuple[Any, ...]
_MONEY = pa.decimal128(38, 4)
_SAID_MARGINAL = Text(
    "What the last tenth of spend brought is read off how weeks of more and of less spend differed: it went together, which "
    "does not prove that it was caused. Empty where spend has fewer than {weeks} weeks or hardly changed.",
    "Что принесла последняя десятая часть расхода, видно из разницы недель с большим и меньшим расходом: это связь, а "
    "не доказанная причина. Пусто, если недель с расходом меньше {weeks} или он почти не менялся.",
)

_SAID_GRAIN = Text(
    "The last tenth of spend is known for the whole only: it takes many weeks to see, and one week or month of buyers has too few.",
    "Последняя десятая часть расхода известна только в целом: она видна по многим неделям, а в одной неделе или месяце их слишком мало.",
)


def answer(context: Context, question: Question) -> Answer:
    """The metrics by the cut, then the month of payback and the last tenth of spend beside each row and the total."""
    whole = answer_metrics(context, question, [context.metrics[name] for name in question.metrics])
    cut = _cut(question)
    costs = _costs(context, question)
    payback, sql = _payback(context, question, costs)
    marginal = _marginal(context, question)
    cuts = [tuple(row[name] for name in cut) for row in whole.rows]
    table, totals = whole.table, dict(whole.totals)
    columns = _columns(context.settings.business.currency)
    values = {place: [payback.get(place), *marginal.get(place, _NOTHING)] for place in {*cuts, None}}
    for place, column in enumerate(columns):
        kind = {"count": pa.int64(), "money": _MONEY, "share": pa.float64()}[column.format]
        table = table.append_column(column.name, pa.array([values[one][place] for one in cuts], kind))
        totals[column.name] = values[None][place]
    said = [Caveat("last_tenth", _SAID_MARGINAL.format(weeks=LEAST_WEEKS))]
    if question.grain:
        said.append(Caveat("last_tenth_of_total", _SAID_GRAIN))
    return replace(
        whole,
        columns=(*whole.columns, *columns),
        table=table,
        totals=totals,
        caveats=(*whole.caveats, *said),
        sql=f"{whole.sql};\n\n-- months of payback\n{sql}",
    )


_NOTHING: list[Any] = [None, None, None, None]


def _cut(question: Question) -> list[str]:
    """The columns that say which row is meant: the breakdown, then time."""
    return [*question.by, *([question.grain] if question.grain else [])]


def _costs(context: Context, question: Question) -> dict[Cut | None, Decimal | None]:
    """The cost by the cut; by None, of everything."""
    plain = msgspec.structs.replace(question, metrics=("cost",), sort="", limit=0, compare="")
    counted = count(context, plain, [metrics()["cost"]])
    found: dict[Cut | None, Decimal | None] = {None: counted.totals["cost"]}
    for row in counted.table.to_pylist() if _cut(question) else []:
        found[tuple(row[name] for name in _cut(question))] = row["cost"]
    return found


def _payback(
    context: Context, question: Question, costs: dict[Cut | None, Decimal | None]
) -> tuple[dict[Cut | None, int], str]:
    """The month of a buyer's life, from the first order, by which the margin of all buyers together had covered the cost."""
    if "orders" not in context.connected:
        return {}, ""
    parameters = Parameters()
    plain = msgspec.structs.replace(question, compare="")
    rows = scope(context, plain, parameters, "buyers", spans(plain)[0])
    share = " * c.share" if rows.in_shares() else ""
    cut = [quoted(name) for name in _cut(question)]
    columns = "".join(f"{column}, " for column in rows.columns())
    statement = Statement(
        f"""SELECT {"".join(f"{name}, " for name in cut)}age, sum(margin) AS margin FROM (
SELECT {columns}greatest(date_sub('month', t.ordered_at, a.ordered_at), 0) AS age,
  (a.revenue - coalesce(a.cost_of_goods, 0)){share} AS margin
{rows.from_where(joins=f"JOIN {context.table('orders')} AS a ON coalesce(a.person_id, a.order_key) = coalesce(t.person_id, t.order_key)")}
) GROUP BY ALL ORDER BY age""",
        parameters.values,
    )
    months: dict[Cut | None, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for *place, age, margin in context.connection.execute(statement.sql, statement.parameters).fetchall():
        if age is not None and margin is not None:
            months[tuple(place)][age] += amount(str(margin))
            months[None][age] += amount(str(margin))
    found: dict[Cut | None, int] = {}
    for place_of, margins in months.items():
        cost, ages = costs.get(place_of), sorted(margins)
        sums = list(accumulate(margins[one] for one in ages))
        paid = [one for one, total in zip(ages, sums, strict=True) if cost and total >= cost]
        if paid:
            found[place_of] = paid[0] + 1
    return found, statement.runnable()


def _marginal(context: Context, question: Question) -> dict[Cut | None, list[Any]]:
    """What the last tenth of spend brought by the cut; by None, of everything: money, its bounds, and the return.

    It is read off many weeks together, so where the rows are weeks or months, only the total has one.
    """
    if "orders" not in context.connected:
        return {}
    plain = msgspec.structs.replace(question, metrics=("cost", "margin"), sort="", limit=0, compare="", grain="week")
    found: dict[Cut | None, list[Any]] = {}
    for by in {(), question.by} if not question.grain else {()}:
        counted = count(context, msgspec.structs.replace(plain, by=by), [metrics()["cost"], metrics()["margin"]])
        weeks: dict[Cut, list[tuple[float, float]]] = defaultdict(list)
        for row in counted.table.to_pylist():
            if row["week"] is not None:
                weeks[tuple(row[name] for name in by)].append((float(row["cost"] or 0), float(row["margin"] or 0)))
        for place, pairs in weeks.items():
            history = np.array(pairs)
            if last := last_tenth(history[:, 0], history[:, 1]):
                money = [amount(str(round(value, 4))) for value in (last.brought, last.low, last.high)]
                found[place] = [*money, last.brought / last.spent - 1]
                if not by:
                    found[None] = found[place]
    return found


def _columns(currency: str) -> list[Column]:
    def money(name: str, title: Text, meaning: Text) -> Column:
        return Column(name, title, "money", meaning, "metric", "up", currency, adds_up=False)

    return [
        Column(
            "payback_month",
            Text("Pays back in month", "Окупается на месяц"),
            "count",
            Text(
                "The month from the first order by which the margin of the buyers had covered the cost. Empty: not yet, or no cost.",
                "Месяц от первого заказа, к которому маржа покупателей покрыла расход. Пусто: ещё нет или расхода нет.",
            ),
            "metric",
            "down",
            "count",
            adds_up=False,
        ),
        money(
            "last_tenth",
            Text("Last 10 % of spend brought", "Последние 10 % расхода принесли"),
            Text(
                "How much less margin there would have been with a tenth less spend, by the history of weeks.",
                "Насколько меньше было бы маржи при расходе на десятую часть меньше, по истории недель.",
            ),
        ),
        money(
            "last_tenth_low",
            Text("… at least", "… не меньше"),
            Text("Lower bound of the 90 % interval.", "Нижняя граница 90-процентного интервала."),
        ),
        money(
            "last_tenth_high",
            Text("… at most", "… не больше"),
            Text("Upper bound of the 90 % interval.", "Верхняя граница 90-процентного интервала."),
        ),
        Column(
            "last_tenth_romi",
            Text("ROMI of the last 10 %", "ROMI последних 10 %"),
            "share",
            Text("(What it brought − what it cost) / what it cost.", "(Принесли − стоили) / стоили."),
            "metric",
            "up",
            "share",
            adds_up=False,
        ),
    ]


REPORT = Report(
    title=Text("Economics", "Экономика"),
    meaning=Text(
        "What each channel, campaign, product, manager or cohort costs, earns and returns; when it pays back; what the last "
        "tenth of spend brought.",
        "Сколько стоит, зарабатывает и возвращает каждый канал, кампания, товар, менеджер или когорта; когда окупается; "
        "что принесла последняя десятая часть расхода.",
    ),
    answer=answer,
    basis="lead",
    metrics=(
        "cost",
        "orders",
        "revenue",
        "cost_of_goods",
        "margin",
        "margin_share",
        "refunds",
        "refund_share",
        "profit",
        "romi",
        "drr",
        "new_buyers",
        "cac",
        "ltv",
        "ltv_to_cac",
        "rpl",
    ),
    by=("channel",),
    in_shares=True,
)
