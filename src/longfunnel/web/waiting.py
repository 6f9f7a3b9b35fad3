"""Pages that take their time: the frame is answered at once, and asks for its inside, which is made meanwhile. See
docs/decisions/0031-slow-pages-stream-in.md."""

from __future__ import annotations

import asyncio
import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from litestar import Response
from litestar.enums import MediaType
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from markupsafe import Markup

from longfunnel.app.single_flight import Stop
from longfunnel.core.errors import LongfunnelError
from longfunnel.web.address import Address
from longfunnel.web.strip import strip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Request

    from longfunnel.web.page import Page, Route
    from longfunnel.web.site import Site
    from longfunnel.web.strip import Strip
    from longfunnel.web.visit import Visit

PATIENCE = 0.15
"""Seconds that a whole page may take before its frame is answered without it."""
_THREADS = 16
"""Pages in the making. Most of them wait for the database, or for one that makes the same answer."""
_JOIN_SECONDS = 20.0
"""So long is a page made for a frame that never asks for it."""
_KEEP_SECONDS = 60.0
"""So long is a page kept that was made before its frame asked for it."""
_AGAIN_SECONDS = 0.05
TICKET = "_work"
"""The parameter, and ``lf-work`` the header, that brings the frame's number back."""


class Pace:
    """Whether the frame of a page has gone out already: asked by the thread that makes it, set by the one that answers."""

    def __init__(self) -> None:
        self.stop = Stop()
        self._lock = threading.Lock()
        self._is_late: bool | None = None

    def settle(self) -> bool:
        """Whether the page is only the inside of a frame that has gone out; from now on that stays as it is."""
        with self._lock:
            self._is_late = bool(self._is_late)
            return self._is_late

    def leave(self) -> bool:
        """Let the frame go out first; False when the page is being written already."""
        with self._lock:
            if self._is_late is None:
                self._is_late = True
            return self._is_late


class Work:
    """One page in the making, for the browser of one ``session``, at its own ``address``."""

    def __init__(self, session: str, address: str, pace: Pace, made: Future[Response[Any]]) -> None:
        self.session, self.address, self.pace = session, address, pace
        self.ticket = secrets.token_urlsafe(12)
        self.made = asyncio.wrap_future(made)
        self.made.add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody may be there to hear it

    async def end(self) -> None:
        """Nobody waits for it: let it end as soon as it can."""
        while not self.made.done():
            self.pace.stop.set()  # again and again: it may be between two queries
            await asyncio.sleep(_AGAIN_SECONDS)


class Works:
    """The pages in the making of one server. Used from its event loop alone.

    ``serve`` makes the answer to a request, in a worker thread; ``visit_of`` tells who asks.
    """

    def __init__(self, site: Site, serve: Callable[..., Response[Any]], visit_of: Callable[..., Visit]) -> None:
        self._site, self._serve, self._visit_of = site, serve, visit_of
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")
        self._left: dict[str, Work] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request[Any, Any, Any], page: Page, route: Route) -> Response[Any]:
        """The page; or its frame, where it is whole and takes longer than ``PATIENCE``; or what such a frame came back for."""
        session, address = request.cookies.get(self._site.cookies.session, ""), _address(request)
        left = self._left.get(_ticket(request))
        if left and (left.session, left.address) == (session, address):
            del self._left[left.ticket]
            made = await self._finished(left, request)
            return made if _is_script(request) else await asyncio.to_thread(self._wrapped, request, page, route, made)
        pace = Pace()
        work = Work(session, address, pace, self._pool.submit(self._serve, request, page, route, pace))
        if _takes_a_frame(request, page, route):
            await asyncio.wait([work.made], timeout=PATIENCE)
            if not work.made.done():
                frame = await asyncio.to_thread(self._frame, request, page, route, work.ticket)
                if frame and not work.made.done() and pace.leave():
                    self._leave(work)
                    return frame
        return await self._finished(work, request)

    async def _finished(self, work: Work, request: Request[Any, Any, Any]) -> Response[Any]:
        """Its answer, once it is there; when the reader goes away before, it ends."""
        if not work.made.done():
            gone: asyncio.Future[Any] = asyncio.create_task(_gone(request))
            try:
                await asyncio.wait([work.made, gone], return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                if not work.made.done():
                    self._end(work)
        return work.made.result() if work.made.done() else Response(b"", status_code=HTTP_503_SERVICE_UNAVAILABLE)

    def _leave(self, work: Work) -> None:
        self._left[work.ticket] = work
        loop = asyncio.get_running_loop()
        loop.call_later(_JOIN_SECONDS, self._forsake, work)
        loop.call_later(_KEEP_SECONDS, self._left.pop, work.ticket, None)

    def _forsake(self, work: Work) -> None:
        if work.ticket in self._left and not work.made.done():
            self._end(work)

    def _end(self, work: Work) -> None:
        ending = asyncio.get_running_loop().create_task(work.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _frame(self, request: Request[Any, Any, Any], page: Page, route: Route, ticket: str) -> Response[Any] | None:
        """The page without its inside; None for whoever may not see it: their answer comes soon."""
        visit = self._visit_of(request, page, route)
        if visit.user is None or not route.allows(visit.user.role):
            return None
        whole = str(visit.address.with_(**{TICKET: ticket}))
        return visit.show(
            "pages/waiting.html", strip=_strip(visit), url=str(visit.address), ticket=ticket, whole_url=whole
        )

    def _wrapped(
        self, request: Request[Any, Any, Any], page: Page, route: Route, inside: Response[Any]
    ) -> Response[Any]:
        """For a browser without scripts: the frame around the inside that was made for it."""
        if "hx-redirect" in inside.headers:
            return Response("", status_code=303, headers={"location": inside.headers["hx-redirect"]})
        if inside.media_type != MediaType.HTML or "location" in inside.headers:
            return inside
        title, _, body = str(inside.content).partition("</title>")
        visit = self._visit_of(request, page, route)
        title = Markup(title.partition("<title>")[2].removesuffix(" · Longfunnel"))  # noqa: S704 - escaped when it was made
        return visit.show("layouts/full.html", status=inside.status_code or 200, title=title, inside=Markup(body))  # noqa: S704 - our own page


def _strip(visit: Visit) -> Strip | None:
    """The control strip, where making it asks nothing of the database."""
    if not visit.route or not visit.route.report or not visit.site.answering.knows_last_day:
        return None
    try:
        return strip_of(visit)
    except LongfunnelError:  # the page will say it
        return None


def _takes_a_frame(request: Request[Any, Any, Any], page: Page, route: Route) -> bool:
    """Whether a whole page is asked for, by its address or by a link of ours; not a part of one, the side panel, a file."""
    headers = request.headers
    if not page.nav or route.is_file or "lf-panel" in headers or _ticket(request):
        return False
    return not _is_script(request) or (headers.get("hx-boosted") == "true" and headers.get("hx-target") == "main#page")


def _is_script(request: Request[Any, Any, Any]) -> bool:
    return request.headers.get("hx-request") == "true"


def _ticket(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("lf-work", "") or str(request.query_params.get(TICKET, ""))


def _address(request: Request[Any, Any, Any]) -> str:
    return str(Address.of(request.url.path, request.url.query).with_(**{TICKET: None}))


async def _gone(request: Request[Any, Any, Any]) -> None:
    """Comes back when the browser has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
