"""Tables in terminals of different widths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from longfunnel.cli import context
from longfunnel.cli.table import print_table
from longfunnel.core.text import Text
from longfunnel.reports import Answer, Column, Question

if TYPE_CHECKING:
    from tests.cli.conftest import Said

Cli = Callable[..., "Said"]
QUESTION = ("report", "channels", "--by", "channel", "--grain", "month")
MONTH = re.compile(r"  2025-\d\d-01  ")


def table(text: str) -> list[list[str]]:
    """The cells of each row; the first two say which row it is."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines() if MONTH.search(line)]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(
    longfunnel: Cli, built: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    whole = table(longfunnel("-C", built, *QUESTION).out)
    monkeypatch.setattr(context.console, "_width", width)
    shown = longfunnel("-C", built, *QUESTION).out
    assert max(map(len, shown.splitlines())) <= width
    assert len(whole) == 4
    assert sorted(cell for row in table(shown) for cell in row[2:]) == sorted(cell for row in whole for cell in row[2:])


def test_each_block_says_which_row_it_is(longfunnel: Cli, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context.console, "_width", 60)
    repeats = Counter(tuple(row[:2]) for row in table(longfunnel("-C", built, *QUESTION).out))
    assert len(repeats) == 4
    assert set(repeats.values()) == {max(repeats.values())}
    assert max(repeats.values()) > 1


def test_headers_stand_on_one_line_where_there_is_room(longfunnel: Cli, built: Path) -> None:
    header = longfunnel("-C", built, "report", "long_funnel").out.splitlines()[1]
    assert re.split(r" {2,}", header) == [
        "Title",
        "Count",
        "From previous",
        "From first",
        "Lost",
        "Median time",
        "90 % within",
    ]


def test_a_change_is_said_as_on_pages(capsys: pytest.CaptureFixture[str]) -> None:
    """A share changes in points, what was below zero by the difference; what rests on too few cases is not compared."""

    def compared(name: str, form: Any, direction: Any) -> list[Column]:
        names = (name, f"{name}_before", f"{name}_change")
        return [Column(one, Text(one, one), form, direction=direction, unit="RUB") for one in names]

    columns = (
        *compared("cr1", "share", "up"),
        *compared("profit", "money", "up"),
        *compared("win_rate", "share", "up"),
    )
    values = [0.25, 0.2, 0.25, Decimal(50), Decimal(-100), -1.5, 0.5, 0.25, 1.0]
    table = pa.Table.from_pylist([dict(zip((column.name for column in columns), values, strict=True))])
    cases = {"win_rate": (4,)}
    print_table(Answer("summary", Question("summary"), columns, table, {}, cases=cases, min_cases=30), "en")
    shown = capsys.readouterr().out.replace("\u00a0", " ")
    assert "▲ +5.0 pp" in shown
    assert "▲ +150.00 RUB" in shown
    assert "25.0 pp" not in shown
