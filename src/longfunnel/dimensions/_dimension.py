"""What a dimension is: a way to cut numbers, with its SQL for each table that knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.core.text import Text

ORIGIN_TABLES = ("spends", "visits", "leads", "deals", "orders")
"""Tables whose rows came from somewhere: spend and visits by their own origin, the others by the credited touch's."""


@dataclass(frozen=True)
class Dimension:
    """A way to cut numbers. ``name`` is the file's.

    ``columns`` gives, per table, SQL over its row ``t`` or its origin ``o``; a table that is not there does not know the
    dimension, and its numbers stand in the row of the unknown, so that totals always add up.
    """

    title: Text
    meaning: Text
    columns: dict[str, str]
    aliases: tuple[str, ...] = ()
    words: Mapping[str, Text] = field(default_factory=dict)
    """What people call the values that the program itself gives; a business's own values are their own words."""
    name: str = ""

    def sql(self, table: str) -> str | None:
        """The dimension for a row of ``table``, or None where it is not known there."""
        return self.columns.get(table)

    @property
    def is_origin(self) -> bool:
        """Whether it says where something came from."""
        return any(sql.startswith("o.") for sql in self.columns.values())


def of_origin(column: str) -> dict[str, str]:
    """A column of the origin, for every table that has one."""
    return dict.fromkeys(ORIGIN_TABLES, f"o.{column}")


def of_row(column: str, *tables: str) -> dict[str, str]:
    """A column of the row itself, for the tables that have it."""
    return dict.fromkeys(tables, f"t.{column}")
