"""The way down in attribution: from a channel to its sources, their campaigns and so on.

Credit is worked out over whole journeys, so that a level is no filter: the journeys are cut by all levels down to this one, and
only the rows below the chosen ones are shown.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.web.strip import Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

LADDER = ("channel", "source", "campaign", "ad_group", "term")
_IN = "_in"
"""The page's own parameter, once for each level: ``channel=Paid Search``; without a value, the unknown one."""
_OF_LEVEL = ("by", "sort", "_sort", "_sort_models", "_sort_removal")
"""Parameters that belong to the level shown."""

Way = tuple[tuple[str, str | None], ...]
"""The levels chosen so far: a dimension and its value."""


def way_of(visit: Visit) -> Way:
    """The levels that the address names, the upper first."""
    parts = [text.partition("=") for text in visit.address.all(_IN)]
    found = {name: value or None for name, sign, value in parts if sign and name in LADDER}
    return tuple(sorted(found.items(), key=lambda level: LADDER.index(level[0])))


def level_of(visit: Visit, way: Way) -> str:
    """The dimension of the rows: what the address asks for, or the one below the last level."""
    asked = visit.question.by[0] if visit.question.by else ""
    below = _below(way[-1][0]) if way else LADDER[0]
    return asked if asked in LADDER and asked not in dict(way) else below or LADDER[-1]


def below_only(answer: Answer, way: Way) -> Answer:
    """The rows below the chosen levels, without the columns of these, with totals of their own."""
    if not way:
        return answer
    rows = answer.rows
    chosen = pa.array([all(row[name] == value for name, value in way) for row in rows], pa.bool_())
    table = answer.table.filter(chosen).drop_columns([name for name, _ in way])
    totals: dict[str, Any] = {
        name: sum((value for value in table.column(name).to_pylist() if value is not None), type(total)(0))
        if isinstance(total, (int, float, Decimal)) and name not in ("romi", "cost_per")
        else None
        for name, total in answer.totals.items()
    }
    if totals.get("cost") and "romi" in totals:
        totals["romi"] = float(totals["profit"] / totals["cost"])
    columns = tuple(column for column in answer.columns if column.name not in dict(way))
    return replace(answer, columns=columns, table=table, totals=totals, cases={}, total_cases={})


def down(visit: Visit, way: Way, level: str) -> Callable[[dict[str, Any]], str] | None:
    """Where a row leads: to the level below it; None at the lowest."""
    below = _below(level)
    if below is None or visit.is_shared:
        return None

    def url(row: dict[str, Any]) -> str:
        return _url(visit, (*way, (level, row[level])), below)

    return url


def crumbs(visit: Visit, way: Way) -> list[Choice]:
    """The way so far, each level leading back to itself; nothing at the top."""
    if not way:
        return []
    top = Choice(visit.text(Text("All channels", "Все каналы")), _url(visit, (), LADDER[0]), False)
    return [
        top,
        *(
            Choice(
                f"{visit.text(dimensions()[name].title)}: {visit.member(name, value)}",
                _url(visit, way[: place + 1], _below(name) or name),
                place == len(way) - 1,
            )
            for place, (name, value) in enumerate(way)
        ),
    ]


def _below(level: str) -> str | None:
    place = LADDER.index(level) + 1
    return LADDER[place] if place < len(LADDER) else None


def _url(visit: Visit, way: Way, level: str) -> str:
    bare = visit.address.with_(**dict.fromkeys((*_OF_LEVEL, _IN)))
    levels = tuple((_IN, f"{name}={value or ''}") for name, value in way)
    return str(replace(bare, pairs=(*bare.pairs, *levels, ("by", level))))
