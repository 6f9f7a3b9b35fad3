"""The CRM's stages: who went where."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.reports.derived import instant, warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Settings
from longfunnel.reports import Answer, answer, read_question


def day(number: int) -> date:
    return date(2025, 1, number)


def deal(key: int, status: str, closed: int | None = None, pipeline: str = "B2C", stage: str = "") -> dict[str, Any]:
    return {
        "deal_key": key, "deal_id": str(key), "created_on": day(1), "created_at": instant(day(1)), "status": status, "pipeline": pipeline,
        "stage": stage, "is_deleted": False, "closed_on": closed and day(closed), "closed_at": instant(day(closed)) if closed else None,
    }  # fmt: skip


def walk(key: int, *steps: tuple[str, int, int], pipeline: str = "B2C") -> list[dict[str, Any]]:
    """Stage, its number, the day it was entered."""
    rows = []
    for place, (stage, number, on) in enumerate(steps):
        after = steps[place + 1] if place + 1 < len(steps) else None
        rows.append(
            {"deal_key": key, "pipeline": pipeline, "stage": stage, "stage_number": number, "entered_at": instant(day(on)),
             "left_at": instant(day(after[2])) if after else None, "next_stage": after[0] if after else None,
             "next_stage_number": after[1] if after else None}
        )  # fmt: skip
    return rows


DEALS = [deal(1, "won", 9), deal(2, "lost", 5), deal(3, "open"), deal(4, "lost", 7), deal(5, "won", 4)]
WALKS = [
    *walk(1, ("New", 1, 1), ("Offer", 2, 2), ("Won", 4, 9)),
    *walk(2, ("New", 1, 1), ("Lost", 5, 5)),
    *walk(3, ("New", 1, 1), ("Contract", 3, 2), ("New", 1, 3)),
    *walk(4, ("New", 1, 1)),
    *walk(5, ("New", 1, 1), ("Offer", 2, 3)),
]


def ask(entries: list[dict[str, Any]], **fields: Any) -> Answer:
    with warehouse({"deals": DEALS, "stage_entries": entries}) as connection:
        return answer(connection, Settings(), read_question("pipeline", fields))


def test_each_stage_knows_who_entered_went_on_was_lost_skipped_and_came_back() -> None:
    found = ask(WALKS)
    names = ("stage", "entered", "forward", "lost", "open", "skipped", "returned")
    assert [tuple(row[name] for name in names) for row in found.rows] == [
        ("New", 5, 3, 2, 1, 0, 1),
        ("Offer", 2, 2, 0, 0, 1, 0),
        ("Contract", 1, 0, 0, 0, 1, 0),
        ("Won", 1, 0, 0, 0, 0, 0),
        ("Lost", 1, 0, 0, 0, 0, 0),
    ]
    assert found.totals["entered"] == 5
    assert found.totals["win_rate"] == pytest.approx(0.5)


def test_conversion_win_rate_and_time_are_of_the_stage() -> None:
    rows = {row["stage"]: row for row in ask(WALKS).rows}
    assert rows["New"]["conversion"] == pytest.approx(0.6)
    assert rows["New"]["win_rate"] == pytest.approx(2 / 4)
    assert rows["New"]["median_days"] == pytest.approx(2)  # 1, 4, 1, 6 and 2 days; the stay that goes on has no end yet
    assert rows["Offer"]["median_days"] == pytest.approx(4)
    assert rows["Lost"]["conversion"] is None


def test_one_pipeline_can_be_asked_for() -> None:
    assert ask(WALKS, pipeline="B2C").totals["entered"] == 5
    with pytest.raises(QuestionError, match="Pipelines: B2C"):
        ask(WALKS, pipeline="B2B")


def test_without_a_history_each_deal_stands_where_it_stands() -> None:
    found = ask([])
    assert [(row["stage"], row["entered"], row["open"], row["median_days"]) for row in found.rows] == [("", 5, 1, None)]
    assert "no_stage_history" in {caveat.code for caveat in found.caveats}


def test_stages_can_be_cut() -> None:
    rows = ask(WALKS, by=["manager"]).rows
    assert {(row["manager"], row["stage"], row["entered"]) for row in rows} >= {(None, "New", 5)}
