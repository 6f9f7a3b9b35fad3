"""The facts: one file each. A fact is one row that an outside system asserts; facts are append-only and have versions."""

from __future__ import annotations

from functools import cache

from longfunnel.core.registry import catalogue
from longfunnel.warehouse.facts._fact import Column, Fact, Type

__all__ = ["Column", "Fact", "Type", "facts"]


@cache  # connectors and imports ask for each row
def facts() -> dict[str, Fact]:
    """All facts by name."""
    return catalogue("longfunnel.warehouse.facts", "FACT", Fact)
