from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from longfunnel.state.api_keys import ApiKeyError

if TYPE_CHECKING:
    from longfunnel.state import State


def test_a_key_opens_until_it_is_revoked_and_only_its_hash_is_kept(state: State) -> None:
    secret = state.api_keys.make("crm")
    assert secret.startswith("lf_")
    assert state.api_keys.name_of(secret) == "crm"
    assert state.api_keys.name_of(secret + "x") is None
    assert secret not in repr(state.api_keys.all())
    state.api_keys.revoke("crm")
    state.api_keys.revoke("crm")
    assert state.api_keys.name_of(secret) is None
    [key] = state.api_keys.all()
    assert (key.name, key.revoked_at is None) == ("crm", False)


def test_a_name_is_taken_once_and_a_wrong_one_is_said(state: State) -> None:
    state.api_keys.make("crm")
    with pytest.raises(ApiKeyError, match="already"):
        state.api_keys.make("crm")
    with pytest.raises(ApiKeyError, match="name"):
        state.api_keys.make(" ")
    with pytest.raises(ApiKeyError, match="«crm»"):
        state.api_keys.revoke("crn")


def test_a_token_is_the_same_each_time_and_differs_by_purpose(state: State) -> None:
    assert state.api_keys.token("a") == state.api_keys.token("a") != state.api_keys.token("b")
