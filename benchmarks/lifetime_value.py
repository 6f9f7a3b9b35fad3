"""Lifetime value: our models beside ``lifetimes``: the holdout of CDNOW (weeks 40-78), and the time to fit 50,000 customers.

    python benchmarks/lifetime_value.py [--customers 50000] [--times 3] [--data ../shared/data]

The holdout table: of the 2,357 customers of the sample, by how often they bought again in weeks 1-39, how many purchases they made
in weeks 40-78 on average and how many each model expected; P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), figure 7. The timing is
of the same customers, made from BG/NBD, in one run; medians of --times. Where ``lifetimes`` is not installed or does not run on this
Python, our part is printed alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.models import bg_nbd, pareto_nbd
from longfunnel.models.purchases import Histories, from_days, histories

if TYPE_CHECKING:
    from collections.abc import Callable

CALIBRATION, HOLDOUT = 39 * 7 - 1, 39.0


def peer() -> Any:
    """The package ``lifetimes``, or None with the reason printed."""
    try:
        import lifetimes
    except Exception as error:  # noqa: BLE001 - an old package may fail in any way on a new Python
        print(f"lifetimes does not run here ({type(error).__name__}: {error}); our part alone.\n")
        return None
    return lifetimes


def holdout(folder: Path, lifetimes: Any) -> None:
    """The table of conditional expectations."""
    file = folder / "cdnow" / "CDNOW_sample.txt"
    if not file.exists():
        print(f"{file} is not here: no holdout table.\n")
        return
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
    start = np.datetime64("1997-01-01")
    day = np.array([(np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") - start).astype(int) for _, _, d, *_ in rows])
    customer = np.array([int(row[1]) for row in rows])
    ids, seen = from_days(customer, day, CALIBRATION)
    later = np.unique(np.column_stack([customer, day]), axis=0)
    later = later[(later[:, 1] > CALIBRATION) & (later[:, 1] <= 78 * 7)]
    came = np.bincount(np.searchsorted(ids, later[:, 0]), minlength=len(ids)).astype(float)
    columns = {"came": came}
    for model in (bg_nbd, pareto_nbd):
        name = model.__name__.rpartition(".")[2]
        fit = model.fit(seen)
        print(
            f"ours {name}: "
            + ", ".join(f"{k} {v:.3f}" for k, v in zip(fit.names, fit.values, strict=True))
            + f", LL {fit.log_likelihood:.1f}"
        )
        columns[f"ours {name}"] = model.expected(np.array(fit.values), seen, HOLDOUT)[seen.place]
    if lifetimes is not None:
        x, last, watched = (part[seen.place] for part in (seen.repeats, seen.last, seen.watched))
        for name, fitter in (("bg_nbd", lifetimes.BetaGeoFitter()), ("pareto_nbd", lifetimes.ParetoNBDFitter())):
            fitter.fit(x, last, watched)
            columns[f"lifetimes {name}"] = np.asarray(
                fitter.conditional_expected_number_of_purchases_up_to_time(HOLDOUT, x, last, watched)
            )
    print("\n" + " | ".join(f"{name:>20}" for name in ("bought again", "customers", *columns)))
    often = np.minimum(seen.repeats[seen.place], 7)
    for repeats in range(8):
        chosen = often == repeats
        means = [f"{values[chosen].mean():20.3f}" for values in columns.values()]
        print(" | ".join([f"{str(repeats) + ('+' if repeats == 7 else ''):>20}", f"{chosen.sum():>20}", *means]))
    print(
        " | ".join([f"{'all, sum':>20}", f"{len(ids):>20}", *(f"{values.sum():20.0f}" for values in columns.values())])
    )
    print(
        " | ".join(
            [
                f"{'correlation':>20}",
                " " * 20,
                *(f"{np.corrcoef(values, came)[0, 1]:20.3f}" for values in columns.values()),
            ]
        )
        + "\n"
    )


def made(customers: int) -> Histories:
    """Customers from BG/NBD with the parameters of CDNOW, watched for 12 to 104 weeks, to the day."""
    random = np.random.default_rng(7)
    rate = random.gamma(0.243, 1 / 4.414, customers)
    leaving = random.beta(0.793, 2.426, customers)
    watched = random.integers(12 * 7, 104 * 7, customers) / 7
    x, last = np.zeros(customers), np.zeros(customers)
    time_, active = np.zeros(customers), np.ones(customers, dtype=bool)
    while active.any():
        time_[active] += random.exponential(1 / np.maximum(rate[active], 1e-12))
        active &= time_ <= watched
        x[active] += 1
        last[active] = np.ceil(time_[active] * 7) / 7
        active &= random.random(customers) >= leaving
    return histories(x, np.minimum(last, watched), watched)


def median(work: Callable[[], object], times: int) -> float:
    """Median seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    lifetimes = peer()
    holdout(given.data, lifetimes)
    seen = made(given.customers)
    x, last, watched = (part[seen.place] for part in (seen.repeats, seen.last, seen.watched))
    print(
        f"{given.customers:,} customers, {len(seen.repeats):,} distinct histories; seconds to fit from one row per customer"
    )
    ours = {"bg_nbd": bg_nbd, "pareto_nbd": pareto_nbd}
    theirs = {} if lifetimes is None else {"bg_nbd": lifetimes.BetaGeoFitter, "pareto_nbd": lifetimes.ParetoNBDFitter}
    for name, model in ours.items():
        mine = median(lambda model=model: model.fit(histories(x, last, watched)), given.times)
        line = f"{name:>12}: ours {mine:.2f} s"
        if name in theirs:
            other = median(lambda name=name: theirs[name]().fit(x, last, watched), given.times)
            line += f", lifetimes {other:.2f} s, ratio {other / mine:.1f}"
        print(line)


if __name__ == "__main__":
    main()
