"""A business without facts, closed after each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from business import Facts


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Facts]:
    facts = Facts(tmp_path)
    yield facts
    facts.close()
