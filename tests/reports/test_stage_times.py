"""Time in stages: the published Kaplan–Meier table, plain Python on random stays, and what counts as a stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.derived import warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import answer, read_question
from longfunnel.reports._forecast.survival import kaplan_meier

FIRST = datetime(2026, 1, 1)


def test_the_estimate_is_the_published_one() -> None:
    # remission of leukaemia under 6-MP, weeks (Freireich et al., Blood 21 (1963) 699-716; the table is in Collett, Modelling
    # Survival Data, and in Cox & Oakes): a plus marks what had not ended
    given_text = [
        "6",
        "6",
        "6",
        "6+",
        "7",
        "9+",
        "10",
        "10+",
        "11+",
        "13",
        "16",
        "17+",
        "19+",
        "20+",
        "22",
        "23",
        "25+",
        "32+",
        "32+",
        "34+",
        "35+",
    ]
    times = np.array([int(text.rstrip("+")) for text in given_text])
    found = kaplan_meier(times, np.array(["+" not in text for text in given_text]))
    assert found.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert [round(share, 4) for share in found.share.tolist()] == [
        0.8571,
        0.8067,
        0.7529,
        0.6902,
        0.6275,
        0.5378,
        0.4482,
    ]
    assert (found.quantile(0.25), found.quantile(0.5), found.quantile(0.75)) == (13, 23, None)
    assert (found.after(5), found.after(35), found.after(36)) == (1.0, pytest.approx(0.4482, abs=5e-5), None)


def slow_survival(stays: list[tuple[int, bool]], time: int) -> Fraction:
    """The product over every time up to ``time`` of the part that did not end then, by the definition."""
    share = Fraction(1)
    for t in range(time + 1):
        at_risk = sum(lasted >= t for lasted, _ in stays)
        ended = sum(lasted == t and over for lasted, over in stays)
        if at_risk:
            share *= 1 - Fraction(ended, at_risk)
    return share


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=15))
def test_the_estimate_is_the_plain_product(stays: list[tuple[int, bool]]) -> None:
    found = kaplan_meier(np.array([lasted for lasted, _ in stays]), np.array([over for _, over in stays]))
    longest = max(lasted for lasted, _ in stays)
    for time in range(longest + 1):
        assert found.after(time) == pytest.approx(float(slow_survival(stays, time)))
    for part in (0.5, 0.75, 0.9):
        wanted = next((t for t in range(longest + 1) if slow_survival(stays, t) <= 1 - Fraction(str(part))), None)
        assert found.quantile(part) == wanted


def ask(deals: list[dict[str, Any]], entries: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    with warehouse({"deals": deals, "stage_entries": entries}) as connection:
        return answer(connection, Settings(), read_question("stage_times", fields)).rows


def deal(key: int, status: str, closed: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "deal_key": key, "status": status, "created_at": FIRST, "created_on": FIRST.date(), "is_deleted": False, "pipeline": "B2C",
        "closed_at": None if closed is None else FIRST + timedelta(days=closed),
    } | more  # fmt: skip


def way(key: int, *entries: tuple[str, float]) -> list[dict[str, Any]]:
    found = []
    for number, (stage, day) in enumerate(entries):
        following = entries[number + 1] if number + 1 < len(entries) else None
        found.append(
            {"deal_key": key, "pipeline": "B2C", "stage": stage, "stage_number": "NOW".index(stage[0]) + 1,
             "entered_at": FIRST + timedelta(days=day), "left_at": following and FIRST + timedelta(days=following[1]),
             "next_stage": following and following[0], "next_stage_number": following and "NOW".index(following[0][0]) + 1}
        )  # fmt: skip
    return found


def test_open_deals_are_cut_off_not_dropped() -> None:
    deals = [deal(1, "won", 10), deal(2, "open"), deal(3, "lost", 4)]
    entries = [*way(1, ("New", 0), ("Offer", 2), ("Won", 10)), *way(2, ("New", 0)), *way(3, ("New", 0))]
    new, offer = ask(deals, entries, after=3)
    assert (new["stage"], new["stays"], new["ended"], new["inside"]) == ("New", 3, 2, 1)
    assert (new["median_days"], new["p75_days"], new["p90_days"]) == (
        4.0,
        None,
        None,
    )  # dropping the open one would give 3
    assert new["inside_share"] == pytest.approx(2 / 3)
    assert (offer["stage"], offer["stays"], offer["median_days"]) == ("Offer", 1, 8.0)  # the closing stage is no stay


def test_a_deal_that_comes_back_stays_anew_and_deleted_deals_do_not_count() -> None:
    deals = [deal(1, "open"), deal(2, "open", is_deleted=True)]
    entries = [*way(1, ("New", 0), ("Offer", 1), ("New", 2), ("Offer", 5)), *way(2, ("New", 0), ("Offer", 9))]
    new, offer = ask(deals, entries)
    assert (new["stays"], new["inside"], new["median_days"], new["p90_days"]) == (2, 0, 1.0, 3.0)
    assert (offer["stays"], offer["inside"]) == (2, 1)


def test_stages_are_cut_by_a_dimension_and_a_wrong_option_is_refused() -> None:
    deals = [deal(1, "open", manager="Anna"), deal(2, "open", manager="Boris")]
    entries = [*way(1, ("New", 0), ("Offer", 1)), *way(2, ("New", 0), ("Offer", 3))]
    found = {(row["manager"], row["stage"]): row["median_days"] for row in ask(deals, entries, by="manager")}
    assert found == {("Anna", "New"): 1.0, ("Anna", "Offer"): None, ("Boris", "New"): 3.0, ("Boris", "Offer"): None}
    with pytest.raises(QuestionError, match="number of days"):
        ask(deals, entries, after="soon")
