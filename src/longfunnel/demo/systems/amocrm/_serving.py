"""The account over HTTP: tokens, limits, errors, and the paths of the API."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.demo.systems.amocrm._account import Account
from longfunnel.demo.systems.amocrm._answers import route
from longfunnel.demo.systems.amocrm._asked import Answer, Asked, Problem

if TYPE_CHECKING:
    from longfunnel.demo.systems.company import Company

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


@dataclass
class Knobs:
    """What the account's server does besides answering. Turn them while it runs."""

    requests_per_second: float = 7.0
    """0: no limit."""
    block_after: int = 60
    """Refusals for asking too often after which the address is blocked."""
    token: str = "long-lived-token"  # noqa: S105 - invented
    """The long-lived token; empty: it was revoked."""
    client_id: str = "0b1c-integration"
    client_secret: str = "very-secret"  # noqa: S105 - invented
    redirect_uri: str = "https://longfunnel.example/connect"
    code: str = "first-code"
    """Serves once."""
    token_seconds: float = 86_400.0
    """For how long an access token lives."""
    page_limit: int = 250
    heavy_over: int = 0
    """Pages of more records than this are not ready in time (504). 0: none."""
    is_unpaid: bool = False
    failures: list[tuple[str, int]] = field(default_factory=list)
    """The next request whose method and path hold the text gets this status; 0: half an answer. Each serves once."""
    slow_seconds: float = 0.0
    before: Callable[[str], None] = lambda _: None
    """Called with each path before it is answered: something may happen in the account meanwhile."""


class Amocrm:
    """The ASGI application, with the account that it serves."""

    def __init__(self, company: Company, knobs: Knobs) -> None:
        self.account, self.knobs = Account(company), knobs
        self.asked: list[str] = []
        """Paths with their queries, in order."""
        self._access: dict[str, float] = {}
        self._refresh = ""
        self._used_codes: set[str] = set()
        self._times: deque[float] = deque()
        self.refusals = 0
        """How many requests came too fast."""

    def expire(self) -> None:
        """Every access token of OAuth ends now."""
        self._access.clear()

    def revoke(self) -> None:
        """The access is taken away: tokens and refresh token."""
        self._access.clear()
        self._refresh = ""

    def allow_refresh(self, token: str) -> None:
        """A refresh token that somebody has at hand."""
        self._refresh = token

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode()
        self.asked.append(f"{scope['path']}?{query}")
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        host = f"http://{headers.get('host', 'localhost')}"
        asked = Asked(
            scope["method"],
            scope["path"],
            parse_qsl(query, keep_blank_values=True),
            headers,
            body,
            f"{host}{scope['path']}",
        )
        self.knobs.before(asked.path)
        if self.knobs.slow_seconds:
            await asyncio.sleep(self.knobs.slow_seconds)
        try:
            answer = self._failure(asked) or self._answer(asked)
        except Problem as problem:
            answer = problem.answer
        await _send(answer, send)

    def _failure(self, asked: Asked) -> Answer | None:
        for place, (part, status) in enumerate(self.knobs.failures):
            if part in f"{asked.method} {asked.path}":
                del self.knobs.failures[place]
                if not status:
                    return Answer(200, b'{"_page":1,"_embedded":{"le', "application/hal+json")
                return Problem(status, "played").answer
        return None

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/oauth2/access_token":
            return self._token(asked)
        if not asked.path.startswith("/api/v4/"):
            raise Problem(404, "there is no such page")
        self._limit()
        self._authorize(asked)
        if self.knobs.is_unpaid:
            raise Problem(402, "the account is not paid")
        limit = asked.first("limit")
        if self.knobs.heavy_over and limit and int(limit) > self.knobs.heavy_over:
            raise Problem(504, "", is_plain=True)
        return route(self.account, asked, self.knobs.page_limit)

    def _limit(self) -> None:
        rate = self.knobs.requests_per_second
        if not rate:
            return
        if self.refusals > self.knobs.block_after:
            raise Problem(403, "<html><h1>403 Forbidden</h1>nginx</html>", is_plain=True)
        now = time.monotonic()
        while self._times and self._times[0] < now - 1:
            self._times.popleft()
        if len(self._times) >= rate:
            self.refusals += 1
            raise Problem(429, "Too Many Requests")
        self._times.append(now)

    def _authorize(self, asked: Asked) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        is_known = bool(token) and (token == self.knobs.token or self._access.get(token, 0.0) > time.monotonic())
        if not is_known:
            raise Problem(401, "Invalid or expired access token")

    def _token(self, asked: Asked) -> Answer:
        if asked.method != "POST" or "application/json" not in asked.headers.get("content-type", ""):
            raise Problem(405, "POST JSON here")
        given: dict[str, Any] = json.loads(asked.body)
        knobs = self.knobs
        own = (knobs.client_id, knobs.client_secret, knobs.redirect_uri)
        if (given.get("client_id"), given.get("client_secret"), given.get("redirect_uri")) != own:
            raise Problem(
                400, "client_id, client_secret or redirect_uri is wrong", hint="Check the integration", is_oauth=True
            )
        match given.get("grant_type"):
            case "authorization_code":
                code = given.get("code")
                if code != knobs.code or code in self._used_codes:
                    raise Problem(400, "code", hint="Authorization code has expired", is_oauth=True)
                self._used_codes.add(str(code))
            case "refresh_token":
                if not self._refresh or given.get("refresh_token") != self._refresh:
                    raise Problem(400, "refresh_token", hint="Token has been revoked", is_oauth=True)
            case _:
                raise Problem(400, "grant_type", hint="Unsupported grant type", is_oauth=True)
        access = f"eyJ0{secrets.token_hex(16)}"
        self._refresh = f"def50200{secrets.token_hex(16)}"  # the one before serves no more
        self._access[access] = time.monotonic() + knobs.token_seconds
        given = {
            "token_type": "Bearer",
            "expires_in": int(knobs.token_seconds),
            "access_token": access,
            "refresh_token": self._refresh,
        }
        return Answer(200, json.dumps(given).encode(), "application/json")


def app(company: Company, knobs: Knobs | None = None) -> Amocrm:
    """The account of ``company``, to be served."""
    return Amocrm(company, knobs or Knobs())


async def _send(answer: Answer, send: Send) -> None:
    headers = [(b"content-type", answer.kind.encode())] if answer.kind else []
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
