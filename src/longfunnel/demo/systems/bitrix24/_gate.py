"""The gate of the portal: who may come in, how often, and the failures that a test plays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems._http import Answer, Asked, told
from longfunnel.demo.systems.bitrix24._lists import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SECRET = "s3cr3tWebh00k"  # noqa: S105 - of an invented portal
CLIENT_ID, CLIENT_SECRET, REFRESH = "app.6500000000000", "clientSecret0", "refresh-0"


@dataclass
class Knobs:
    """How the portal behaves."""

    bucket: tuple[float, float] | None = None
    """Requests a second that drain from the leaky bucket, and how many it holds (2 and 50 on most plans); None: no limit."""
    operating_budget: float | None = None
    """Seconds of work within ten minutes before 429; None: no limit."""
    operating_seconds: float = 0.01
    """What one command costs of it."""
    reset_seconds: float = 600.0
    """How far off the new budget is when it is used up."""
    page_seconds: float = 0.0
    """How long a request takes."""
    token_requests: int | None = None
    """After so many requests an access token has expired; None: never."""
    ill: int = 0
    """So many answers are 500 INTERNAL_SERVER_ERROR."""
    broken: int = 0
    """So many answers end in the middle."""
    garbled: int = 0
    """So many answers are a page for people, under 200."""
    blocked: bool = False
    """503 OVERLOAD_LIMIT."""
    limited_commands: int = 0
    """So many commands of batches meet QUERY_LIMIT_EXCEEDED within a good answer."""
    forbidden: frozenset[str] = frozenset()
    """Methods that the user may not call."""
    scopes: frozenset[str] = frozenset({"crm", "user"})


@dataclass
class Gate:
    """What the gate remembers."""

    knobs: Knobs
    clock: Callable[[], datetime]
    access: str = "access-0"
    refresh: str = REFRESH
    renewals: int = 0
    requests: int = 0
    used: float = 0.0
    reset_at: float = 0.0
    level: float = 0.0
    """Of the leaky bucket."""
    level_at: float = 0.0
    since_renewal: int = 0
    asked: list[str] = field(default_factory=list)
    """Methods, in order."""

    def enter(self, path: str, params: dict[str, Any]) -> tuple[str, bool]:
        """The method, and whether it is an application that asks. Raises Refused."""
        parts = [part for part in path.split("/") if part]
        if len(parts) == 4 and parts[0] == "rest":
            if parts[1:3] != ["1", SECRET]:
                raise Refused("INVALID_CREDENTIALS", "Invalid request credentials", 403)
            is_app, method = False, parts[3]
        elif len(parts) == 2 and parts[0] == "rest":
            is_app, method = True, parts[1]
            token = params.pop("auth", None)
            if not token:
                raise Refused("NO_AUTH_FOUND", "Wrong authorization data", 401)
            self.since_renewal += 1
            limit = self.knobs.token_requests
            if token != self.access or (limit is not None and self.since_renewal > limit):
                raise Refused("expired_token", "The access token provided has expired.", 401)
        else:
            raise Refused("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        method = method.removesuffix(".json")
        self.asked.append(method)
        self._slow_down()
        return method, is_app

    def work(self, method: str) -> None:
        """One command is carried out. Raises Refused where it may not be."""
        if method in self.knobs.forbidden:
            raise Refused("ACCESS_DENIED", "Access denied!", 403)
        self.used += self.knobs.operating_seconds
        budget = self.knobs.operating_budget
        now = self.clock().timestamp()
        if budget is not None and self.used > budget:
            self.reset_at = self.reset_at or now + self.knobs.reset_seconds
            if now < self.reset_at:
                raise Refused("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)
            self.used, self.reset_at = 0.0, 0.0

    def played(self) -> None:
        """A failure that a test wants now. Raises Refused."""
        if self.knobs.blocked:
            raise Refused("OVERLOAD_LIMIT", "REST API is blocked due to overload.", 503)
        if self.knobs.ill > 0:
            self.knobs.ill -= 1
            raise Refused("INTERNAL_SERVER_ERROR", "Internal server error", 500)

    def limit_command(self) -> None:
        """Within a batch. Raises Refused."""
        if self.knobs.limited_commands > 0:
            self.knobs.limited_commands -= 1
            raise Refused("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)

    def time(self, began: datetime) -> dict[str, Any]:
        """The envelope's ``time``."""
        now = self.clock()
        return {
            "start": began.timestamp(), "finish": now.timestamp(), "duration": (now - began).total_seconds(), "processing": 0.01,
            "date_start": began.isoformat(timespec="seconds"), "date_finish": now.isoformat(timespec="seconds"),
            "operating_reset_at": int(self.reset_at or now.timestamp() + self.knobs.reset_seconds), "operating": round(self.used, 3),
        }  # fmt: skip

    def give_token(self, asked: Asked) -> Answer:
        """oauth/token/: the refresh token rotates."""
        params = asked.params
        if (
            asked.method != "GET"
            or params.get("client_id") != CLIENT_ID
            or params.get("client_secret") != CLIENT_SECRET
        ):
            return told({"error": "invalid_client", "error_description": "Wrong client"}, 401)
        grant = params.get("grant_type")
        if (grant == "refresh_token" and params.get("refresh_token") == self.refresh) or (
            grant == "authorization_code" and params.get("code") == "code-1"
        ):
            self.renewals += 1
            self.since_renewal = 0
            self.access, self.refresh = f"access-{self.renewals}", f"refresh-{self.renewals}"
            base = f"http://{asked.headers['host']}/rest/"
            expires = int(self.clock().timestamp()) + 3600
            return told(
                {
                    "access_token": self.access,
                    "client_endpoint": base,
                    "domain": "oauth.bitrix.info",
                    "expires": expires,
                    "expires_in": 3600,
                    "member_id": "a223",
                    "refresh_token": self.refresh,
                    "scope": "crm,user",
                    "server_endpoint": "https://oauth.bitrix.info/rest/",
                    "status": "F",
                    "user_id": 67,
                }
            )
        if grant not in ("refresh_token", "authorization_code"):
            return told({"error": "invalid_request", "error_description": "Wrong grant type"}, 400)
        return told({"error": "invalid_grant", "error_description": "Invalid grant"}, 400)

    def _slow_down(self) -> None:
        if self.knobs.bucket is None:
            return
        drain, size = self.knobs.bucket
        now = self.clock().timestamp()
        self.level = max(0.0, self.level - drain * (now - self.level_at)) + 1
        self.level_at = now
        if self.level > size:
            raise Refused("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
