"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import is_hypothesis_test


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on random input try many cases, and tests over the invented business make it first: they run in `make test`."""
    for item in items:
        if isinstance(item, pytest.Function) and (
            is_hypothesis_test(item.obj) or not {"made", "truth"}.isdisjoint(item.fixturenames)
        ):
            item.add_marker(pytest.mark.slow)
