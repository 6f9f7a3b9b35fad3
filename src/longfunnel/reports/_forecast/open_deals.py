"""Open deals by stage and cut: what becomes of them within the weeks ahead, the ways they can end competing with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.core.money import amount
from longfunnel.models.future import WEEK, spread, spread_of_orders
from longfunnel.models.pipeline import mixed, play, resampled
from longfunnel.reports._clients.customers import group_codes
from longfunnel.reports._forecast.future import SEED
from longfunnel.reports._forecast.pipeline_history import LEAD, WAITING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.models.competing_risks import Exits
    from longfunnel.models.future import Past
    from longfunnel.models.pipeline import Stays
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._forecast.pipeline_history import History

_MACHINES, _EACH = 20, 10


def open_rows(context: Context, history: History, past: Past, cut: list[str], weeks: int) -> list[dict[str, Any]]:
    """One row per pipeline, stage and value of the cut; leads without a deal have a row where there is no cut."""
    stays, language = history.stays, context.settings.business.language
    values, codes = group_codes(history.table, cut, np.ones(len(stays.state), np.bool_))
    is_open = np.isinf(stays.ended)
    if cut:  # a lead has no cut until it has a deal
        waiting = [state for state, (_, stage) in enumerate(history.names) if stage == LEAD]
        is_open &= ~np.isin(stays.state, waiting)
    random, stood = np.random.default_rng(SEED), stays.stood(0.0)
    machines = [resampled(stood, len(stays.state), random) for _ in range(_MACHINES)]
    rows: list[dict[str, Any]] = []
    for code in sorted(range(len(values)), key=lambda one: tuple((part is None, str(part)) for part in values[one])):
        mine = codes == code
        place = np.flatnonzero(mine & is_open)
        if not len(place):
            continue
        own = stays.taken(mine) if cut else None
        won_by, lost_by = _played(machines, stays, own, place, weeks, context.settings.counting.min_cases)
        for state, (pipeline, stage) in enumerate(history.names):
            here = stays.state[place] == state
            if not here.any():
                continue
            won, lost = won_by[:, here], lost_by[:, here]
            title = WAITING.to(language) if stage == LEAD else stage
            rows.append(
                dict(zip(cut, values[code], strict=True))
                | {"pipeline": pipeline, "stage": title, "deals": int(here.sum())}
                | _ends(won, lost)
                | _money(won, past.amounts[place[here]])
                | {"median_age": float(np.median(-stays.began[place[here]]))}
            )
    return rows


def _played(
    machines: list[Exits], stays: Stays, own: Stays | None, place: NDArray[np.intp], weeks: int, least: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Futures by open stay: won, lost. A value of the cut has its ``own`` exits from each stage that enough of its deals have left."""
    random = np.random.default_rng(SEED)
    state, age = stays.state[place], -stays.began[place]
    if own is not None:
        enough, stood = np.bincount(own.state[np.isfinite(own.ended)], minlength=stays.states) >= least, own.stood(0.0)
        machines = [mixed(one, resampled(stood, len(own.state), random), enough) for one in machines]
    ends: tuple[list[NDArray[np.bool_]], list[NDArray[np.bool_]]] = ([], [])
    for exits in machines:
        for found, days in zip(ends, play(exits, state, age, weeks * WEEK, random, _EACH), strict=True):
            found.append(np.isfinite(days).reshape(_EACH, -1))
    return np.concatenate(ends[0]), np.concatenate(ends[1])


def _ends(won: NDArray[np.bool_], lost: NDArray[np.bool_]) -> dict[str, Any]:
    """Shares of the deals by how they end, and how many are won."""
    mean, low, high = spread_of_orders(won.sum(axis=1).astype(np.float64))
    shares = {"won_share": float(won.mean()), "lost_share": float(lost.mean())}
    return shares | {
        "open_share": max(1.0 - sum(shares.values()), 0.0),
        "expected_orders": mean, "orders_low": low, "orders_high": high,
    }  # fmt: skip


def _money(won: NDArray[np.bool_], amounts: NDArray[np.float64]) -> dict[str, Any]:
    """What the won ones bring; empty where no deal here has a sum."""
    known = ~np.isnan(amounts)
    if not known.any():
        return {"expected_revenue": None, "revenue_low": None, "revenue_high": None}
    # a deal without a sum is taken for as large as the others here
    worth = np.where(known, amounts, amounts[known].mean())
    names = ("expected_revenue", "revenue_low", "revenue_high")
    return {
        name: amount(f"{value:.4f}")
        for name, value in zip(names, spread((won @ worth).astype(np.float64)), strict=True)
    }
