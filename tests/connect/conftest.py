"""A folder with a warehouse in it, and a short way to put a file there and import it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from longfunnel.connect import ImportReport, import_source
from longfunnel.core.settings import Business, Source
from longfunnel.core.text import read_stored
from longfunnel.warehouse.database import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


def at(*parts: int) -> datetime:
    """An instant as the warehouse keeps it: UTC, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]


NOW = at(2026, 11, 22, 12)


@dataclass
class Desk:
    """A business's folder at work."""

    folder: Path
    warehouse: duckdb.DuckDBPyConnection
    business: Business = field(default_factory=lambda: Business(currency="RUB", timezone="Europe/Moscow"))

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the folder."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def run(self, fact: str, path: str, *, at: datetime = NOW, name: str = "exports", **settings: Any) -> ImportReport:
        """Import a source of these settings."""
        source = Source(name=name, fact=fact, path=path, **settings)
        return import_source(self.warehouse, source, business=self.business, folder=self.folder, recorded_at=at)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the warehouse answers."""
        return self.warehouse.execute(sql).fetchall()

    def quarantine(self) -> list[tuple[Any, ...]]:
        """Row number, column, value and reason (in English) of each quarantined row."""
        found = self.rows(
            "SELECT row_number, column_name, value, reason FROM main.quarantine ORDER BY file, row_number"
        )
        return [(*rest, read_stored(reason).en) for *rest, reason in found]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty business."""
    warehouse = open_warehouse(tmp_path / ".longfunnel", threads=1)
    yield Desk(tmp_path, warehouse)
    warehouse.close()


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    """read, added, changed, same, quarantined."""
    return (report.read, report.added, report.changed, report.same, report.quarantined)
