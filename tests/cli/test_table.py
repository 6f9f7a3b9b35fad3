"""Tables in terminals of different widths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from longfunnel.cli import context

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
