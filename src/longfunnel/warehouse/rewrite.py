"""Writes the analytic database anew, so that nothing of what was deleted is left in its file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from longfunnel.warehouse.database import FILE, open_warehouse

if TYPE_CHECKING:
    from pathlib import Path


def rewrite_warehouse(folder: Path) -> None:
    """Copy what is live into a new file and put it in the old one's place, in one step; a kill leaves one or the other whole.

    A database keeps deleted rows in its file until their space is used again; a copy has only what is there. Needs room for
    a second file. Nobody may hold the warehouse: raises WarehouseError when it is in use.
    """
    file, fresh = folder / FILE, folder / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    connection = open_warehouse(folder)
    try:
        name = connection.execute("SELECT current_database()").fetchall()[0][0]
        connection.execute(f"ATTACH '{str(fresh).replace(chr(39), chr(39) * 2)}' AS fresh")
        connection.execute(f'COPY FROM DATABASE "{name}" TO fresh')
        connection.execute("CHECKPOINT fresh")
        connection.execute("DETACH fresh")
    finally:
        connection.close()
    with fresh.open("rb") as opened:
        os.fsync(opened.fileno())
    fresh.replace(file)
    file.with_name(f"{FILE}.wal").unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
