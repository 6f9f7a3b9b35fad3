"""What opens doors is kept as hashes alone, ends when it should, and ends for whom it should."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from longfunnel.state import AccountError
from longfunnel.state.access import now

if TYPE_CHECKING:
    from longfunnel.state import State, User


@pytest.fixture
def anna(state: State) -> User:
    return state.users.add(email="anna@cedar.test", name="Anna", role="owner", password_hash="x")


@pytest.fixture
def boris(state: State) -> User:
    return state.users.add(email="boris@cedar.test", name="Boris", role="viewer", password_hash="x")


def test_a_recovery_code_opens_once_its_owners_door_alone(state: State, anna: User, boris: User) -> None:
    codes = state.recovery_codes.make(anna.id)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    assert not state.recovery_codes.use(boris.id, codes[0])
    assert state.recovery_codes.use(anna.id, f" {codes[0].upper().replace('-', ' ')} ")
    assert not state.recovery_codes.use(anna.id, codes[0])
    assert (state.recovery_codes.left(anna.id), state.recovery_codes.left(boris.id)) == (9, 0)
    fresh = state.recovery_codes.make(anna.id)
    assert not state.recovery_codes.use(anna.id, codes[1])
    assert state.recovery_codes.use(anna.id, fresh[0])
    with state._engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM recovery_codes")).all())
    assert not any(code.replace("-", "") in kept for code in fresh)


def test_recovery_codes_go_with_the_second_factor(state: State, anna: User) -> None:
    state.recovery_codes.make(anna.id)
    state.users.change(anna.id, name="Anna P.")
    assert state.recovery_codes.left(anna.id) == 10
    state.users.change(anna.id, totp_secret="")
    assert state.recovery_codes.left(anna.id) == 0


def test_sessions_are_listed_and_ended(state: State, anna: User, boris: User) -> None:
    first, second = (state.sessions.open(anna.id, address="192.0.2.1", agent=agent) for agent in ("A", "B"))
    his = state.sessions.open(boris.id, address="192.0.2.2", agent="C")
    assert {one.agent for one in state.sessions.all(user_id=anna.id)} == {"A", "B"}
    assert len(state.sessions.all()) == 3
    assert not any(first in str(one) for one in state.sessions.all()), "the secret is not kept"
    assert state.sessions.end(anna.id, number=state.sessions.number_of(his)) == 0, "another's"
    assert state.sessions.end(anna.id, but=second) == 1
    assert [state.sessions.user_of(secret) for secret in (first, second, his)] == [None, anna.id, boris.id]
    assert state.sessions.end(boris.id) == 1
    assert state.sessions.user_of(his) is None


def test_a_token_ends_at_its_time(state: State, anna: User) -> None:
    held = state.access_tokens.make(anna.id, "sheet", ("reports", "people"), expires_at=now() + timedelta(days=1))
    over = state.access_tokens.make(anna.id, "old", ("reports",), expires_at=now() - timedelta(seconds=1))
    found = state.access_tokens.find(held)
    assert found
    assert (found.scopes, found.is_over) == (("reports", "people"), False)
    assert state.access_tokens.find(over) is None
    assert [(one.name, one.is_over) for one in state.access_tokens.of_user(anna.id)] == [
        ("old", True),
        ("sheet", False),
    ]


def test_links_end_with_the_password_or_address_that_they_were_made_for(state: State, anna: User) -> None:
    for change in ({"password_hash": "y"}, {"email": "anna.p@cedar.test"}):
        secret = state.one_time_links.make("reset", user_id=anna.id, lasts=timedelta(hours=1))
        state.users.change(anna.id, name="Anna P.")
        assert state.one_time_links.holds("reset", secret)
        state.users.change(anna.id, **change)
        assert not state.one_time_links.holds("reset", secret)


def test_an_address_is_one_users_alone(state: State, anna: User, boris: User) -> None:
    with pytest.raises(AccountError, match="account of boris@cedar.test already"):
        state.users.change(anna.id, email=" BORIS@cedar.test ")
    assert state.users.change(anna.id, email=" Anna.P@cedar.test ").email == "anna.p@cedar.test"


def test_a_shared_link_is_closed_once_by_its_maker_or_by_anybody_s_owner(state: State, anna: User, boris: User) -> None:
    for _ in range(2):
        state.share_links.make(anna.id, title="For the board", path="/channels", question="")
    second, first = state.share_links.all()
    assert not state.share_links.revoke(first.id, user_id=boris.id)
    assert state.share_links.revoke(first.id, user_id=anna.id)
    assert not state.share_links.revoke(first.id)
    assert state.share_links.revoke(second.id)
    assert state.share_links.all() == []


def test_the_audit_log_is_read_in_pages_and_by_who(state: State) -> None:
    for number in range(5):
        state.audit.add("anna@cedar.test" if number % 2 else "boris@cedar.test", "sign_in", detail=str(number))
    assert [entry.detail for entry in state.audit.latest(2, skip=1)] == ["3", "2"]
    assert [entry.detail for entry in state.audit.latest(None, who="anna@cedar.test")] == ["3", "1"]
    assert (state.audit.count(), state.audit.count(who="anna@cedar.test"), state.audit.count(who="")) == (5, 2, 0)
