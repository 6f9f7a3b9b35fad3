"""What a report is, and the catalogue of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from longfunnel.core.registry import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.core.text import Text
    from longfunnel.metrics import Basis
    from longfunnel.reports._answer import Answer
    from longfunnel.reports._context import Context
    from longfunnel.reports._question import Question


@dataclass(frozen=True)
class Report:
    """One kind of answer. ``name`` is the file's."""

    title: Text
    meaning: Text
    answer: Callable[[Context, Question], Answer]
    """Answers a question that was checked and filled with the report's defaults."""
    basis: Basis
    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    options: dict[str, Text] = field(default_factory=dict)
    """What only this report understands, with the meaning."""
    refuses: dict[str, str] = field(default_factory=dict)
    """Fields of a question that make no sense here, with why."""
    name: str = ""


@cache
def reports() -> dict[str, Report]:
    """Every report by name, in alphabetical order."""
    return {
        name: replace(report, name=name) for name, report in catalogue("longfunnel.reports", "REPORT", Report).items()
    }
