"""Forecast: orders and revenue of the weeks ahead, from the deals that are open, the leads that wait and those still to come.

Open deals walk on through the stages from the age they have; won, lost and still open compete. New leads and deals come as
exponential smoothing expects them. Everything is played some hundred times from a fixed seed, and tried on the past.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from longfunnel.core.calendar import day_in_zone
from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.money import amount
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.models.fitting import FitError
from longfunnel.models.future import WEEK, spread, spread_of_orders, weekly
from longfunnel.reports._clients.customers import whole_number
from longfunnel.reports._engine.answer import Answer
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._forecast.columns import columns_of
from longfunnel.reports._forecast.future import (
    NO_WEEKS,
    caveats_of_history,
    caveats_of_trials,
    future_of,
    past_of,
    trials_of,
)
from longfunnel.reports._forecast.open_deals import open_rows
from longfunnel.reports._forecast.pipeline_history import history_of
from longfunnel.reports._funnel.columns import schema_of

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.models.future import Past, Trial
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._forecast.pipeline_history import History

_VIEWS: Final = ("weeks", "past", "pipeline", "backtest")
_WEEKS: Final = 8
_MOST_WEEKS: Final = 52


def answer(context: Context, question: Question) -> Answer:
    """One row per week ahead; or, by option ``view``, per week that has passed, per stage of open deals, or per forecast of the past."""
    weeks = whole_number(question, "weeks", _WEEKS, _MOST_WEEKS)
    view = question.option("view") or "weeks"
    if view not in _VIEWS:
        raise QuestionError(must_be("view", view, _VIEWS))
    if view != "pipeline" and (question.by or question.filters):
        raise QuestionError(
            Text("Weeks are forecast for the whole business.", "Прогноз по неделям — на весь бизнес целиком."),
            hint=Text(
                "Cut and filter the open deals: view=pipeline.",
                "Делите и фильтруйте открытые сделки: view=pipeline.",
            ),
        )
    history = history_of(context, question)
    columns = columns_of(context, question, view, weeks)
    rows: list[dict[str, Any]] = []
    caveats: tuple[Any, ...] = (NO_WEEKS,)
    totals: dict[str, Any] = {}
    if history is not None:
        past = past_of(context, history)
        known = len(weekly(past.arrivals, 0.0))
        first = day_in_zone(history.now, context.settings.business.zone) + timedelta(days=1)
        if view == "past":
            rows, caveats = _came(past, first, weeks), ()
        elif view == "pipeline":
            cut = [name for name in question.by if name not in ("pipeline", "stage")]
            rows, caveats = open_rows(context, history, past, cut, weeks), caveats_of_history(history, known)[1:]
        else:
            trials = trials_of(context, history, past, weeks)
            if view == "backtest":
                rows = [_tried(first, trial, weeks) for trial in trials]
            else:
                rows, totals = _ahead(context, history, past, first, weeks)
            if rows:
                caveats = caveats_of_trials(trials, weeks) + caveats_of_history(history, known)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist([{c.name: row[c.name] for c in columns} for row in rows], schema_of(columns)),
        totals=totals,
        caveats=caveats_of(context, question, [metrics()["revenue"]], []) + caveats,
        freshness=freshness(context),
        sql=history.sql if history else "",
        cases={"won_share": tuple(row["deals"] for row in rows)} if view == "pipeline" else {},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _came(past: Past, first: date, weeks: int) -> list[dict[str, Any]]:
    """The weeks before ``first`` as they were, the earliest first; none before the first order."""
    weeks = min(weeks, int(-past.ordered.min() // WEEK)) if len(past.ordered) else 0
    orders, revenue = past.came(-WEEK * weeks, weeks)
    is_known = not np.isnan(past.revenue).all()
    return [
        {
            "week": first - timedelta(days=7 * (weeks - week)),
            "orders": int(orders[week]),
            "revenue": amount(f"{revenue[week]:.4f}") if is_known else None,
        }
        for week in range(weeks)
    ]


def _ahead(
    context: Context, history: History, past: Past, first: date, weeks: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The weeks from the day ``first``, and all of them together; nothing where too little is known."""
    try:
        future = future_of(context, history, past, weeks)
    except FitError:
        return [], {}

    def row(chosen: slice) -> dict[str, Any]:
        mean, low, high = spread_of_orders(future.orders[:, chosen].sum(axis=1))
        found: dict[str, Any] = {"expected_orders": mean, "orders_low": low, "orders_high": high}
        for name in ("open", "new", "direct"):
            found[f"{name}_orders"] = float(getattr(future, name)[:, chosen].sum(axis=1).mean())
        money = None if future.revenue is None else spread(future.revenue[:, chosen].sum(axis=1))
        return found | _money(money)

    rows = [{"week": first + timedelta(days=7 * week)} | row(slice(week, week + 1)) for week in range(weeks)]
    return rows, row(slice(None))


def _tried(first: date, trial: Trial, weeks: int) -> dict[str, Any]:
    """One forecast of the past."""
    orders = dict(zip(("expected_orders", "orders_low", "orders_high"), trial.orders, strict=True))
    known = trial.revenue is not None
    return (
        {"week": first + timedelta(days=int(trial.since))}
        | orders
        | {"orders": int(trial.came), "weeks_within": trial.weeks_within / weeks}
        | _money(trial.revenue)
        | {"revenue": amount(f"{trial.brought:.4f}") if known else None}
    )


def _money(parts: tuple[float, float, float] | None) -> dict[str, Any]:
    names = ("expected_revenue", "revenue_low", "revenue_high")
    return {name: None if parts is None else amount(f"{parts[n]:.4f}") for n, name in enumerate(names)}


REPORT = Report(
    title=Text("Forecast", "Прогноз"),
    meaning=Text(
        "Orders and revenue of the weeks ahead, from open deals and leads still to come, tried on the past.",
        "Заказы и выручка следующих недель: из открытых сделок и будущих лидов, с проверкой на прошлом.",
    ),
    answer=answer,
    basis="lead",
    options={
        "weeks": Text("How many weeks ahead: 8.", "На сколько недель вперёд: 8."),
        "view": Text(
            "weeks; past: the weeks before, as they were; pipeline: open deals by stage and cut; backtest: forecasts of the past.",
            "weeks — недели; past — прошедшие недели, как они были; pipeline — открытые сделки по этапам и разрезу; "
            "backtest — прогнозы прошлого.",
        ),
    },
    refuses={
        "since": Text(
            "it looks ahead from the end of the data, or from as_of", "он смотрит вперёд от конца данных или от as_of"
        ),
        "until": Text("option weeks says how far", "горизонт задаёт weeks"),
        "grain": Text("its rows are weeks", "его строки — недели"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("view=backtest compares with what came", "с тем, что вышло, сравнивает view=backtest"),
        "sort": Text("weeks and stages stand in their own order", "у недель и этапов свой порядок"),
        "limit": Text("it shows all rows", "он показывает все строки"),
    },
)
