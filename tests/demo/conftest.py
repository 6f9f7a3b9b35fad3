from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

import pytest

from longfunnel.demo import Truth, write_business

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The small invented business, written once."""
    return write_business(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def folder(truth: Truth) -> Path:
    return truth.folder


@pytest.fixture(scope="session")
def table(folder: Path) -> Callable[..., Rows]:
    """Reads one delimited export by plain means, knowing nothing of the demo's code."""

    def read(path: str, *, delimiter: str = ";", encoding: str = "utf-8-sig", skip: int = 0) -> Rows:
        text = (folder / path).read_text(encoding=encoding)
        return list(csv.DictReader(io.StringIO("\n".join(text.splitlines()[skip:])), delimiter=delimiter))

    return read


@pytest.fixture(scope="session")
def events(folder: Path) -> Rows:
    """The site's log of all months."""
    rows: Rows = []
    for path in sorted((folder / "data" / "site").glob("events-*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows += csv.DictReader(file)
    return rows
