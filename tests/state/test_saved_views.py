"""Saved views: one's own and the shared ones, the same over SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from longfunnel.state import State


@pytest.fixture
def users(state: State) -> tuple[int, int]:
    return tuple(
        state.users.add(email=f"{name}@cedar.test", name=name, role="analyst", password_hash="x").id  # type: ignore[return-value]
        for name in ("Anna", "Boris")
    )


def test_a_view_is_seen_by_its_owner_and_by_all_when_shared(state: State, users: tuple[int, int]) -> None:
    anna, boris = users
    state.saved_views.save(anna, "channels", "Mine", "by=source")
    state.saved_views.save(anna, "channels", "Ours", "by=campaign", is_shared=True)
    state.saved_views.save(anna, "funnels", "Elsewhere", "option=steps=visit", is_shared=True)
    assert [view.name for view in state.saved_views.seen_by(anna, "channels")] == ["Mine", "Ours"]
    (ours,) = state.saved_views.seen_by(boris, "channels")
    assert (ours.name, ours.owner, ours.query, ours.is_shared) == ("Ours", "Anna", "by=campaign", True)


def test_the_same_name_again_replaces_the_owners_view_alone(state: State, users: tuple[int, int]) -> None:
    anna, boris = users
    first = state.saved_views.save(anna, "channels", "Paid", "by=source")
    others = state.saved_views.save(boris, "channels", "Paid", "by=term")
    again = state.saved_views.save(anna, "channels", "Paid", "by=campaign", is_shared=True)
    assert again.id == first.id != others.id
    assert {view.query for view in state.saved_views.seen_by(boris, "channels")} == {"by=term", "by=campaign"}


def test_a_view_goes_on_the_overview_and_off_and_away(state: State, users: tuple[int, int]) -> None:
    anna, _ = users
    view = state.saved_views.save(anna, "funnels", "Way", "option=steps=visit", is_on_overview=True)
    assert view.is_on_overview
    again = state.saved_views.save(anna, "funnels", "Way", "option=steps=visit")
    assert state.saved_views.get(view.id) == again
    assert not again.is_on_overview
    state.saved_views.remove(view.id)
    assert state.saved_views.get(view.id) is None
