"""Tokens of the invented VK Ads: five at most for each application, renewed by their own refresh token."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems._http import Answer, Asked, told
from longfunnel.demo.systems.vk_ads._answers import VkError, form_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.demo.systems.vk_ads._knobs import Knobs

_TOKENS = 5


class Tokens:
    """Gives tokens, takes them back, and knows whose they are."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs

    def give(self, asked: Asked) -> Answer:
        """A token for a form that asks for one."""
        form = form_of(asked)
        kind = form.get("grant_type", "")
        now = self._knobs.clock()
        if kind == "refresh_token":
            self._own(form)
            found = next((one for one in self._knobs.tokens if one["refresh"] == form.get("refresh_token")), None)
            if found is None:
                raise VkError(401, "invalid_token", "Unknown refresh token")
            found |= {"access": secrets.token_hex(16), "until": now + timedelta(seconds=self._knobs.token_seconds)}
            return self._given(found)
        client = ""
        if kind == "agency_client_credentials":
            client = form.get("agency_client_name", "")
            if client not in self._knobs.clients:
                raise VkError(401, "invalid_user", "Unknown agency client")
        elif kind not in ("client_credentials", "authorization_code"):
            raise VkError(400, "unsupported_grant_type", "Unsupported grant type")
        self._own(form, needs_secret=kind != "authorization_code")
        if kind == "authorization_code" and form.get("code") != "good-code":
            raise VkError(401, "invalid_grant", "Unknown code")
        if len(self._knobs.tokens) >= _TOKENS:
            raise VkError(403, "token_limit_exceeded", "Active access token limit reached")
        made = {
            "access": secrets.token_hex(16),
            "refresh": secrets.token_hex(16),
            "until": now + timedelta(seconds=self._knobs.token_seconds),
            "client": client,
        }
        self._knobs.tokens.append(made)
        return self._given(made, is_number=kind == "authorization_code")

    def take_back(self, asked: Asked) -> Answer:
        """All of the application's tokens are void."""
        self._own(form_of(asked))
        self._knobs.tokens.clear()
        return Answer(204)

    def client_of(self, asked: Asked) -> str:
        """The agency's client of a request's token, or nothing; an error where the token is unknown or old."""
        kind, _, access = asked.headers.get("authorization", "").partition(" ")
        found = next((one for one in self._knobs.tokens if one["access"] == access), None)
        if kind != "Bearer" or found is None:
            raise VkError(401, "invalid_token", "Unknown access token")
        if found["until"] <= self._knobs.clock():
            raise VkError(401, "expired_token", "Access token is expired")
        client: str = found["client"]
        return client

    def _own(self, form: Mapping[str, str], *, needs_secret: bool = True) -> None:
        is_known = form.get("client_id") == self._knobs.client_id
        if not is_known or (needs_secret and form.get("client_secret") != self._knobs.client_secret):
            raise VkError(401, "invalid_client", "Invalid client credentials")

    def _given(self, token: Mapping[str, Any], *, is_number: bool = False) -> Answer:
        seconds = self._knobs.token_seconds
        return told(
            {
                "access_token": token["access"],
                "token_type": "bearer",
                "scope": "read_ads read_payments",
                "expires_in": seconds if is_number else str(seconds),
                "refresh_token": token["refresh"],
            }
        )
