"""A business's past as the forecast reads it, and what its forecasts of the past were worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.core.text import Text
from longfunnel.models.future import Change, Past, play_future, try_past
from longfunnel.models.seasonal import knows_year
from longfunnel.reports._engine.answer import Caveat
from longfunnel.reports._engine.remembered import remembered

if TYPE_CHECKING:
    from longfunnel.models.future import Future, Trial
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._forecast.pipeline_history import History

SEED: Final = 19_780_101
TIMES: Final = 400
_TRIAL_TIMES: Final = 160
_POOR: Final = 0.7

NO_WEEKS: Final = Caveat(
    "too_few_weeks",
    Text(
        "Fewer than 12 whole weeks of leads and deals are known: there is nothing to forecast from.",
        "Известно меньше 12 полных недель лидов и сделок: прогнозировать не из чего.",
    ),
)


def past_of(context: Context, history: History) -> Past:
    """The past, with the sums of deals worth what they are worth if won.

    Dear deals are won less often than cheap ones, and not all that is won is paid: in each pipeline a deal's sum counts by the
    revenue of an average order over the sum of an average closed deal.
    """
    rows = context.connection.execute(
        f"""SELECT d.pipeline, avg(r.revenue)::DOUBLE / nullif(avg(d.amount), 0)
FROM {context.table("deals")} AS d LEFT JOIN {context.table("orders")} AS r ON r.deal_key = d.deal_key
WHERE d.status IN ('won', 'lost') AND d.is_deleted IS NOT TRUE GROUP BY d.pipeline"""
    ).fetchall()
    worth = {pipeline: 1.0 if share is None else share for pipeline, share in rows}
    amounts = np.asarray(history.table.column("amount").to_numpy(zero_copy_only=False), dtype=np.float64)
    shares = np.array([worth.get(pipeline, 1.0) for pipeline, _ in history.names])[history.stays.state]
    return Past(
        history.stays,
        amounts * shares,
        history.arrivals,
        history.arrival_states,
        history.direct,
        history.ordered,
        history.revenue,
    )


def future_of(context: Context, history: History, past: Past, weeks: int, change: Change | None = None) -> Future:
    """Possible futures of the weeks ahead; the same for the forecast and for what it is compared with. Raises FitError."""

    def play() -> Future:
        return play_future(past, 0.0, weeks, TIMES, np.random.default_rng(SEED), change)

    return remembered(context, ("future", history.sql, weeks, change or Change()), play)


def trials_of(context: Context, history: History, past: Past, weeks: int) -> list[Trial]:
    """Up to four forecasts of the past."""

    def tried() -> list[Trial]:
        return try_past(past, weeks, _TRIAL_TIMES, np.random.default_rng(SEED))

    return remembered(context, ("trials", history.sql, weeks), tried)


def caveats_of_trials(trials: list[Trial], weeks: int) -> tuple[Caveat, ...]:
    """What the forecasts of the past were worth, in one sentence."""
    if not trials:
        said = Text(
            "The history is too short to try the forecast on the past: its intervals are not checked.",
            "История слишком коротка, чтобы проверить прогноз на прошлом: интервалы не проверены.",
        )
        return (Caveat("untried", said),)
    within = sum(trial.weeks_within for trial in trials)
    expected, came = sum(trial.orders[0] for trial in trials), sum(trial.came for trial in trials)
    whole = sum(trial.orders[1] <= trial.came <= trial.orders[2] for trial in trials)
    said = Text(
        "Tried {n} times on the past, {weeks} weeks each: {expected} orders expected, {came} came; {whole} of {n} "
        "totals and {share} % of weeks lay within the 90 % interval.",
        "Проверка на прошлом ({n} × {weeks} нед): ожидалось заказов {expected}, пришло {came}; в 90-процентный "
        "интервал попали {whole} из {n} итогов и {share} % недель.",
    )
    share = within / (weeks * len(trials))
    numbers = {"n": len(trials), "weeks": weeks, "expected": round(expected), "came": round(came), "whole": whole}
    code = "tried" if share >= _POOR else "tried_poor"
    return (Caveat(code, said.format(share=round(100 * share), **numbers), len(trials)),)


def caveats_of_history(history: History, weeks_known: int) -> tuple[Caveat, ...]:
    """What the forecast does not know."""
    found = []
    if not knows_year(weeks_known):
        said = Text(
            "{n} weeks are known: too few to tell the season of the year from a trend.",
            "Известно {n} нед: мало, чтобы отличить сезон года от тренда.",
        )
        found.append(Caveat("no_year_season", said.format(n=weeks_known), weeks_known))
    if all(stage in ("—", "\x01") for _, stage in history.names):
        said = Text(
            "No stage history is connected: all open deals of an age are alike.",
            "История этапов не подключена: все открытые сделки одного возраста одинаковы.",
        )
        found.append(Caveat("no_stage_history", said))
    return tuple(found)
