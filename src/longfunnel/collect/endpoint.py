"""The collector's door: an ASGI application that answers 202 only when what was sent is on disk."""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from longfunnel.collect.events import instant, now_microseconds
from longfunnel.collect.hooks import is_signed
from longfunnel.collect.http import (
    Headers,
    HttpError,
    RateLimit,
    Receive,
    Scope,
    Send,
    answer,
    answer_error,
    client_address,
    read_body,
)
from longfunnel.collect.log import LogUnavailableError
from longfunnel.collect.plan import allows
from longfunnel.collect.submissions import SubmissionError, submitted_rows
from longfunnel.collect.traffic import is_within, read_agent
from longfunnel.collect.visitors import clean_id, cookie_attributes, cookie_visitor, new_id, shared_domain
from longfunnel.collect.wire import FULL, NO_CONSENT, Hit, Hook, Submission, WireError, read_batch, to_payload
from longfunnel.core.errors import did_you_mean
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longfunnel.collect.log import Log
    from longfunnel.collect.monitoring import Monitor
    from longfunnel.collect.plan import Plan
    from longfunnel.collect.regions import Regions
    from longfunnel.collect.visitors import DailySalt
    from longfunnel.core.collecting import Signature, Site

_JSON: Headers = [(b"content-type", b"application/json")]
_SCRIPT: Headers = [
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"cache-control", b"public, max-age=3600, stale-while-revalidate=86400"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_ANYWHERE: Headers = [(b"access-control-allow-origin", b"*")]
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
        trouble: Callable[[], str] = lambda: "",
    ) -> None:
        self._plan, self._log, self._monitor = plan, log, monitor
        self._salt, self._regions, self._hook_tokens, self._key_name = salt, regions, hook_tokens, key_name
        self._environment, self._trouble = environment, trouble
        rate = plan.collector.requests_per_second
        self._by_address = RateLimit(rate, rate * 10)
        self._by_site = {
            site.name: RateLimit(site.requests_per_second, site.requests_per_second * 2, senders=1)
            for site in plan.sites
        }
        self._pages: dict[tuple[str, bytes, bytes, bool], _Page] = {}
        self._scripts = _scripts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path, method = scope["path"], scope["method"]
        try:
            if path == "/e":
                status = (
                    await self._track(scope, headers, receive, send)
                    if method == "POST"
                    else await self._preflight(method, headers, send)
                )
            else:
                status = await self._other(path, method, scope, headers, receive, send)
        except HttpError as error:
            status = error.status
            await answer_error(send, error, _cors(headers.get(b"origin", b"")) if path == "/e" else [])
        self._monitor.answers[status] = self._monitor.answers.get(status, 0) + 1

    async def _other(
        self, path: str, method: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> int:
        if path.startswith(_API):
            _only(method, "POST")
            return await self._submit(path.removeprefix(_API), scope, headers, receive, send)
        if path.startswith(_HOOKS):
            _only(method, "POST")
            return await self._hook(path.removeprefix(_HOOKS), scope, headers, receive, send)
        _only(method, "GET", "HEAD")
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
                send, 200, [*_JSON, *_ANYWHERE, (b"cache-control", b"public, max-age=300")], msgspec.json.encode(goals)
            )
            return 200
        if path == "/health":
            await answer(send, 200, _JSON, b'{"status":"up"}')
            return 200
        if path == "/ready":
            trouble = self._log.trouble or self._trouble()
            status = 503 if trouble else 200
            await answer(send, status, _JSON, msgspec.json.encode({"status": trouble or "ready"}))
            return status
        if path == "/metrics":
            await answer(
                send, 200, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")], self._monitor.text()
            )
            return 200
        raise HttpError(404, "not_found", "There is nothing at this address.")

    # the tracker

    async def _preflight(self, method: str, headers: dict[bytes, bytes], send: Send) -> int:
        _only(method, "OPTIONS")
        allowed = [
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type, content-encoding"),
            (b"access-control-max-age", b"86400"),
        ]
        await answer(send, 204, [*_cors(headers.get(b"origin", b"")), *allowed])
        return 204

    async def _track(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        address, is_secure = client_address(scope, headers, self._plan.trusted_proxies)
        _pass(self._by_address.take(address), "address")
        body = await read_body(headers, receive)
        try:
            batch = read_batch(body)
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        site = self._plan.site_named(batch.site)
        if site is None:
            raise HttpError(403, "unknown_site", f"$.s: there is no site «{batch.site[:100]}».")
        page = self._page(site, headers.get(b"origin", b""), headers.get(b"host", b""), is_secure)
        if not page.is_allowed:
            origin = headers[b"origin"].decode("latin-1")[:200]
            raise HttpError(403, "origin", f"Pages of {origin} may not send to the site «{site.name}».")
        _pass(self._by_site[site.name].take(site.name), "site")
        answer_headers = page.headers
        if batch.consent == NO_CONSENT:
            self._monitor.without_consent += 1
        else:
            agent = headers.get(b"user-agent", b"")[:1024].decode("latin-1")
            device, is_robot = read_agent(agent)
            is_own = is_within(address, self._plan.own_networks(site.name))
            visitor, former = clean_id(batch.visitor), None
            if batch.consent == FULL:
                kept = cookie_visitor(headers.get(b"cookie"))
                if kept:
                    former = visitor if visitor != kept else None
                visitor = kept or visitor or new_id()
                answer_headers = [
                    *answer_headers,
                    (b"set-cookie", b"lf_id=%b%b" % (visitor.encode("ascii"), page.cookie_rest)),
                ]
            else:
                visitor = self._salt.visitor(site.name, address, agent)
            excluded = "own" if is_own else "bot" if is_robot else None
            region = self._regions.of(address)
            await self._keep(Hit(now_microseconds(), site.name, body, visitor, former, device, region, excluded))
            self._monitor.events += len(batch.events)
        await answer(send, 202, answer_headers)
        return 202

    def _page(self, site: Site, origin: bytes, host: bytes, is_secure: bool) -> _Page:
        key = (site.name, origin, host, is_secure)
        known = self._pages.get(key)
        if known is None:
            if len(self._pages) > 1000:  # origins are strangers' words
                self._pages.clear()
            text = origin.decode("latin-1")
            domain = site.cookie_domain or shared_domain(host.decode("latin-1"), text)
            known = self._pages[key] = _Page(
                is_allowed=origin in (b"", b"null") or allows(site, text),
                headers=_cors(origin),
                cookie_rest=cookie_attributes(is_secure=is_secure, domain=domain),
            )
        return known

    async def _keep(self, entry: Hit | Submission | Hook) -> None:
        try:
            await self._log.append(to_payload(entry))
        except LogUnavailableError as error:
            raise HttpError(503, error.code, str(error), retry_seconds=error.retry_seconds) from error

    # other systems

    async def _submit(self, name: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        address, _ = client_address(scope, headers, self._plan.trusted_proxies)
        _pass(self._by_address.take(address), "address")
        scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        source = self._key_name(secret.strip()) if scheme.lower() == "bearer" else None
        if source is None:
            raise HttpError(
                401,
                "unauthorized",
                "Send a secret key: «Authorization: Bearer lf_…». `longfunnel key add NAME` makes one.",
            )
        if name not in facts():
            raise HttpError(404, "unknown_fact", f"There is no fact «{name[:100]}».{did_you_mean(name, facts())}")
        body = await read_body(headers, receive)
        request_key = headers.get(b"idempotency-key", b"").decode("latin-1").strip() or None
        if request_key and len(request_key) > 200:
            raise HttpError(400, "malformed", "Idempotency-Key: at most 200 characters.")
        at = now_microseconds()
        try:
            rows = submitted_rows(name, body, self._plan.reader(), received_at=instant(at), request_key=request_key)
        except SubmissionError as error:
            raise HttpError(422, error.code, error.message, fields=error.fields) from error
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        await self._keep(Submission(at, source, name, body, request_key))
        self._monitor.events += len(rows)
        await answer(send, 202, _JSON, msgspec.json.encode({"accepted": len(rows)}))
        return 202

    async def _hook(self, rest: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        address, _ = client_address(scope, headers, self._plan.trusted_proxies)
        _pass(self._by_address.take(address), "address")
        name, _, token = rest.partition("/")
        name = unquote(name)
        source = self._plan.hook_named(name)
        expected = self._hook_tokens.get(name, "")
        if source is None or not expected or not hmac.compare_digest(expected.encode(), token.strip("/").encode()):
            raise HttpError(404, "not_found", "There is no such webhook: its name or its token is wrong.")
        body = await read_body(headers, receive)
        if source.signature:
            _check_signature(source.signature, headers, body, self._environment)
        content_type = headers.get(b"content-type", b"").decode("latin-1")[:200]
        await self._keep(Hook(now_microseconds(), name, content_type, body))
        self._monitor.events += 1
        await answer(send, 202, [])
        return 202


@dataclass(frozen=True)
class _Page:
    """What is the same for all visitors of one page's origin."""

    is_allowed: bool
    headers: Headers
    cookie_rest: bytes


def _cors(origin: bytes) -> Headers:
    # an error is answered with them too: without, a page cannot read the refusal and tries again what it should not
    if not origin:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def _check_signature(rule: Signature, headers: dict[bytes, bytes], body: bytes, environment: Mapping[str, str]) -> None:
    secret = environment.get(rule.secret_env, "")
    if not secret:
        raise HttpError(
            503, "signature_secret", f"The webhook's secret is not set: {rule.secret_env}.", retry_seconds=60
        )
    given = headers.get(rule.header.lower().encode("latin-1", "ignore"), b"").decode("latin-1")
    if not is_signed(rule, given, body, secret):
        raise HttpError(401, "signature", f"The signature in {rule.header} does not fit the body.")


def _only(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise HttpError(405, "method", f"This address takes {' or '.join(allowed)}, not {method}.")


def _pass(wait: float, whose: str) -> None:
    if wait:
        raise HttpError(429, "too_many", f"Too many requests from this {whose}.", retry_seconds=max(1, math.ceil(wait)))


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
