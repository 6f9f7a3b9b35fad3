"""Channels with a known curve: does the 90 % interval hold what the spend brings, and does the advice gain what it says?

``python -m pytest tests/simulations/test_budget.py -s -m slow`` prints the table of docs/reference/forecast.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from longfunnel.models.allocation import allocate
from longfunnel.models.fitting import FitError
from longfunnel.models.response import adstock, fit_curve

TRUTH = ((3.0, 90.0, 1500.0, 0.0), (2.0, 60.0, 400.0, 0.5), (4.0, 150.0, 6000.0, 0.25))
MEAN = 1000.0


def true_brings(which: int, spend: float) -> float:
    _, top, half, _ = TRUTH[which]
    return top * spend / (half + spend)


@pytest.mark.slow
def test_curves_hold_their_truth_and_advice_gains() -> None:
    random = np.random.default_rng(17)
    held: dict[str, list[bool]] = {"brings": [], "slope": []}
    gains, refused = [], 0
    for _ in range(40):
        curves = []
        for base, top, half, carry in TRUTH:
            spend = MEAN * np.exp(random.normal(0, 0.4, 80))
            stock = adstock(spend, carry)
            count = random.poisson((base + top * stock / (half + stock)) * random.gamma(30, 1 / 30, 80)).astype(float)
            try:
                curves.append(fit_curve(spend, count, random))
            except FitError:
                refused += 1
        if len(curves) < len(TRUTH):
            continue
        for which, curve in enumerate(curves):
            _, top, half, _ = TRUTH[which]
            for name, drawn, truth in (
                ("brings", curve.brings_drawn(MEAN), true_brings(which, MEAN)),
                ("slope", curve.slope_drawn(MEAN), top * half / (half + MEAN) ** 2),
            ):
                low, high = np.quantile(drawn, [0.05, 0.95])
                held[name].append(bool(low <= truth <= high))
        now = np.full(len(TRUTH), MEAN)
        to = allocate(
            np.array([c.top for c in curves]),
            np.array([c.half for c in curves]),
            np.ones(3),
            now * 0.7,
            now * 1.3,
            now.sum(),
        )
        moved = np.sum(
            [c.brings_drawn(spend) - c.brings_drawn(MEAN) for c, spend in zip(curves, to, strict=True)], axis=0
        )
        if np.quantile(moved, 0.05) > 0:  # the report advises nothing else
            gains.append(sum(true_brings(which, spend) - true_brings(which, MEAN) for which, spend in enumerate(to)))
    shares = {name: float(np.mean(values)) for name, values in held.items()}
    better = float(np.mean(np.array(gains) > 0))
    print(  # noqa: T201 - the table of the docs
        f"| {100 * shares['brings']:.0f} % | {100 * shares['slope']:.0f} % | {refused} of 120 | {len(gains)} | {100 * better:.0f} % | {np.mean(gains):.1f} |"
    )
    assert 0.7 <= shares["brings"] <= 1
    assert 0.8 <= shares["slope"] <= 1
    assert better >= 0.9
