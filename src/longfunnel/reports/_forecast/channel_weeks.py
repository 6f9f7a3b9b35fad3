"""What each channel spent and which leads it brought, week by week, and what one of its leads has been worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from longfunnel.models.fitting import FitError
from longfunnel.models.response import Curve, fit_curve
from longfunnel.reports._engine.remembered import remembered
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

    Floats = NDArray[np.float64]

SEED: Final = 19_790_401
TRIED: Final = 13
"""Weeks that advice is tried on."""


@dataclass(frozen=True)
class Channel:
    """One value of the cut: money and leads of each whole week, and what a lead has been worth; None where that is unknown."""

    name: str
    spend: Floats
    leads: Floats
    worth: float | None


@dataclass(frozen=True)
class Weeks:
    """The weeks, by their Mondays, and the channels that spent in them."""

    first: date | None
    count: int
    channels: list[Channel]
    sql: str

    @cached_property
    def curves(self) -> dict[str, Curve | str]:
        """Each channel's curve, or the code of the reason why it has none."""
        found: dict[str, Curve | str] = {}
        for channel in self.channels:
            if channel.worth is None:
                found[channel.name] = "no_worth"
                continue
            try:
                found[channel.name] = fit_curve(channel.spend, channel.leads, np.random.default_rng(SEED))
            except FitError as error:
                found[channel.name] = error.code
        return found

    @cached_property
    def earlier(self) -> Weeks:
        """All but the last TRIED of these weeks."""
        channels = [replace(c, spend=c.spend[:-TRIED], leads=c.leads[:-TRIED]) for c in self.channels]
        return Weeks(self.first, self.count - TRIED, channels, self.sql)


def channel_weeks(context: Context, question: Question) -> Weeks:
    """The whole weeks in which both spend and leads are known, cut by the question's one dimension."""
    asked = msgspec.structs.replace(question, report="budget", options=(), grain="", sort="", limit=0, metrics=())
    return remembered(context, ("weeks", msgspec.json.encode(asked)), lambda: _read(context, asked))


def _read(context: Context, question: Question) -> Weeks:
    weekly = msgspec.structs.replace(question, grain="week")
    (name,) = question.by
    found: dict[str, dict[tuple[str, date], float]] = {}
    shown = []
    ends: list[tuple[date, date]] = []
    for subject, sum_, day in (("spends", "sum(cost)", "day_on"), ("leads", "count(*)", "created_on")):
        parameters = Parameters()
        rows = scope(context, weekly, parameters, subject, spans(question)[0])
        cost = ", t.cost" if subject == "spends" else ""
        sql = f"""SELECT "{name}" AS name, week, {sum_}::DOUBLE AS value FROM (
SELECT {", ".join(rows.columns())}{cost}
{rows.from_where()}
) WHERE "{name}" IS NOT NULL AND week IS NOT NULL GROUP BY ALL HAVING value IS NOT NULL"""
        statement = Statement(sql, parameters.values)
        found[subject] = {
            (who, week): value
            for who, week, value in context.connection.execute(statement.sql, statement.parameters).fetchall()
        }
        shown.append(statement.runnable())
        ends.append(context.one(f"SELECT min({day}), max({day}) FROM {context.table(subject)}", {}))
    if not found["spends"] or not found["leads"]:
        return Weeks(None, 0, [], ";\n\n".join(shown))
    # a week in which the tracking of origins begins shows too few leads, so the weeks start after it
    ends.append((min(week for _, week in found["leads"]) + timedelta(days=7), ends[0][1]))
    first = max([first for first, _ in ends] + ([question.since] if question.since else []))
    last = min([last for _, last in ends] + ([question.until] if question.until else []))
    monday = first + timedelta(days=-first.weekday() % 7)
    count = max(((last + timedelta(days=1)) - monday).days // 7, 0)
    weeks = [monday + timedelta(days=7 * week) for week in range(count)]
    worth = _worth(context, question)
    channels = []
    for who in sorted({who for who, _ in found["spends"]}):
        spend, leads = (
            np.array([found[subject].get((who, week), 0.0) for week in weeks]) for subject in ("spends", "leads")
        )
        if spend.sum() > 0:
            channels.append(Channel(who, spend, leads, worth.get(who)))
    return Weeks(monday, count, channels, ";\n\n".join(shown))


def _worth(context: Context, question: Question) -> dict[str, float]:
    """Revenue less cost of goods per lead of each channel, among the leads that have had the time nine of ten orders took."""
    (days,) = context.one(f"SELECT quantile_cont(days_to_order, 0.9) FROM {context.table('orders')}", {})
    (latest,) = context.one(f"SELECT max(created_on) FROM {context.table('leads')}", {})
    if days is None or latest is None:
        return {}
    ripe = latest - timedelta(days=max(int(days), 0) + 1)
    lead_basis = msgspec.structs.replace(question, basis="lead", grain="")
    sums: list[dict[str, float]] = []
    for subject, sum_ in (
        ("leads", "count(*)"),
        ("orders", "sum(coalesce(t.revenue, 0) - coalesce(t.cost_of_goods, 0))"),
    ):
        parameters = Parameters()
        rows = scope(context, lead_basis, parameters, subject, spans(question)[0])
        own = "t.created_on" if subject == "leads" else "t.lead_on"
        until = parameters.bind("ripe_on", ripe)
        sql = f"SELECT {rows.columns()[0]}, {sum_}::DOUBLE {rows.from_where(more=(f'{own} <= {until}',))} GROUP BY ALL"
        sums.append(dict(context.connection.execute(sql, parameters.values).fetchall()))
    leads, money = sums
    return {who: money.get(who, 0.0) / count for who, count in leads.items() if who is not None and count}
