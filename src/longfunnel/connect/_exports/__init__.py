"""What vendors' exports look like, as data: one TOML per vendor, an ``[[export]]`` for each kind of file it gives.

``needs`` lists groups of headers: at least one of each group must be there for a file to be that export. ``columns`` gives
for each of ours the vendor's headers, English and Russian, old and new; the first that is there is taken.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class Export(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of file that a vendor gives."""

    fact: str
    needs: list[list[str]]
    columns: dict[str, list[str]]
    vendor: str = ""
    constants: dict[str, Any] = {}
    values: dict[str, dict[str, str]] = {}
    system: str = ""
    unit: str = ""
    timezone: str = ""


class _Vendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vendor: str
    export: list[Export]


@cache
def exports() -> tuple[Export, ...]:
    """Every export that is known, by vendor."""
    found: list[Export] = []
    for file in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            vendor = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _Vendor)
            found += [msgspec.structs.replace(export, vendor=vendor.vendor) for export in vendor.export]
    return tuple(found)
