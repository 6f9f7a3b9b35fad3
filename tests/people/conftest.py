"""An empty warehouse for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.people.people_facts import Facts

from longfunnel.warehouse.database import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    connection = open_warehouse(tmp_path_factory.mktemp("people"), threads=1)
    yield Facts(connection)
    connection.close()


@pytest.fixture
def given(_warehouse: Facts) -> Facts:
    """An empty warehouse."""
    _warehouse.clear()
    return _warehouse
