"""Open deals by stage and cut: what becomes of them within the weeks ahead, the ways they can end competing with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.core.money import amount
from longfunnel.models.future import WEEK, spread
from longfunnel.models.pipeline import exits_of, play, resampled
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
    columns = [history.table.column(name).to_pylist() for name in cut]
    values = list(zip(*columns, strict=True)) if cut else [()] * len(stays.state)
    rows: list[dict[str, Any]] = []
    for value in sorted(set(values), key=lambda parts: tuple((part is None, str(part)) for part in parts)):
        mine = np.array([other == value for other in values])
        standing = mine & np.isinf(stays.ended)
        played = _played(stays, mine if cut else None, standing, weeks, context.settings.counting.min_cases)
        place = np.flatnonzero(standing)
        for state, (pipeline, stage) in enumerate(history.names):
            here = stays.state[place] == state
            if not here.any() or (cut and stage == LEAD):
                continue
            won, lost = (part[:, here] for part in played)
            title = WAITING.to(language) if stage == LEAD else stage
            rows.append(
                dict(zip(cut, value, strict=True))
                | {"pipeline": pipeline, "stage": title, "deals": int(here.sum())}
                | _ends(won, lost)
                | _money(won, past.amounts[place[here]])
                | {"median_age": float(np.median(-stays.began[place[here]]))}
            )
    return rows


def _played(
    stays: Stays, mine: NDArray[np.bool_] | None, standing: NDArray[np.bool_], weeks: int, least: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Futures by open stay: won, lost. A value of the cut has its own exits from each stage that enough of its deals have left."""
    random = np.random.default_rng(SEED)
    own = None if mine is None else stays.taken(mine)
    enough = [False] * stays.states
    if own is not None:
        left = np.bincount(own.state[np.isfinite(own.ended)], minlength=stays.states)
        enough = (left >= least).tolist()
    won: list[NDArray[np.bool_]] = []
    lost: list[NDArray[np.bool_]] = []
    state, age = np.tile(stays.state[standing], _EACH), np.tile(-stays.began[standing], _EACH)
    for _ in range(_MACHINES):
        exits: list[Exits] = resampled(stays, 0.0, random) if not all(enough) else exits_of(stays, 0.0)
        if own is not None:
            mixed = resampled(own, 0.0, random)
            exits = [
                mixed[number] if is_own else one for number, (one, is_own) in enumerate(zip(exits, enough, strict=True))
            ]
        for found, ends in zip((won, lost), play(exits, state, age, weeks * WEEK, random), strict=True):
            found.append(np.isfinite(ends).reshape(_EACH, -1))
    return np.concatenate(won), np.concatenate(lost)


def _ends(won: NDArray[np.bool_], lost: NDArray[np.bool_]) -> dict[str, Any]:
    """Shares of the deals by how they end, and how many are won."""
    mean, low, high = spread(won.sum(axis=1).astype(np.float64))
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
