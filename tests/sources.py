"""The program's own source as trees, for tests of what it may and may not say."""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path
from typing import Final

import longfunnel

SOURCES: Final = Path(longfunnel.__file__).parent


@cache
def trees() -> dict[str, ast.Module]:
    """Every module by its path below the package.

    Nothing is collected meanwhile: in Python 3.11 a parser inside a parser fails ("recursion depth mismatch"), and an
    object that logs its last words as it is collected formats a traceback, which parses.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return {
            file.relative_to(SOURCES).as_posix(): ast.parse(file.read_text("utf-8"))
            for file in sorted(SOURCES.rglob("*.py"))
        }
    finally:
        if was_on:
            gc.enable()
