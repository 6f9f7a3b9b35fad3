"""A business without facts, closed after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.journeys.business import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Facts]:
    facts = Facts(tmp_path)
    yield facts
    facts.close()
