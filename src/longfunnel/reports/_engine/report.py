"""What a report is, and the catalogue of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from longfunnel.core.registry import entry, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.core.text import Text
    from longfunnel.metrics import Basis
    from longfunnel.reports._engine.answer import Answer
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


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
    in_shares: bool = False
    """Whether it counts a sale in parts where a model shares it between several touches; else it takes only models that give all to one."""
    refuses: dict[str, Text] = field(default_factory=dict)
    """Fields of a question that make no sense here, with why."""
    name: str = ""


class _Reports(Mapping[str, Report]):
    """A report is loaded when it is asked for: those that walk events bring a compiler with them, which the others do without."""

    def __getitem__(self, name: str) -> Report:
        if name not in names(_PACKAGE):
            raise KeyError(name)
        return _load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(names(_PACKAGE))

    def __len__(self) -> int:
        return len(names(_PACKAGE))


_PACKAGE = "longfunnel.reports"


@cache
def _load(name: str) -> Report:
    return replace(entry(_PACKAGE, name, "REPORT", Report), name=name)


def reports() -> Mapping[str, Report]:
    """Every report by name, in alphabetical order."""
    return _Reports()
