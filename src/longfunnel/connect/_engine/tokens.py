"""Tokens: kept sealed by the caller, renewed under a lock, never lost to a rotation."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, Protocol

from longfunnel.connect._engine.contract import Access, Connector, Grant, Tokens
from longfunnel.connect._engine.errors import CONNECT_AGAIN, CONNECT_IT, ExpiredError, unreachable
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx


class Vault(Protocol):
    """Where a source's secrets are kept, sealed."""

    def tokens(self) -> Tokens:
        """What was saved last; empty when nothing was."""

    def save(self, tokens: Tokens) -> None:
        """Keep these; on disk when it returns."""


class TokenKeeper:
    """The tokens of one source. A new token is on disk before it is used: a refresh token that rotates is never lost by us."""

    def __init__(
        self, connector: Connector, credentials: Mapping[str, str], vault: Vault, *, oauth_url: str = ""
    ) -> None:
        self._oauth = connector.oauth if connector.oauth and connector.oauth.is_used(credentials) else None
        self._credentials, self._vault = credentials, vault
        self.url = oauth_url or (connector.oauth.url if connector.oauth else "")
        self._lock = asyncio.Lock()
        kept = vault.tokens() if self._oauth else {}
        # tokens belong to the credentials that they were made of: others in the settings begin anew
        self.access = Access(credentials, kept if kept.get("of") in (None, _print_of(credentials)) else {})

    async def current(self, http: httpx.AsyncClient) -> Access:
        """What to sign with; asks for the first tokens where they come without a browser."""
        if self._oauth and not self.access.token:
            async with self._lock:
                if not self.access.token:
                    first = self._oauth.first(self._credentials)
                    if first is None:
                        raise ExpiredError(
                            Text("This source is not connected yet.", "Этот источник ещё не подключён."),
                            hint=CONNECT_IT,
                        )
                    await self._ask(http, first)
        return self.access

    async def renewed(self, http: httpx.AsyncClient, stale: Access) -> Access | None:
        """A fresh access in place of ``stale``; None where there is no way to one. Raises ExpiredError where the renewal is refused."""
        async with self._lock:
            if self.access is not stale:  # somebody else has renewed it meanwhile
                return self.access
            if self._oauth is None:
                return None
            refresh = self.access.tokens.get("refresh_token")
            if refresh:
                redirect = self.access.tokens.get(
                    "redirect_uri"
                )  # kept by the connectors whose systems want it each time
                own = {"redirect_uri": str(redirect)} if redirect else {}
                grant: Grant | None = {"grant_type": "refresh_token", "refresh_token": str(refresh), **own}
            else:
                grant = self._oauth.first(self._credentials)
            if grant is None:
                return None
            await self._ask(http, grant)
            return self.access

    async def grant(self, http: httpx.AsyncClient, grant: Grant) -> None:
        """Take the tokens that a grant gives: the code that a browser brought back."""
        async with self._lock:
            await self._ask(http, grant)

    async def _ask(self, http: httpx.AsyncClient, grant: Grant) -> None:
        assert self._oauth is not None  # noqa: S101 - callers have looked
        import httpx

        try:
            tokens = await self._oauth.grant(http, self.url, self._credentials, grant)
        except httpx.TransportError as error:
            raise unreachable(httpx.URL(self.url).host, error) from error
        if not tokens.get("access_token"):
            raise ExpiredError(Text("The system gave no token.", "Система не дала токен."), hint=CONNECT_AGAIN)
        kept = {**{key: value for key, value in self.access.tokens.items() if key == "refresh_token"}, **tokens}
        kept["of"] = _print_of(self._credentials)
        self._vault.save(kept)
        self.access = Access(self._credentials, kept)


def _print_of(credentials: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(credentials), sort_keys=True).encode()).hexdigest()[:16]
