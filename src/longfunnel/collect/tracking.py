"""The tracker's ways in: what a visitor does, and the phone number that their visit is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from longfunnel.collect.events import now_microseconds
from longfunnel.collect.gate import JSON, only
from longfunnel.collect.http import Headers, HttpError, Receive, Scope, Send, answer, read_body
from longfunnel.collect.plan import allows
from longfunnel.collect.traffic import is_within, read_agent
from longfunnel.collect.visitors import clean_id, cookie_attributes, cookie_visitor, new_id, shared_domain
from longfunnel.collect.wire import FULL, NO_CONSENT, Hit, Lease, WireError, read_batch, read_wish

if TYPE_CHECKING:
    from longfunnel.collect.gate import Gate
    from longfunnel.collect.lending import Lending
    from longfunnel.collect.regions import Regions
    from longfunnel.collect.visitors import DailySalt
    from longfunnel.core.collecting import Site


@dataclass(frozen=True)
class _Page:
    """What is the same for all visitors of one page's origin."""

    is_allowed: bool
    headers: Headers
    cookie_rest: bytes


class Tracking:
    """Takes what the tracker sends."""

    def __init__(self, gate: Gate, *, salt: DailySalt, regions: Regions, lending: Lending) -> None:
        self._gate, self._salt, self._regions, self._lending = gate, salt, regions, lending
        self._pages: dict[tuple[str, bytes, bytes, bool], _Page] = {}

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
        try:
            batch = read_batch(body)
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        site, page = self._page_of(batch.site, headers, is_secure)
        self._gate.admit_to(site.name)
        answer_headers = page.headers
        if batch.consent == NO_CONSENT:
            self._gate.monitor.without_consent += 1
        else:
            agent = _agent(headers)
            device, is_robot = read_agent(agent)
            is_own = is_within(address, self._gate.plan.own_networks(site.name))
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
            if headers.get(b"longfunnel-test"):
                await answer(send, 202, answer_headers)
                return 202
            excluded = "own" if is_own else "bot" if is_robot else None
            region = self._regions.of(address)
            await self._gate.keep(Hit(now_microseconds(), site.name, body, visitor, former, device, region, excluded))
            self._gate.monitor.events += len(batch.events)
        await answer(send, 202, answer_headers)
        return 202

    async def number(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        """The tracking number for a visit; the status of the answer: 200, or 204 where the ordinary number stays.

        The answer waits for the disk: a number that a visitor sees leads back to the visit whatever happens to us.
        """
        address, is_secure = self._gate.admit(scope, headers)
        try:
            wish = read_wish(await read_body(headers, receive))
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        site, page = self._page_of(wish.site, headers, is_secure)
        self._gate.admit_to(site.name)
        agent = _agent(headers)
        named = cookie_visitor(headers.get(b"cookie")) or clean_id(wish.visitor)
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

    def _page_of(self, name: str, headers: dict[bytes, bytes], is_secure: bool) -> tuple[Site, _Page]:
        site = self._gate.plan.site_named(name)
        if site is None:
            raise HttpError(403, "unknown_site", f"$.s: there is no site «{name[:100]}».")
        page = self._page(site, headers.get(b"origin", b""), headers.get(b"host", b""), is_secure)
        if not page.is_allowed:
            origin = headers[b"origin"].decode("latin-1")[:200]
            raise HttpError(403, "origin", f"Pages of {origin} may not send to the site «{site.name}».")
        return site, page

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
                headers=cors(origin),
                cookie_rest=cookie_attributes(is_secure=is_secure, domain=domain),
            )
        return known


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


def _agent(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"user-agent", b"")[:1024].decode("latin-1")
