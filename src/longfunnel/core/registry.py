"""Catalogues: in a catalogue folder every file without an underscore is an entry. Adding an entry is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TypeVar

T = TypeVar("T")


@cache
def _modules(package: str) -> tuple[str, ...]:
    paths = importlib.import_module(package).__path__
    return tuple(sorted(info.name for info in pkgutil.iter_modules(paths) if not info.name.startswith("_")))


def catalogue(package: str, attribute: str, kind: type[T]) -> dict[str, T]:
    """Every entry of ``package``, by file name, in alphabetical order.

    An entry's file holds one value named ``attribute`` of type ``kind``. Raises TypeError for a file without it: a
    mistake of whoever adds the file, found by the first import and by the tests.
    """
    found: dict[str, T] = {}
    for name in _modules(package):
        value = getattr(importlib.import_module(f"{package}.{name}"), attribute, None)
        if not isinstance(value, kind):
            raise TypeError(f"{package}.{name} must define {attribute}, a {kind.__name__}")
        found[name] = value
    return found
