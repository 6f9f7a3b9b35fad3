"""What questions about one build share: made once, bounded, and the same answer with it as without."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from tests.reports.derived import warehouse
from tests.reports.test_forecast import company

from longfunnel.core.settings import Settings
from longfunnel.models import future
from longfunnel.reports import Context, answer, read_question
from longfunnel.reports._engine.remembered import remembered


def test_a_thing_is_made_once_for_each_key_and_the_oldest_are_forgotten() -> None:
    context, made = Context(duckdb.connect(), Settings()), []

    def make(number: int) -> int:
        return remembered(context, ("number", number), lambda: made.append(number) or number)

    assert [make(1), make(2), make(1)] == [1, 2, 1]
    assert made == [1, 2]
    for number in range(3, 27):
        make(number)
        make(1)  # in use
    make(1)
    assert made.count(1) == 1
    make(2)
    assert made.count(2) == 2


def test_what_is_made_with_an_error_is_not_kept() -> None:
    context = Context(duckdb.connect(), Settings())

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        remembered(context, "key", fail)
    assert remembered(context, "key", lambda: 3) == 3


@pytest.mark.slow
def test_the_past_is_read_and_played_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        ("forecast", {}),
        ("forecast", {"options": {"view": "backtest"}}),
        ("what_if", {"options": {"cr1": "+10%", "weeks": "8"}}),
        ("what_if", {"options": {"price": "+10%", "weeks": "8"}}),
        ("forecast", {"options": {"view": "pipeline"}}),
    ]
    once: dict[str, Any] = {}
    with warehouse(company()) as connection:
        alone = [answer(connection, Settings(), read_question(name, more)).rows for name, more in asked]
        played, play = [], future.play_future
        for module in ("longfunnel.models.future", "longfunnel.reports._forecast.future"):
            monkeypatch.setattr(
                f"{module}.play_future", lambda *given, **more: played.append(1) or play(*given, **more)
            )
        shared = [answer(connection, Settings(), read_question(name, more), once=once).rows for name, more in asked]
    assert shared == alone
    assert len(played) <= 1 + 4  # one future, and at most four forecasts of the past
