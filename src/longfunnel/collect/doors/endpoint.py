"""The collector's door: an ASGI application that answers 202 only when what was sent is on disk."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from longfunnel.collect.calls.lending import Lending
from longfunnel.collect.doors.gate import JSON, Gate, only
from longfunnel.collect.doors.http import Headers, HttpError, Receive, Scope, Send, answer, answer_error
from longfunnel.collect.doors.receiving import IsGenuine, Receiving
from longfunnel.collect.doors.tracking import Tracking, cors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longfunnel.collect.doors.monitoring import Monitor
    from longfunnel.collect.log.log import Log
    from longfunnel.collect.plan import Plan
    from longfunnel.collect.visiting.regions import Regions
    from longfunnel.collect.visiting.visitors import DailySalt

_SCRIPT: Headers = [
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"cache-control", b"public, max-age=3600, stale-while-revalidate=86400"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_ANYWHERE: Headers = [(b"access-control-allow-origin", b"*")]
EVENTS = "/e"
"""Where the tracker sends what a visitor does."""
_API = "/api/v1/"
_HOOKS = "/hooks/"
_GOALS = "/goals/"


class Endpoint:
    """The ASGI application. ``key_name`` gives the name of a secret key, or None for one that does not exist."""

    def __init__(
        self,
        plan: Plan,
        log: Log,
        monitor: Monitor,
        *,
        salt: DailySalt,
        regions: Regions,
        hook_tokens: Mapping[str, str],
        key_name: Callable[[str], str | None],
        environment: Mapping[str, str],
        is_genuine: IsGenuine = lambda *_: True,
        lending: Lending | None = None,
        trouble: Callable[[], str] = lambda: "",
    ) -> None:
        self._plan, self._log, self._monitor, self._trouble = plan, log, monitor, trouble
        self._gate = gate = Gate(plan, log, monitor)
        self._tracking = Tracking(gate, salt=salt, regions=regions, lending=lending or Lending(plan))
        self._receiving = Receiving(
            gate, hook_tokens=hook_tokens, key_name=key_name, environment=environment, is_genuine=is_genuine
        )
        self._scripts = _scripts()
        self.take_events = self._tracking.take_events
        """``POST /e`` by RSGI, the server's own interface."""
        self._pages = {EVENTS: self._tracking.events, "/number": self._tracking.number}

    def follow(self, plan: Plan, lending: Lending, hook_tokens: Mapping[str, str]) -> None:
        """From now on the settings are these; a request under way may still see the old ones."""
        self._plan = plan
        self._gate.follow(plan)
        self._tracking.follow(lending)
        self._receiving.follow(hook_tokens)
        self._monitor.lending = lending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path, method = scope["path"], scope["method"]
        from_page = self._pages.get(path)
        try:
            if from_page is None:
                status = await self._other(path, method, scope, headers, receive, send)
            elif method == "POST":
                status = await from_page(scope, headers, receive, send)
            else:
                status = await self._tracking.preflight(method, headers, send)
        except HttpError as error:
            status = error.status
            await answer_error(send, error, cors(headers.get(b"origin", b"")) if from_page else [])
        self._monitor.count(status)

    async def _other(
        self, path: str, method: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> int:
        if path.startswith(_API):
            only(method, "POST")
            return await self._receiving.submit(path.removeprefix(_API), scope, headers, receive, send)
        if path.startswith(_HOOKS):
            only(method, "POST", "GET")
            return await self._receiving.hook(path.removeprefix(_HOOKS), method, scope, headers, receive, send)
        only(method, "GET", "HEAD")
        if path in self._scripts:
            body, tag = self._scripts[path]
            if headers.get(b"if-none-match") == tag:
                await answer(send, 304, [*_SCRIPT, (b"etag", tag)])
                return 304
            await answer(send, 200, [*_SCRIPT, (b"etag", tag)], b"" if method == "HEAD" else body)
            return 200
        if path.startswith(_GOALS):
            site = self._plan.site_named(unquote(path.removeprefix(_GOALS)).removesuffix(".json"))
            goals = (
                [{key: value for key, value in msgspec.to_builtins(goal).items() if value} for goal in site.goals]
                if site
                else []
            )
            await answer(
                send, 200, [*JSON, *_ANYWHERE, (b"cache-control", b"public, max-age=300")], msgspec.json.encode(goals)
            )
            return 200
        if path == "/health":
            await answer(send, 200, JSON, b'{"status":"up"}')
            return 200
        if path == "/ready":
            trouble = self._log.trouble or self._trouble()
            status = 503 if trouble else 200
            await answer(send, status, JSON, msgspec.json.encode({"status": trouble or "ready"}))
            return status
        if path == "/metrics":
            await answer(
                send, 200, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")], self._monitor.text()
            )
            return 200
        raise HttpError(404, "not_found", "There is nothing at this address.")


def _scripts() -> dict[str, tuple[bytes, bytes]]:
    """Path → body and ETag of the tracker's scripts."""
    folder = files("longfunnel.collect") / "tracker" / "dist"
    if not folder.is_dir():
        return {}
    found = {}
    for file in folder.iterdir():
        if file.name.endswith(".js"):
            body = file.read_bytes()
            found[f"/{file.name}"] = body, b'"%s"' % hashlib.sha256(body).hexdigest()[:16].encode()
    return found


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: Any = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
