"""The tracker's ways in: what a visitor does, and the phone number that their visit is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.collect.doors.gate import JSON, as_http, only
from longfunnel.collect.doors.http import Headers, HttpError, Receive, Scope, Send, answer, read_body
from longfunnel.collect.doors.rsgi import (
    answer_rsgi_error,
    as_asgi,
    as_texts,
    peer_address,
    read_rsgi_body,
    rsgi_headers,
)
from longfunnel.collect.loading.events import now_microseconds
from longfunnel.collect.log.log import LogUnavailableError
from longfunnel.collect.plan import allows
from longfunnel.collect.visiting.traffic import is_within, read_agent
from longfunnel.collect.visiting.visitors import clean_id, cookie_attributes, cookie_visitor, new_id, shared_domain
from longfunnel.collect.wire import FULL, NO_CONSENT, Hit, Lease, WireError, read_batch, read_wish

if TYPE_CHECKING:
    from longfunnel.collect.calls.lending import Lending
    from longfunnel.collect.doors.gate import Gate
    from longfunnel.collect.visiting.regions import Regions
    from longfunnel.collect.visiting.visitors import DailySalt
    from longfunnel.core.collecting import Site


@dataclass(frozen=True, slots=True)
class _Page:
    """What is the same for all visitors of one page's origin."""

    is_allowed: bool
    headers: Headers
    cookie_rest: str
    texts: list[tuple[str, str]]
    """The headers as RSGI wants them."""


class Tracking:
    """Takes what the tracker sends."""

    def __init__(self, gate: Gate, *, salt: DailySalt, regions: Regions, lending: Lending) -> None:
        self._gate, self._salt, self._regions, self._lending = gate, salt, regions, lending
        self._pages: dict[tuple[str, str, str, bool], _Page] = {}

    def follow(self, lending: Lending) -> None:
        """From now on numbers are lent so; what was known of pages may have changed with the settings."""
        self._lending = lending
        self._pages = {}

    async def preflight(self, method: str, headers: dict[bytes, bytes], send: Send) -> int:
        """The browser's question whether the page may send; the status of the answer."""
        only(method, "OPTIONS")
        allowed = [
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type, content-encoding"),
            (b"access-control-max-age", b"86400"),
        ]
        await answer(send, 204, [*cors(headers.get(b"origin", b"")), *allowed])
        return 204

    async def events(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        """A batch of events; the status of the answer."""
        address, is_secure = self._gate.admit(scope, headers)
        body = await read_body(headers, receive)
        page, cookie, hit, count = self._read(address, _texts(headers), body, is_secure=is_secure)
        if hit:
            await self._gate.keep(hit)
            self._gate.monitor.events += count
        kept = [(b"set-cookie", cookie.encode("ascii"))] if cookie else []
        await answer(send, 202, [*page.headers, *kept])
        return 202

    async def take_events(self, scope: Any, proto: Any) -> None:
        """The same by RSGI, the server's own interface, and by the shortest way: thousands come in a second."""
        gate, headers = self._gate, rsgi_headers(scope)
        try:
            if "x-forwarded-for" in headers or "x-forwarded-proto" in headers:
                address, is_secure = gate.admit(*as_asgi(scope, headers))
            else:
                address, is_secure = peer_address(scope.client), scope.scheme == "https"
                gate.admit_from(address)
            body = await read_rsgi_body(headers, proto)
            page, cookie, hit, count = self._read(address, headers, body, is_secure=is_secure)
            if hit:
                await gate.kept(hit)
                gate.monitor.events += count
        except (HttpError, LogUnavailableError) as error:
            answer_rsgi_error(proto, told := as_http(error), cors(headers.get("origin", "").encode("latin-1")))
            gate.monitor.count(told.status)
            return
        proto.response_empty(202, [*page.texts, ("set-cookie", cookie)] if cookie else page.texts)
        gate.monitor.count(202)

    def _read(
        self, address: str, headers: dict[str, str], body: bytes, *, is_secure: bool
    ) -> tuple[_Page, str, Hit | None, int]:
        """What a batch of events comes to: what its page is told, the visitor's cookie if there is to be one, what is kept of
        it, if anything is, and how many events that is. Raises HttpError for what is refused."""
        try:
            batch = read_batch(body)
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        site, page = self._page_of(batch.site, headers, is_secure=is_secure)
        self._gate.admit_to(site.name)
        if batch.consent == NO_CONSENT:
            self._gate.monitor.without_consent += 1
            return page, "", None, 0
        agent = _agent(headers)
        device, is_robot = read_agent(agent)
        visitor, former, cookie = clean_id(batch.visitor), None, ""
        if batch.consent == FULL:
            kept = cookie_visitor(headers.get("cookie", ""))
            if kept:
                former = visitor if visitor != kept else None
            visitor = kept or visitor or new_id()
            cookie = f"lf_id={visitor}{page.cookie_rest}"
        else:
            visitor = self._salt.visitor(site.name, address, agent)
        if "longfunnel-test" in headers:
            return page, cookie, None, 0
        is_own = is_within(address, self._gate.plan.own_networks(site.name))
        excluded = "own" if is_own else "bot" if is_robot else None
        region = self._regions.of(address)
        hit = Hit(now_microseconds(), site.name, body, visitor, former, device, region, excluded)
        return page, cookie, hit, len(batch.events)

    async def number(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        """The tracking number for a visit; the status of the answer: 200, or 204 where the ordinary number stays.

        The answer waits for the disk: a number that a visitor sees leads back to the visit whatever happens to us.
        """
        address, is_secure = self._gate.admit(scope, headers)
        try:
            wish = read_wish(await read_body(headers, receive))
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        told = _texts(headers)
        site, page = self._page_of(wish.site, told, is_secure=is_secure)
        self._gate.admit_to(site.name)
        agent = _agent(told)
        named = cookie_visitor(told.get("cookie", "")) or clean_id(wish.visitor)
        visitor = named if wish.consent == FULL else self._salt.visitor(site.name, address, agent)
        at = now_microseconds()
        # a robot never calls: it would only take a number from somebody who may
        is_person = wish.consent != NO_CONSENT and not read_agent(agent)[1]
        lent = self._lending.lend(site.name, visitor, at) if visitor and is_person else None
        if lent is None:
            await answer(send, 204, page.headers)
            return 204
        await self._gate.keep(Lease(at, site.name, lent.number, visitor or "", lent.until))
        await answer(send, 200, [*page.headers, *JSON, (b"cache-control", b"no-store")], msgspec.json.encode(lent.page))
        return 200

    def _page_of(self, name: str, headers: dict[str, str], *, is_secure: bool) -> tuple[Site, _Page]:
        origin, host = headers.get("origin", ""), headers.get("host", "")
        site = self._gate.plan.site_named(name)
        if site is None:
            raise HttpError(403, "unknown_site", f"$.s: there is no site «{name[:100]}».")
        page = self._pages.get((name, origin, host, is_secure)) or self._new_page(
            site, origin, host, is_secure=is_secure
        )
        if not page.is_allowed:
            raise HttpError(403, "origin", f"Pages of {origin[:200]} may not send to the site «{name}».")
        return site, page

    def _new_page(self, site: Site, origin: str, host: str, *, is_secure: bool) -> _Page:
        if len(self._pages) > 1000:  # origins are strangers' words
            self._pages.clear()
        domain = site.cookie_domain or shared_domain(host, origin)
        headers = cors(origin.encode("latin-1"))
        page = self._pages[site.name, origin, host, is_secure] = _Page(
            is_allowed=origin in ("", "null") or allows(site, origin),
            headers=headers,
            texts=as_texts(headers),
            cookie_rest=cookie_attributes(is_secure=is_secure, domain=domain),
        )
        return page


def cors(origin: bytes) -> Headers:
    """The headers with which a page of that origin may read the answer.

    An error is answered with them too: without, a page cannot read the refusal and tries again what it should not.
    """
    if not origin:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def _texts(headers: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}


def _agent(headers: dict[str, str]) -> str:
    return headers.get("user-agent", "")[:1024]
