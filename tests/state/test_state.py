"""The state database keeps what people decided, the same over SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from longfunnel.core.errors import LongfunnelError
from longfunnel.state import Decision, open_state
from longfunnel.state.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longfunnel.state import State

NOON = datetime.fromisoformat("2026-03-01T12:00:00.123456")
CUT = Decision("cut", "email", "a@b.ru", "", "phone", "+79121234567", "", "Анна", "Two spouses", NOON)
BLOCK = Decision("block", "phone", "+74951234567", "", None, None, None, "Анна", "Office", NOON)


def test_a_decision_comes_back_as_it_was_kept(reopen: Callable[[], State]) -> None:
    kept = [reopen().identity_decisions.add(CUT), reopen().identity_decisions.add(BLOCK)]
    assert reopen().identity_decisions.all() == kept
    assert kept[0].decided_at == NOON
    assert kept[0].id != kept[1].id


def test_taking_a_decision_that_holds_already_changes_nothing(state: State) -> None:
    first = state.identity_decisions.add(BLOCK)
    assert state.identity_decisions.add(BLOCK) == first
    assert len(state.identity_decisions.all()) == 1


def test_an_undone_decision_stays_in_the_list_and_can_be_taken_again(state: State) -> None:
    first = state.identity_decisions.add(CUT)
    undone = state.identity_decisions.undo(first.id, by="Борис", at=NOON.replace(hour=13))
    again = state.identity_decisions.add(CUT)
    assert state.identity_decisions.all() == [undone, again]
    assert (undone.is_active(), again.is_active()) == (False, True)


def test_as_of_sees_a_decision_between_taking_and_undoing(state: State) -> None:
    undone = state.identity_decisions.undo(state.identity_decisions.add(CUT).id, by="", at=NOON.replace(hour=13))
    assert [undone.is_active(NOON.replace(hour=hour)) for hour in (11, 12, 13)] == [False, True, False]


def test_undoing_twice_or_what_is_not_there_is_refused(state: State) -> None:
    number = state.identity_decisions.add(CUT).id
    state.identity_decisions.undo(number, by="Борис", at=NOON)
    with pytest.raises(LongfunnelError, match="already undone by Борис"):
        state.identity_decisions.undo(number, by="", at=NOON)
    with pytest.raises(LongfunnelError, match="no decision number 999"):
        state.identity_decisions.undo(999, by="", at=NOON)


def test_migrations_make_exactly_the_declared_tables(state: State) -> None:
    with state._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    open_state(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(LongfunnelError, match="newer version"):
        open_state(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database" * 100)
    with pytest.raises(LongfunnelError, match="cannot be opened"):
        open_state(tmp_path)


@pytest.mark.parametrize("url", ["nonsense", "oracles://x", "postgresql://nobody:secret@127.0.0.1:1/x"])
def test_an_address_that_leads_nowhere_is_refused_without_showing_the_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(LongfunnelError, match="cannot be") as caught:
        open_state(tmp_path, url)
    assert "secret" not in str(caught.value)
