"""Models of repeat purchases: the published answers, plain numerical integration, and what chance itself says."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.stats import gamma as gamma_law

from longfunnel.models import bg_nbd, gamma_gamma, pareto_nbd
from longfunnel.models.fitting import FitError
from longfunnel.models.lifetime import Values, outlook
from longfunnel.models.purchases import from_days, histories

DATA = Path(os.environ.get("LONGFUNNEL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "cdnow"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the CDNOW data is not here")


def one(x: float, last: float, watched: float) -> object:
    return histories(np.array([x]), np.array([last]), np.array([watched]))


@needs_data
def test_the_published_answers_for_cdnow_come_out() -> None:
    with (DATA / "cdnow_customers_summary_with_transactions.csv").open() as file:
        rows = [[float(row[name]) for name in ("x", "t_x", "T", "zbar")] for row in csv.DictReader(file)]
    x, last, watched, mean = np.array(rows).T
    seen = histories(x, last, watched)
    bg = bg_nbd.fit(seen)
    assert [round(value, 3) for value in bg.values] == [0.243, 4.414, 0.793, 2.426]
    assert round(bg.log_likelihood, 1) == -9582.4
    pareto = pareto_nbd.fit(seen)
    assert bg.values != pareto.values
    assert pareto.values == pytest.approx((0.553, 10.578, 0.606, 11.669), abs=2e-3)
    assert round(pareto.log_likelihood, 1) == -9595.0
    again = x > 0
    worth = gamma_gamma.fit(x[again], mean[again])
    assert worth.values == pytest.approx((6.25, 3.74, 15.44), abs=1e-2)
    assert not any(fit.is_held for fit in (bg, pareto, worth))


@needs_data
def test_the_holdout_of_cdnow_is_predicted_as_published() -> None:
    rows = [line.split() for line in (DATA / "CDNOW_sample.txt").read_text().splitlines() if line.strip()]
    start = np.datetime64("1997-01-01")
    day = np.array([(np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") - start).astype(int) for _, _, d, *_ in rows])
    customer = np.array([int(row[1]) for row in rows])
    end = 39 * 7 - 1  # 30 September 1997
    ids, seen = from_days(customer, day, end)
    assert (len(ids), seen.repeats @ seen.customers) == (2357, 2457)
    came = np.zeros(len(ids))
    later = np.unique(np.column_stack([customer, day]), axis=0)
    later = later[(later[:, 1] > end) & (later[:, 1] <= 78 * 7)]
    np.add.at(came, np.searchsorted(ids, later[:, 0]), 1)
    expected = bg_nbd.expected(np.array(bg_nbd.fit(seen).values), seen, 39.0)[seen.place]
    assert came.sum() == pytest.approx(1882, abs=1)
    assert expected.sum() == pytest.approx(1653, abs=3)
    assert np.corrcoef(expected, came)[0, 1] == pytest.approx(0.626, abs=0.002)


PARAMETERS = st.tuples(st.floats(0.3, 4), st.floats(1, 20), st.floats(0.3, 4), st.floats(0.6, 6))


@settings(deadline=None, max_examples=15)
@given(PARAMETERS, st.integers(0, 4), st.floats(0.05, 1), st.floats(1, 40))
def test_bg_nbd_is_the_integral_over_rates_and_chances_of_leaving(
    values: tuple[float, float, float, float], x: int, part: float, watched: float
) -> None:
    r, alpha, a, b = values
    last = part * watched if x else 0.0

    def likelihood(p: float) -> float:
        # the integral over λ of a Gamma density times λ^x e^(−λ t), by hand; over p by quadrature
        def over_rate(time: float) -> float:
            return math.exp(
                math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha) - (r + x) * math.log(alpha + time)
            )

        found = (1 - p) ** x * over_rate(watched)
        if x:
            found += p * (1 - p) ** (x - 1) * over_rate(last)
        return found

    slow = quad(likelihood, 0, 1, weight="alg", wvar=(a - 1, b - 1))[0] / beta_function(a, b)
    assert bg_nbd.log_likelihood(np.array(values), one(x, last, watched)) == pytest.approx(
        math.log(slow), rel=1e-5, abs=1e-5
    )


@settings(deadline=None, max_examples=8)
@given(PARAMETERS, st.integers(0, 4), st.floats(0.05, 1), st.floats(1, 40))
def test_pareto_nbd_is_the_integral_over_rates_of_buying_and_leaving(
    values: tuple[float, float, float, float], x: int, part: float, watched: float
) -> None:
    r, alpha, s, beta = values
    last = part * watched if x else 0.0

    def given_death(time: float) -> float:
        # Gamma–Poisson up to ``time``; Lomax density of leaving there
        buying = math.exp(math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha) - (r + x) * math.log(alpha + time))
        return buying * s * beta**s / (beta + time) ** (s + 1)

    never = math.exp(math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha) - (r + x) * math.log(alpha + watched))
    slow = quad(given_death, last, watched)[0] + never * (beta / (beta + watched)) ** s
    seen = one(x, last, watched)
    assert pareto_nbd.log_likelihood(np.array(values), seen) == pytest.approx(math.log(slow), rel=1e-6, abs=1e-6)
    lives = never * (beta / (beta + watched)) ** s / slow
    assert pareto_nbd.alive(np.array(values), seen)[0] == pytest.approx(lives, rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(PARAMETERS, st.integers(0, 6), st.floats(0.05, 1), st.floats(1, 40), st.floats(0.5, 60))
def test_what_bg_nbd_expects_is_the_integral_over_its_posterior(
    values: tuple[float, float, float, float], x: int, part: float, watched: float, ahead: float
) -> None:
    r, alpha, a, b = values
    seen = one(x, part * watched if x else 0.0, watched)

    def given_chance(p: float) -> float:
        # purchases within t when each is the last with chance p: (1 − E e^(−λ p t)) / p, λ Gamma(r + x, α + T)
        return (
            -math.expm1(-(r + x) * math.log1p(p * ahead / (alpha + watched))) / p
            if p
            else (r + x) * ahead / (alpha + watched)
        )

    slow = quad(given_chance, 0, 1, weight="alg", wvar=(a - 1, b + x - 1))[0] / beta_function(a, b + x)
    found = bg_nbd.expected(np.array(values), seen, ahead)[0]
    assert found == pytest.approx(slow * bg_nbd.alive(np.array(values), seen)[0], rel=1e-4)


@pytest.mark.parametrize("a", [1.0, 1.0005, 0.9995])
@pytest.mark.parametrize("x", [0, 3])
def test_the_removable_singularities_of_bg_nbd_are_removed(a: float, x: int) -> None:
    seen = one(x, 5.0 if x else 0.0, 20.0)
    near = [bg_nbd.expected(np.array([0.8, 6.0, a + side, 2.0]), seen, 30.0)[0] for side in (-0.005, 0.005)]
    assert bg_nbd.expected(np.array([0.8, 6.0, a, 2.0]), seen, 30.0)[0] == pytest.approx(sum(near) / 2, rel=1e-4)
    zero = one(0, 0.0, 20.0)
    near = [bg_nbd.expected(np.array([0.8, 6.0, 0.4, 0.6 + side]), zero, 30.0)[0] for side in (-0.005, 0.005)]
    assert bg_nbd.expected(np.array([0.8, 6.0, 0.4, 0.6]), zero, 30.0)[0] == pytest.approx(sum(near) / 2, rel=1e-4)


def test_thousands_of_purchases_overflow_nothing() -> None:
    seen = one(5000.0, 999.0, 1000.0)
    for model, values in (
        (bg_nbd, [0.5, 3.0, 0.8, 900.0]),
        (pareto_nbd, [0.5, 3.0, 0.8, 9.0]),
        (pareto_nbd, [0.5, 9.0, 0.8, 3.0]),
    ):
        found = np.array(
            [
                model.log_likelihood(np.array(values), seen),
                *model.alive(np.array(values), seen),
                *model.expected(np.array(values), seen, 50.0),
            ]
        )
        assert np.isfinite(found).all()
        assert 0 < found[1] <= 1
    assert pareto_nbd.expected(np.array([0.5, 3.0, 1.0, 9.0]), seen, 50.0)[0] == pytest.approx(
        pareto_nbd.expected(np.array([0.5, 3.0, 1.0 + 1e-7, 9.0]), seen, 50.0)[0], rel=1e-5
    )


@pytest.mark.parametrize("model", [bg_nbd, pareto_nbd])
@pytest.mark.parametrize("history", [(0.0, 0.0, 20.0), (3.0, 18.0, 30.0), (6.0, 9.0, 30.0)])
def test_the_played_future_has_the_expected_mean(model: object, history: tuple[float, float, float]) -> None:
    values, seen = np.array([0.7, 6.0, 0.8, 5.0]), one(*history)
    place = np.zeros(200_000, dtype=np.int64)
    bought, lives = model.simulate_ahead(values, seen, place, 25.0, np.random.default_rng(1))
    error = bought.std() / math.sqrt(len(bought))
    assert bought.mean() == pytest.approx(model.expected(values, seen, 25.0)[0], abs=5 * error)
    assert lives.mean() == pytest.approx(model.alive(values, seen)[0], abs=0.006)


def test_gamma_gamma_is_the_integral_over_customers_scales() -> None:
    p, q, gamma = 2.5, 3.2, 12.0
    for x, mean in ((1, 4.0), (3, 20.0), (7, 9.5)):

        def joint(scale: float, x: int = x, mean: float = mean) -> float:
            return float(gamma_law.pdf(mean, p * x, scale=1 / (scale * x)) * gamma_law.pdf(scale, q, scale=1 / gamma))

        total = quad(joint, 0, np.inf, limit=200)[0]
        values = np.array([p, q, gamma])
        assert gamma_gamma.log_likelihood(values, np.array([float(x)]), np.array([mean])) == pytest.approx(
            math.log(total), rel=1e-6
        )
        slow = quad(lambda scale, joint=joint: p / scale * joint(scale), 0, np.inf, limit=200)[0] / total
        assert gamma_gamma.expected(values, np.array([float(x)]), np.array([mean]))[0] == pytest.approx(slow, rel=1e-6)
    assert gamma_gamma.expected(values, np.zeros(1), np.ones(1))[0] == pytest.approx(p * gamma / (q - 1))


def test_gradients_are_the_slopes_of_the_likelihood() -> None:
    random = np.random.default_rng(3)
    x = random.integers(0, 6, 50).astype(float)
    watched = random.uniform(5, 40, 50)
    seen = histories(x, np.where(x > 0, watched * random.random(50), 0), watched)
    for at, slope, loss in (
        (np.array([0.6, 5.0, 0.9, 2.2]), bg_nbd._gradient, bg_nbd.log_likelihood),
        (
            np.array([2.0, 3.0, 9.0]),
            lambda v, _: gamma_gamma._gradient(v, x[x > 0], watched[x > 0]),
            lambda v, _: gamma_gamma.log_likelihood(v, x[x > 0], watched[x > 0]),
        ),
    ):
        slow = [(loss(at + step, seen) - loss(at - step, seen)) / 2e-6 for step in np.eye(len(at)) * 1e-6]
        assert slope(at, seen) == pytest.approx(np.array(slow), rel=1e-4, abs=1e-4)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), min_size=1, max_size=30), st.integers(20, 60))
def test_histories_are_those_of_a_plain_reading(rows: list[tuple[int, int]], end: int) -> None:
    kept = sorted({row for row in rows if row[1] <= end})
    wanted = {}
    for who in {who for who, _ in kept}:
        days = [day for other, day in kept if other == who]
        wanted[who] = (len(days) - 1, (days[-1] - days[0]) / 7, (end - days[0]) / 7)
    ids, found = from_days(np.array([who for who, _ in rows]), np.array([day for _, day in rows]), end)
    mine = {
        int(who): (found.repeats[at], found.last[at], found.watched[at])
        for who, at in zip(ids, found.place, strict=True)
    }
    assert mine == wanted
    assert found.customers.sum() == len(wanted)


def test_few_who_buy_again_are_refused_and_a_ridge_is_held() -> None:
    with pytest.raises(FitError) as refusal:
        bg_nbd.fit(histories(np.zeros(500), np.zeros(500), np.full(500, 30.0)))
    assert refusal.value.code == "few_repeats"
    x = np.repeat([0.0, 1.0], [400, 60])  # everyone who came back came back once: nothing tells λ from p
    fit = bg_nbd.fit(histories(x, np.where(x > 0, 10.0, 0.0), np.full(460, 50.0)))
    assert fit.is_held
    assert np.isfinite(fit.draws(50, np.random.default_rng(0))).all()
    with pytest.raises(FitError, match="above 0"):
        gamma_gamma.fit(np.ones(50), np.zeros(50))


def test_an_outlook_adds_up_over_groups_and_leaves_out_who_is_not_asked_about() -> None:
    random = np.random.default_rng(5)
    x = random.poisson(1.5, 300).astype(float)
    seen = histories(x, np.where(x > 0, 20 * random.random(300), 0), np.full(300, 30.0))
    fit = bg_nbd.fit(seen)
    worth = gamma_gamma.fit(x + 1, random.gamma(5, 20, 300))
    known = Values(x + 1, np.full(300, 100.0))
    group = np.repeat([0, 1, -1], 100)
    two = outlook("bg_nbd", fit, seen, group, 2, 20.0, np.random.default_rng(0), worth=(worth, known))
    assert two.orders.mean[:2].sum() == pytest.approx(two.orders.mean[2])
    assert two.orders.mean[2] == pytest.approx(two.orders_of_each[:200].sum())
    assert two.money is not None
    assert (two.money.low < two.money.mean).all()
    assert (two.money.mean < two.money.high).all()
    assert (two.money.high[2] - two.money.low[2]) < (two.money.high - two.money.low)[:2].sum()  # chance evens out
    assert two.money.mean[2] == pytest.approx(two.money.mean[:2].sum())
