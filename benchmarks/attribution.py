"""Time the attribution models on invented journeys, beside ChannelAttribution where an environment has it.

    python benchmarks/attribution.py [--journeys 100000 1000000] [--draws 200] [--their-python /path/to/venv/bin/python]

ChannelAttribution is GPL: it runs as a program of its own, never as a part of this one. Both take journeys that are already in
memory; ours as arrays, theirs as a data frame of distinct paths with how often each sold and came to nothing. Its simulation
is compared with the exact removal effects: the largest difference of a channel's credit is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.journeys.attribution.compare import compare
from longfunnel.journeys.attribution.draws import Sampling
from longfunnel.journeys.attribution.journeys import NEVER, NOT_DIRECT, Journeys, Paths
from longfunnel.journeys.attribution.lost import Lost, gather
from longfunnel.journeys.attribution.markov import removal_effects, states_of
from longfunnel.journeys.attribution.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CHANNELS = 12
DAY = 86_400_000_000
THEIRS = """
import json, sys, time
import pandas as pd
from ChannelAttribution import markov_model
data = pd.DataFrame(json.load(open(sys.argv[1])))
begin = time.process_time()
found = markov_model(data, "path", "sold", var_null="lost", verbose=False, flg_pro=False)
seconds = time.process_time() - begin
if isinstance(found, (list, tuple)):
    found = found[0]
name, credit = found.columns[:2]
print(json.dumps({"seconds": seconds, "credit": {str(k): float(v) for k, v in zip(found[name], found[credit])}}))
"""


def invent(journeys: int) -> Journeys:
    """Journeys of 1 to about 20 touches, 3.5 on average, of 12 channels; about one in twenty ends in a sale, more with some channels."""
    random = np.random.default_rng(11)
    sizes = np.minimum(random.geometric(1 / 3.5, journeys), 20)
    node = 1 + np.minimum(random.geometric(0.25, sizes.sum()) - 1, CHANNELS - 1)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    good = np.add.reduceat((node % 3 == 0).astype(np.int64), starts[:-1])
    sold = random.random(journeys) < 0.03 + 0.02 * np.minimum(good, 4)
    of_row = np.repeat(sold, sizes)
    won, lost = (_paths(sizes[which], node[rows], first) for which, rows, first in (
        (sold, of_row, 0), (~sold, ~of_row, int(sold.sum())),
    ))  # fmt: skip
    at = random.integers(0, 90 * DAY, len(won.node))
    owner = np.repeat(np.arange(len(won.unit)), np.diff(won.starts))
    at = at[np.lexsort((at, owner))]
    never = np.full(len(won.unit), NEVER)
    return Journeys(
        won, lost, at, np.full(len(won.node), NOT_DIRECT), never, never, random.integers(10**6, 10**9, len(won.unit)),
        None, CHANNELS + 1, np.ones(journeys, np.int64),
    )  # fmt: skip


def _paths(sizes: NDArray[np.int64], node: NDArray[np.int64], first: int) -> Paths:
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return Paths(starts, node.astype(np.int64), first + np.arange(len(sizes)), np.ones(len(sizes), np.int64))


def gathered(journeys: Journeys) -> Lost:
    """The journeys that came to nothing as the report gathers them from touches in order of person and time."""
    lost = journeys.lost
    person = np.repeat(np.arange(1, len(lost.unit) + 1, dtype=np.uint64), np.diff(lost.starts))
    none = np.zeros(len(person), np.bool_)
    return gather(person, np.zeros(len(person), np.int64), lost.node, none, ~none, none, 90 * DAY)


def grouped(journeys: Journeys) -> Journeys:
    """The same, equal journeys that came to nothing taken as one row with how many there are, as the report reads them."""
    won, lost = journeys.won, gathered(journeys)
    ways = Paths(lost.starts, lost.node, len(won.unit) + np.arange(len(lost.times)), lost.times)
    return replace(journeys, lost=ways, unit_times=np.concatenate((won.times, lost.times)))


def best_of(run: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs, in seconds of the processor: other work on the machine does not count."""
    shortest = float("inf")
    for _ in range(times):
        begin = time.process_time()
        run()
        shortest = min(shortest, time.process_time() - begin)
    return shortest


def markov(journeys: Journeys, order: int) -> NDArray[np.float64]:
    """The removal effects on sales, from journeys in memory."""
    states = states_of(journeys.won, journeys.lost, journeys.nodes, order)
    ones = np.ones(len(journeys.won.unit))
    return removal_effects(states, ones, ones, np.ones(len(journeys.lost.unit))).removal


def theirs(journeys: Journeys, python: str) -> tuple[float, dict[str, float]]:
    """Seconds that ChannelAttribution took, and its credits."""
    counts: dict[str, Counter[str]] = {}
    for paths, end in ((journeys.won, "sold"), (journeys.lost, "lost")):
        bounds, node = paths.starts.tolist(), paths.node.tolist()
        for low, high in pairwise(bounds):
            counts.setdefault(">".join(f"c{n}" for n in node[low:high]), Counter())[end] += 1
    with tempfile.TemporaryDirectory() as folder:
        data, program = Path(folder, "data.json"), Path(folder, "theirs.py")
        columns = {
            "path": list(counts),
            "sold": [c["sold"] for c in counts.values()],
            "lost": [c["lost"] for c in counts.values()],
        }
        data.write_text(json.dumps(columns))
        program.write_text(THEIRS)
        said = subprocess.run([python, str(program), str(data)], capture_output=True, text=True, check=False)
    if said.returncode:
        raise RuntimeError(said.stderr[-2000:])
    found = json.loads(said.stdout.splitlines()[-1])
    return found["seconds"], found["credit"]


def main() -> None:
    """Print one block per size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--journeys", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--their-python", default="")
    asked = parser.parse_args()
    for size in asked.journeys:
        journeys = invent(size)
        rows = len(journeys.won.node) + len(journeys.lost.node)
        print(f"{size:,} journeys, {rows:,} touches, {len(journeys.won.unit):,} sales, {CHANNELS} channels")
        effects = markov(journeys, 1)
        markov(journeys, 2)
        print(f"  Markov, order 1                {best_of(lambda j=journeys: markov(j, 1)) * 1e3:9.1f} ms")  # type: ignore[misc]
        print(f"  Markov, order 2                {best_of(lambda j=journeys: markov(j, 2)) * 1e3:9.1f} ms")  # type: ignore[misc]
        models = [model for name, model in MODELS.items() if name != "last_from"]
        fewer = grouped(journeys)
        print(
            f"  gathering equal journeys       {best_of(lambda j=journeys: gathered(j), 3) * 1e3:9.1f} ms   {len(fewer.lost.unit):,} are left"
        )  # type: ignore[misc]
        compare(fewer, models, Sampling(draws=0))
        alone = best_of(lambda j=fewer, m=models: compare(j, m, Sampling(draws=0)), 3)  # type: ignore[misc]
        print(f"  all {len(models)} models                  {alone * 1e3:9.1f} ms")
        begin = time.process_time()
        compare(fewer, models, Sampling(draws=asked.draws))
        print(f"  the same, {asked.draws} draws of persons {(time.process_time() - begin) * 1e3:9.1f} ms")
        if not asked.their_python:
            print("  ChannelAttribution: name an environment with --their-python", file=sys.stderr)
            continue
        seconds, credit = theirs(journeys, asked.their_python)
        exact = effects / effects.sum() * len(journeys.won.unit)
        off = max(abs(credit.get(f"c{node}", 0.0) / exact[node] - 1) for node in range(1, CHANNELS + 1))
        ours = best_of(lambda j=journeys: markov(j, 1))  # type: ignore[misc]
        print(
            f"  ChannelAttribution             {seconds * 1e3:9.1f} ms   {seconds / ours:.0f}×; a channel's credit is off by up to {off:.1%}"
        )


if __name__ == "__main__":
    main()
