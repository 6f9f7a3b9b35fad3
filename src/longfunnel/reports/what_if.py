"""What if: the forecast with a conversion, a price, the budget, the number of leads or the time in a stage changed, each alone and all together.

Every line is played from the same seed. A change of conversion multiplies the orders, one of price the revenue of each; more leads
arrive from now on, and walk on as the others; a stage that takes less time lets its deals go on as before, sooner.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.money import amount, show_number
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.models.fitting import FitError
from longfunnel.models.future import Change, spread, spread_of_orders, weekly
from longfunnel.models.response import Curve
from longfunnel.reports._clients.customers import whole_number
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._forecast.channel_weeks import channel_weeks
from longfunnel.reports._forecast.future import NO_WEEKS, future_of, past_of
from longfunnel.reports._forecast.pipeline_history import LEAD, WAITING, history_of
from longfunnel.reports._funnel.columns import metric_column, schema_of

if TYPE_CHECKING:
    from longfunnel.models.future import Past
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._forecast.pipeline_history import History

_PART = re.compile(r"([-+−]?)(\d+(?:[.,]\d+)?)\s*%")
_LEVERS: Final = {
    "cr1": Text("Conversion to an order", "Конверсия в заказ"),
    "price": Text("Price", "Цена"),
    "leads": Text("Leads", "Лиды"),
    "stage_time": Text("Time in stages", "Время на этапах"),
    "budget": Text("Budget", "Бюджет"),
}
_RECENT: Final = 8
"""Weeks that the spend and the arrivals of now are the mean of."""
_NOW, _ALL = Text("As it is", "Как есть"), Text("All together", "Всё вместе")


def answer(context: Context, question: Question) -> Answer:
    """One row for the forecast as it is, one for each change, and one for all of them together."""
    weeks = whole_number(question, "weeks", 13, 52)
    factors = {name: factor for name in _LEVERS if (factor := _factor(question, name)) is not None}
    if not factors:
        raise QuestionError(
            Text("Nothing is changed.", "Ничего не изменено."),
            hint=Text(
                "As --option cr1=+10% or --option stage_time=-20%.",
                "Например, --option cr1=+10% или --option stage_time=-20%.",
            ),
        )
    history = history_of(context, question)
    rows: list[dict[str, Any]] = []
    caveats: tuple[Caveat, ...] = (NO_WEEKS,)
    if history is not None:
        stages = _stages(context, question, history)
        _check_conversion(history, factors.get("cr1", 1.0))
        try:
            past = past_of(context, history)
            caveats = _caveats(factors)
            more = 1.0
            if "budget" in factors:
                more, said = _bought(context, question, past, factors["budget"])
                caveats += (said,)
            rows = _rows(context, history, past, factors, stages, more, weeks)
        except FitError:
            rows = []
    columns = _columns(context, weeks)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist([{c.name: row[c.name] for c in columns} for row in rows], schema_of(columns)),
        totals={},
        caveats=caveats_of(context, question, [metrics()["revenue"]], []) + caveats,
        freshness=freshness(context),
        sql=history.sql if history else "",
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _factor(question: Question, name: str) -> float | None:
    """``+10%`` as 1.1; None where the option is not given."""
    text = question.option(name).strip()
    if not text:
        return None
    found = _PART.fullmatch(text)
    part = float(found[2].replace(",", ".")) / 100 if found else 0.0
    factor = 1 - part if found and found[1] in ("-", "−") else 1 + part
    if found is None or not 0 < factor <= 10:
        raise QuestionError(
            Text(
                "{name} is «{text}»; it is a change in per cent, as +10% or -20%, above -100%.",
                "{name}: нужно изменение в процентах больше -100%, например +10% или -20%, а не «{text}».",
            ).format(name=name, text=text)
        )
    return factor


def _stages(context: Context, question: Question, history: History) -> list[int]:
    """The states whose time is changed: those of option ``stage``, or all stages of the CRM."""
    wanted, language = question.option("stage"), context.settings.business.language
    titles = [WAITING.to(language) if stage == LEAD else stage for _, stage in history.names]
    if not wanted:
        return [number for number, (_, stage) in enumerate(history.names) if stage != LEAD]
    found = [number for number, title in enumerate(titles) if title == wanted]
    if not found:
        raise QuestionError(
            Text("There is no stage «{wanted}».", "Этапа «{wanted}» нет.").format(wanted=wanted)
            + did_you_mean(wanted, titles),
            hint=Text("Stages: {names}.", "Этапы: {names}.").format(names=", ".join(dict.fromkeys(titles))),
        )
    return found


def _check_conversion(history: History, factor: float) -> None:
    """Raises QuestionError where more deals would be won than are closed."""
    target, stays = history.stays.target, history.stays
    won, lost = int((target == stays.won).sum()), int((target == stays.lost).sum())
    if won * factor > won + lost:
        raise QuestionError(
            Text(
                "cr1 is {change:+.0%}, and {won} of {closed} closed deals are won already: that many cannot be.",
                "cr1: {change:+.0%}, а из закрытых сделок ({closed}) уже выиграно {won}: столько выиграть нельзя.",
            ).format(change=factor - 1, won=won, closed=won + lost)
        )


def _rows(
    context: Context,
    history: History,
    past: Past,
    factors: dict[str, float],
    stages: list[int],
    bought: float,
    weeks: int,
) -> list[dict[str, Any]]:
    """The forecast under no change, each change, and all."""
    language = context.settings.business.language
    asked: list[tuple[str, Text, dict[str, float]]] = [("now", _NOW, {})]
    asked += [(name, _LEVERS[name], {name: factor}) for name, factor in factors.items()]
    if len(factors) > 1:
        asked.append(("all", _ALL, factors))
    rows: list[dict[str, Any]] = []
    for name, title, changed in asked:
        times = tuple((state, changed["stage_time"]) for state in stages) if "stage_time" in changed else ()
        change = Change(times, changed.get("leads", 1.0) * (bought if "budget" in changed else 1.0))
        future = future_of(
            context, history, past, weeks, change
        )  # a conversion and a price only multiply what was played
        conversion = changed.get("cr1", 1.0)
        orders = future.orders.sum(axis=1) * conversion
        money = None if future.revenue is None else future.revenue.sum(axis=1) * conversion * changed.get("price", 1.0)
        words = ", ".join(
            f"{_LEVERS[lever].to(language)} {100 * (factor - 1):+.4g} %" for lever, factor in changed.items()
        )
        row: dict[str, Any] = {
            "lever": name,
            "title": f"{title.to(language)}: {words}" if name == "all" else words or title.to(language),
        }
        row |= dict(zip(("expected_orders", "orders_low", "orders_high"), spread_of_orders(orders), strict=True))
        parts = [None] * 3 if money is None else [amount(f"{value:.4f}") for value in spread(money)]
        row |= dict(zip(("expected_revenue", "revenue_low", "revenue_high"), parts, strict=True))
        base = rows[0] if rows else row
        row["orders_gain"] = row["expected_orders"] - base["expected_orders"] if rows else None
        row["revenue_gain"] = row["expected_revenue"] - base["expected_revenue"] if rows and money is not None else None
        rows.append(row)
    return rows


def _bought(context: Context, question: Question, past: Past, factor: float) -> tuple[float, Caveat]:
    """By how much more leads come when every channel that has a curve of spend is given ``factor`` times its spend, and how sure."""
    weeks = channel_weeks(context, msgspec.structs.replace(question, by=("channel",), basis="touch", options=()))
    curves = {name: curve for name, curve in weeks.curves.items() if isinstance(curve, Curve)}
    more, drawn, cost = 0.0, np.zeros(0), 0.0
    for channel in weeks.channels:
        curve, spend = curves.get(channel.name), float(channel.spend[-_RECENT:].mean()) if len(channel.spend) else 0.0
        if curve is not None:
            more += curve.brings(spend * factor) - curve.brings(spend)
            gain = curve.brings_drawn(spend * factor) - curve.brings_drawn(spend)
            drawn = gain if not len(drawn) else drawn + gain
            cost += spend * (factor - 1)
    if not curves:
        said = Text(
            "No channel's history carries a curve of spend: what another budget would bring is not known, and the line shows no change.",
            "Ни по одному каналу нельзя построить кривую расхода: что даст другой бюджет, неизвестно, и строка не меняется.",
        )
        return 1.0, Caveat("no_curve", said)
    low, high = np.quantile(drawn, [0.05, 0.95])
    said = Text(
        "The budget changes by {cost} {currency} a week in {names}, and leads by {more} a week (90 %: {low} … {high}), "
        "by their curves; its cost is not taken off the revenue.",
        "Бюджет меняется на {cost} {currency} в неделю ({names}), лиды — на {more} в неделю (90 %: {low} … {high}) по "
        "кривым каналов; сам расход из выручки не вычтен.",
    ).format(
        cost=_number(cost, 0), currency=context.settings.business.currency, names=", ".join(curves),
        **{name: _number(value, 1) for name, value in (("more", more), ("low", low), ("high", high))},
    )  # fmt: skip
    a_week = float(weekly(past.arrivals, 0.0)[-_RECENT:].mean())
    return max(1 + more / a_week, 0.01), Caveat("budget_by_curves", said)


def _number(value: float, places: int) -> Text:
    """A number as each language writes it."""
    return Text(show_number(value, "en", places=places), show_number(value, "ru", places=places))


def _caveats(factors: dict[str, float]) -> tuple[Caveat, ...]:
    said = Text(
        "All else stays as it was: a price does not frighten anyone off here, and more leads are as good as those before.",
        "Остальное остаётся прежним: цена здесь никого не отпугивает, а новые лиды не хуже прежних.",
    )
    return (Caveat("all_else_equal", said),) if {"price", "leads"} & set(factors) else ()


def _columns(context: Context, weeks: int) -> tuple[Column, ...]:
    currency = context.settings.business.currency
    low, high = Text("… at least", "… не меньше"), Text("… at most", "… не больше")
    lower = Text("Lower end of the 90 % interval.", "Нижняя граница 90-процентного интервала.")
    upper = Text("Upper end of the 90 % interval.", "Верхняя граница 90-процентного интервала.")
    against = Text("Against the forecast as it is.", "Против прогноза «как есть».")

    def metric(name: str, title: Text, form: Any, meaning: Text, direction: Any = "up") -> Column:
        return metric_column(name, title, form, meaning, direction, currency)

    said = Text("Expected in the next {n} weeks.", "Ожидается за следующие {n} нед.").format(n=weeks)
    code = Column(
        "lever", Text("Code", "Код"), "text", Text("The same, for machines.", "То же, для машин."), "dimension"
    )
    return (
        replace(code, is_code=True),
        Column(
            "title", Text("What is changed", "Что меняется"), "text", Text("The change.", "Изменение."), "dimension"
        ),
        metric("expected_orders", Text("Orders", "Заказы"), "ratio", said),
        metric("orders_low", low, "count", lower, "none"),
        metric("orders_high", high, "count", upper, "none"),
        metric("orders_gain", Text("Orders gained", "Прирост заказов"), "ratio", against),
        metric("expected_revenue", Text("Revenue", "Выручка"), "money", said),
        metric("revenue_low", low, "money", lower, "none"),
        metric("revenue_high", high, "money", upper, "none"),
        metric("revenue_gain", Text("Revenue gained", "Прирост выручки"), "money", against),
    )


_CHANGE = Text("as +10% or -20%", "например +10% или -20%")

REPORT = Report(
    title=Text("What if", "Что, если"),
    meaning=Text(
        "The forecast with a conversion, a price, the budget, the number of leads or the time in a stage changed.",
        "Прогноз при другой конверсии, цене, бюджете, числе лидов или времени на этапе.",
    ),
    answer=answer,
    basis="lead",
    options={
        "weeks": Text("How many weeks ahead: 13.", "На сколько недель вперёд: 13."),
        "cr1": Text("Change of the conversion to orders, {how}.", "Изменение конверсии в заказ, {how}.").format(
            how=_CHANGE
        ),
        "price": Text("Change of the price, {how}.", "Изменение цены, {how}.").format(how=_CHANGE),
        "leads": Text("Change of how many leads come, {how}.", "Изменение числа лидов, {how}.").format(how=_CHANGE),
        "budget": Text(
            "Change of the spend of every channel whose history carries a curve, {how}.",
            "Изменение расхода каждого канала, по истории которого строится кривая, {how}.",
        ).format(how=_CHANGE),
        "stage_time": Text("Change of the time in stages, {how}.", "Изменение времени на этапах, {how}.").format(
            how=_CHANGE
        ),
        "stage": Text(
            "Whose time changes; all stages unless named.", "Время какого этапа меняется; если не назван — всех."
        ),
    },
    refuses={
        "since": Text(
            "it looks ahead from the end of the data, or from as_of", "он смотрит вперёд от конца данных или от as_of"
        ),
        "until": Text("option weeks says how far", "горизонт задаёт weeks"),
        "filters": Text("it is about the whole business", "он обо всём бизнесе"),
        "by": Text("its rows are the changes", "его строки — изменения"),
        "grain": Text("its rows are the changes", "его строки — изменения"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("its rows are compared with one another", "его строки и так сравниваются между собой"),
        "sort": Text("the changes stand in their own order", "у изменений свой порядок"),
        "limit": Text("it shows all rows", "он показывает все строки"),
    },
)
