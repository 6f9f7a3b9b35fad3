"""Every worked example of ``docs/reference/funnels.md`` is what the engine and the definition answer."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from longfunnel.journeys.funnels.funnel import Exclusion, Funnel, Step
from longfunnel.journeys.kernels.sessions import GA4, SessionRules, number_sessions

from . import oracle
from .oracle import Event, Found
from .tables import SECOND, engine

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "funnels.md"
TIES = ("either", "recorded", "after")
Row = dict[str, str]


def examples(section: str) -> list[Row]:
    """The rows of a section's first table, by column title."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def cases(section: str) -> pytest.MarkDecorator:
    """One test per example of a section."""
    rows = examples(section)
    assert rows
    return pytest.mark.parametrize("row", rows, ids=[" ".join(list(row.values())[:3]) for row in rows])


def answer(steps: str, journey: str, **options: Any) -> list[Found]:
    """What is found in a journey of words such as ``A0`` or, with a held value, ``A/1@0``."""
    within = options.pop("within", {})
    funnel = Funnel(
        steps=tuple(Step(predicate=s[0], optional=s.endswith("?"), within=within.get(s[0])) for s in steps.split(">")),
        **{"window": timedelta(seconds=60), **options},
    )
    person = []
    for word in journey.split():
        matched = re.fullmatch(r"(?P<letter>[A-Z])(/(?P<held>\d+))?@?(?P<second>\d+)", word)
        assert matched
        letter, held = matched["letter"], matched["held"]
        person.append(
            Event(
                at=int(matched["second"]) * SECOND,
                steps=frozenset(k for k, step in enumerate(funnel.steps) if step.predicate == letter),
                exclusions=frozenset(j for j, e in enumerate(funnel.exclusions) if e.predicate == letter),
                hold=None if held is None else int(held),
            )
        )
    found = engine([person], funnel)
    assert found == oracle.run([person], funnel)
    return found


def depth(steps: str, journey: str, **options: Any) -> int:
    """The number of steps that the one person reached."""
    found = answer(steps, journey, **options)
    return found[0].furthest + 1 if found else 0


@cases("Attempts")
def test_attempts(row: Row) -> None:
    assert depth(row["funnel"], row["journey"]) == int(row["answer"])


@cases("Order")
def test_order(row: Row) -> None:
    assert depth(row["funnel"], row["journey"], order=row["order"]) == int(row["answer"])


@cases("Ties: events at one instant")
def test_ties(row: Row) -> None:
    assert [depth(row["funnel"], row["journey"], ties=ties) for ties in TIES] == [int(row[ties]) for ties in TIES]


@cases("Windows")
def test_windows(row: Row) -> None:
    assert depth("A>B>C", row["journey"], within={"C": timedelta(seconds=5)}) == int(row["answer"])


@cases("Exclusions")
def test_exclusions(row: Row) -> None:
    first, last = row["X"].split("-")
    excluded = (Exclusion(predicate="X", from_step=int(first), to_step=int(last)),)
    found = [depth(row["funnel"], row["journey"], ties=ties, exclusions=excluded) for ties in TIES]
    assert found == [int(row[ties]) for ties in TIES]


@cases("Optional steps")
def test_optional_steps(row: Row) -> None:
    assert sorted(answer(row["funnel"], row["journey"])[0].reached) == [
        int(k) - 1 for k in row["steps reached"].split(",")
    ]


@cases("Holding a property equal")
def test_holding(row: Row) -> None:
    assert depth(row["funnel"], row["journey"], hold="product", exclusions=(Exclusion(predicate="X"),)) == int(
        row["answer"]
    )


@cases("What is counted")
def test_what_is_counted(row: Row) -> None:
    found = answer(row["funnel"], row["journey"], count="attempts")
    assert [unit.furthest + 1 for unit in found] == [int(k) for k in row["attempts reached"].split(",")]


@cases("The reported attempt")
def test_the_reported_attempt(row: Row) -> None:
    rows = answer("A>B>C", row["journey"])[0].rows
    assert " ".join(row["journey"].split()[r] for r in rows if r is not None) == row["reported"]


@cases("Sessions")
def test_sessions(row: Row) -> None:
    words = [word.split() for word in row["minutes, campaign"].split(", ")]
    at = np.array([int(word[0]) * 60 * SECOND for word in words], np.int64)
    campaign = np.array([ord(word[1]) if len(word) > 1 else -1 for word in words], np.int64)
    starts = np.array([0, len(at)], np.int64)
    for title, rules in (("session numbers", SessionRules()), ("GA4", GA4)):
        assert number_sessions(starts, at, rules, campaign=campaign).tolist() == [int(n) for n in row[title].split()]
