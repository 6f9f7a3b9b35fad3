"""Catalogues: in a catalogue folder every file without an underscore is an entry. Adding an entry is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TypeVar

T = TypeVar("T")


@cache
def names(package: str) -> tuple[str, ...]:
    """The entries of ``package`` in alphabetical order; none of them is loaded."""
    paths = importlib.import_module(package).__path__
    return tuple(sorted(info.name for info in pkgutil.iter_modules(paths) if not info.name.startswith("_")))


def entry(package: str, name: str, attribute: str, kind: type[T]) -> T:
    """One entry, loaded now if it was not yet. Raises TypeError for a file without it, as ``catalogue`` does."""
    value = getattr(importlib.import_module(f"{package}.{name}"), attribute, None)
    if not isinstance(value, kind):
        raise TypeError(f"{package}.{name} must define {attribute}, a {kind.__name__}")
    return value


def catalogue(package: str, attribute: str, kind: type[T]) -> dict[str, T]:
    """Every entry of ``package``, by file name, in alphabetical order.

    An entry's file holds one value named ``attribute`` of type ``kind``. Raises TypeError for a file without it: a
    mistake of whoever adds the file, found by the first import and by the tests.
    """
    return {name: entry(package, name, attribute, kind) for name in names(package)}
