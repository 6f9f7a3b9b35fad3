"""Warming: after the start and after each build the pages are made once before anybody asks, so that whoever comes first finds
answers, compiled kernels and templates ready. Visitors come first: what is made for nobody ends when one asks for anything."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from litestar import Request
from litestar.exceptions import HTTPException

from longfunnel.app.single_flight import GivenUpError, Stop
from longfunnel.core.errors import LongfunnelError
from longfunnel.web.page import READERS, Page, Route, pages
from longfunnel.web.visit import Visit
from longfunnel.web.waiting import Pace

if TYPE_CHECKING:
    from litestar import Litestar

    from longfunnel.collect.doors.http import Receive, Scope, Send
    from longfunnel.state import User
    from longfunnel.web.site import Site

logger = logging.getLogger(__name__)

_MORNING: Final = ("/", "/channels", "/funnels/pipeline", "/paths", "/paths/retention", "/paths/cohorts")
"""What is opened every morning. Pages that fit models are left to whoever opens them: what they need fills the memory."""
_LOOK_SECONDS: Final = 1.0
_QUIET_SECONDS: Final = 1.0
"""So long nobody has asked for anything before a page is made."""
_REST_SECONDS: Final = 60.0
"""At least so long lies between two warmings: a business whose facts come all the time is built all the time."""
_AGAIN_SECONDS: Final = 0.05
_NICE: Final = 10


class Warming:
    """The application of the pages, and the thread that makes them ahead of their visitors."""

    def __init__(self, app: Litestar) -> None:
        self._app, self._site = app, app.state.site
        self._visitors, self._left_at = 0, float("-inf")
        self._stop: Stop | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warming")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A visitor's request: what is made ahead gives way to it."""
        self._visitors += 1
        if self._stop:
            self._give_way(self._stop)
        try:
            await self._app(scope, receive, send)  # type: ignore[arg-type] # the server's own words for the same
        finally:
            self._visitors, self._left_at = self._visitors - 1, time.monotonic()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """End as soon as what is being made can be left."""
        self._ending.set()
        while self._thread.is_alive():
            if stop := self._stop:
                stop.set()  # again and again: it may be between two queries
            self._thread.join(_AGAIN_SECONDS)

    def _give_way(self, stop: Stop) -> None:
        if self._stop is stop:
            stop.set()
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._give_way, stop)

    def _run(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        next_at = time.monotonic()
        while not self._ending.wait(_LOOK_SECONDS):
            try:
                if time.monotonic() >= next_at and self._site.answering.is_behind:
                    self._warm()
                    next_at = time.monotonic() + _REST_SECONDS
            except LongfunnelError:
                next_at = time.monotonic() + _REST_SECONDS  # there is nothing yet, or the settings make no sense
            except Exception:  # a database may be away for a while
                logger.exception("warming_broke")
                next_at = time.monotonic() + _REST_SECONDS

    def _warm(self) -> None:
        answering, began = self._site.answering, time.monotonic()
        if not (wanted := _wanted(self._site)):
            return
        answering.refresh()
        answering.cursor().close()
        with answering.as_it_stands():
            for user, page, route in wanted:
                while self._until_quiet() and not self._make(user, page, route):
                    pass  # a visitor came in between: once more after them
        if not self._ending.is_set():
            logger.info("warmed", extra={"pages": len(wanted), "seconds": round(time.monotonic() - began, 3)})

    def _until_quiet(self) -> bool:
        """Wait for a while without visitors; False when the server ends."""
        while self._visitors or time.monotonic() - self._left_at < _QUIET_SECONDS:
            if self._ending.wait(_AGAIN_SECONDS):
                return False
        return not self._ending.is_set()

    def _make(self, user: User, page: Page, route: Route) -> bool:
        """Whether the page was made, as far as it can be; False when it gave way."""
        pace = Pace()
        own = {
            "type": "http",
            "method": "GET",
            "path": route.path,
            "query_string": b"",
            "headers": [],
            "path_params": {},
        }
        request: Request[Any, Any, Any] = Request({**own, "scheme": "http", "client": None, "root_path": ""})  # type: ignore[arg-type] # as much of it as pages look at
        self._stop = pace.stop
        try:
            route.answer(Visit(self._site, request, page, route, user, pace=pace))
        except GivenUpError:
            return False
        except (LongfunnelError, HTTPException):
            pass  # its visitors will be told
        except Exception:
            logger.exception("warming_failed", extra={"path": route.path})
        finally:
            self._stop = None
        return True


def _wanted(site: Site) -> list[tuple[User, Page, Route]]:
    """What a morning's visitors open, in each language that one of them reads; nothing where nobody has an account."""
    users = [user for user in site.business.state.users.all() if user.role in READERS and not user.is_disabled]
    readers = {user.language or site.answering.settings.business.language: user for user in reversed(users)}
    routes = {route.path: (page, route) for page in pages().values() for route in page.routes if route.method == "GET"}
    return [
        (user, *routes[path]) for user in readers.values() for path in _MORNING if routes[path][1].allows(user.role)
    ]
