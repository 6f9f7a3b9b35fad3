"""The derived tables as ``tables.sql`` and ``staging.sql`` declare them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_DECLARED: Final = re.compile(r"^CREATE TABLE (\w+) \(.*?^\);", re.MULTILINE | re.DOTALL)


@cache
def declarations() -> dict[str, str]:
    """CREATE TABLE of every derived table, by name."""
    package = files("longfunnel.journeys.derive")
    text = "\n".join(package.joinpath(name).read_text("utf-8") for name in ("tables.sql", "staging.sql"))
    return {match.group(1): match.group(0) for match in _DECLARED.finditer(text)}


def declaration(table: str) -> str:
    """CREATE TABLE of one derived table."""
    return declarations()[table]
