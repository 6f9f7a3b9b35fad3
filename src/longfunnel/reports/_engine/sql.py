"""A statement under construction: text with named parameters, and how to show it so that it can be run as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|\$(\w+)")


@dataclass
class Parameters:
    """The values of one statement, by name."""

    values: dict[str, Any] = field(default_factory=dict)

    def bind(self, name: str, value: Any) -> str:
        """``$name`` for the value; a name that stands for another value already gets a number."""
        free, number = name, 1
        while free in self.values and self.values[free] != value:
            number += 1
            free = f"{name}_{number}"
        self.values[free] = value
        return f"${free}"


@dataclass(frozen=True)
class Statement:
    """SQL and the values of its parameters."""

    sql: str
    parameters: dict[str, Any]

    def runnable(self) -> str:
        """The statement with its values written in, listed above it: for reading and for running by hand, never executed here."""
        listed = "".join(f"-- ${name} = {_literal(value)}\n" for name, value in self.parameters.items())

        def filled(found: re.Match[str]) -> str:
            name = found.group(1)
            return found.group(0) if name is None else _literal(self.parameters[name])

        return listed + _PARAMETER.sub(filled, self.sql)


def _literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int() | float() | Decimal():
            return str(value)
        case datetime():
            return f"TIMESTAMP '{value.isoformat(' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case list() | tuple():
            return "[" + ", ".join(_literal(item) for item in value) + "]"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
