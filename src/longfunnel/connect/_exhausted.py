"""A disk or a memory that is full, in plain words: the engine's own errors say it in many ways."""

from __future__ import annotations

import duckdb

from longfunnel.core.errors import WarehouseError
from longfunnel.core.text import Text

FREE_SPACE = Text("Free some space and run the command again.", "Освободите место на диске и запустите команду снова.")
_SIGNS = ("No space left", "Could not write", "failed to offload", "max_temp_directory_size", "File too large")


def exhausted(error: duckdb.Error, name: str) -> WarehouseError | None:
    """What stopped the import of the file ``name``, where it is the disk's or the memory's fault."""
    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException) and "space" not in text.lower():
        said = Text(
            "{file} needs more memory than is allowed: nothing of it was imported. {why}",
            "На {file} не хватает разрешённой памяти: из него ничего не загружено. {why}",
        )
        return WarehouseError(said.format(file=name, why=text.splitlines()[0]))
    if any(sign in text for sign in _SIGNS):
        said = Text(
            "The disk is full: nothing of {file} was imported.", "Диск заполнен: из {file} ничего не загружено."
        )
        return WarehouseError(said.format(file=name), hint=FREE_SPACE)
    return None
