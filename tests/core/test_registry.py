"""Catalogues are folders: an entry is a file."""

from __future__ import annotations

import pytest

from longfunnel.core.registry import catalogue
from longfunnel.warehouse.facts import Fact, facts


def test_each_file_is_an_entry_under_its_own_name() -> None:
    assert {name: fact.name for name, fact in facts().items()} == {name: name for name in facts()}
    assert {"spend", "event", "lead", "deal", "payment", "stage_entry"} <= facts().keys()


def test_a_file_without_its_entry_is_named() -> None:
    with pytest.raises(TypeError, match=r"longfunnel\.warehouse\.facts\.call must define NOTHING"):
        catalogue("longfunnel.warehouse.facts", "NOTHING", Fact)


@pytest.mark.parametrize("fact", facts().values(), ids=lambda fact: fact.name)
def test_a_fact_declares_its_key_and_its_time_among_its_columns(fact: Fact) -> None:
    names = fact.column_by_name
    assert set(fact.key) <= names.keys()
    assert fact.at in names
    assert len(names) == len(fact.columns)
    assert all("." in column.meaning for column in fact.columns)
