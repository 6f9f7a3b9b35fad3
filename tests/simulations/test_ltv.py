"""Customers with a known truth: does the 90 % interval hold what then happens, and the parameters that made it, 90 times of 100?

``python -m pytest tests/simulations/test_ltv.py -s -m slow`` prints the table of docs/reference/lifetime-value.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from longfunnel.models import bg_nbd, gamma_gamma, pareto_nbd
from longfunnel.models.lifetime import PurchaseModel, Values, outlook
from longfunnel.models.purchases import histories

TRUTH = {"bg_nbd": (0.6, 6.0, 0.8, 2.5), "pareto_nbd": (0.6, 10.0, 0.7, 12.0)}
WORTH = (4.0, 3.5, 60.0)
AHEAD = 26.0


def play(model: PurchaseModel, customers: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Customers who came over 40 weeks, watched to week 52 and then for ``AHEAD`` weeks, event by event."""
    first_rate, slowness, third, fourth = TRUTH[model]
    rate = random.gamma(first_rate, 1 / slowness, customers)
    start = random.uniform(0, 40, customers)
    watched = 52 - start
    scale = random.gamma(WORTH[1], 1 / WORTH[2], customers)
    found = {name: np.zeros(customers) for name in ("x", "last", "later", "alive", "value", "money")} | {
        "watched": watched
    }
    for who in range(customers):
        if model == "bg_nbd":
            leaving, leaves = random.beta(third, fourth), np.inf
        else:
            leaving, leaves = 0.0, random.exponential(1 / random.gamma(third, 1 / fourth))
        time, paid, gone = 0.0, [random.gamma(WORTH[0]) / scale[who]], np.inf
        while True:
            time += random.exponential(1 / max(rate[who], 1e-12))
            if time > min(watched[who] + AHEAD, leaves):
                break
            value = random.gamma(WORTH[0]) / scale[who]
            if time <= watched[who]:
                found["x"][who] += 1
                found["last"][who] = time
                paid.append(value)
            else:
                found["later"][who] += 1
                found["money"][who] += value
            if random.random() < leaving:
                gone = time
                break
        found["alive"][who] = min(gone, leaves) > watched[who]
        found["value"][who] = np.mean(paid)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "customers", "businesses"), [("bg_nbd", 300, 60), ("bg_nbd", 1500, 60), ("pareto_nbd", 600, 30)]
)
def test_nine_of_ten_intervals_hold_the_truth(model: PurchaseModel, customers: int, businesses: int) -> None:
    random = np.random.default_rng(11)
    how = {"bg_nbd": bg_nbd, "pareto_nbd": pareto_nbd}[model]
    groups = np.repeat([0, 1, 2], [customers // 20, customers // 4, customers - customers // 20 - customers // 4])
    held = {name: [] for name in ("parameters", "alive", "orders", "money")}
    bias = []
    for _ in range(businesses):
        made = play(model, customers, random)
        seen = histories(made["x"], made["last"], made["watched"])
        fit = how.fit(seen)
        worth = gamma_gamma.fit(made["x"] + 1, made["value"])
        found = outlook(model, fit, seen, groups, 3, AHEAD, random, worth=(worth, Values(made["x"] + 1, made["value"])))
        for name, truth in zip(fit.names, TRUTH[model], strict=True):
            low, high = fit.interval(name)
            held["parameters"].append(low <= truth <= high)
        assert found.money is not None
        for name, spread, came in (
            ("alive", found.alive, "alive"),
            ("orders", found.orders, "later"),
            ("money", found.money, "money"),
        ):
            truth = np.bincount(groups, weights=made[came], minlength=3)
            held[name] += ((spread.low[:3] <= truth) & (truth <= spread.high[:3])).tolist()
        bias.append(found.orders.mean[-1] / max(made["later"].sum(), 1))
    shares = {name: float(np.mean(values)) for name, values in held.items()}
    print(  # noqa: T201 - the table of the docs
        f"| {model} | {customers} | "
        + " | ".join(f"{100 * share:.0f} %" for share in shares.values())
        + f" | {np.mean(bias):.3f} |"
    )
    for name, share in shares.items():
        assert 0.85 <= share <= 0.965, name
    assert np.mean(bias) == pytest.approx(1, abs=0.06)
