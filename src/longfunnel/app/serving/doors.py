"""One server, three doors: the collector's paths go to its bare application, other processes' commands to ``control``, everything
else to the pages and the API. Events come by the shortest way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from longfunnel.app.business import Business
from longfunnel.app.serving.bridge import answer_by
from longfunnel.app.serving.control import PATH, Control
from longfunnel.app.serving.running import Running
from longfunnel.collect.doors.endpoint import EVENTS
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from longfunnel.collect.doors.endpoint import Endpoint
    from longfunnel.collect.doors.http import Receive, Scope, Send

Pages = Callable[[Business, str], Any]
"""Makes the ASGI application of the pages, of the business and its public address."""

MakeControl = Callable[[Running], Control]
"""Makes the ASGI application that carries out other processes' commands, of what the server announces."""


class Ahead(Protocol):
    """The application of the pages that also makes them ahead of their visitors, in a thread of its own."""

    def start(self) -> None:
        """Begin: requests are taken now."""

    def end(self) -> None:
        """Come back when nothing is being made any more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""


GoAhead = Callable[[Any], Ahead]
"""Makes that of the application of the pages."""

_PATHS = frozenset({"/e", "/number", "/health", "/ready", "/metrics"})
_FOLDERS = ("/hooks/", "/goals/")
_FACTS = frozenset(f"/api/v1/{name}" for name in facts())


class Doors:
    """The application of ``longfunnel up``: events by RSGI, the server's own interface, all else by ASGI."""

    def __init__(self, endpoint: Endpoint, pages: Any, control: Any) -> None:
        self._endpoint, self._pages, self._control = endpoint, pages, control

    def __rsgi__(self, scope: Any, proto: Any) -> Awaitable[None]:
        """One request of the server."""
        if scope.path == EVENTS and scope.method == "POST":
            return self._endpoint.take_events(scope, proto)
        return answer_by(self, scope, proto)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, to whom it belongs."""
        if scope["type"] != "http" or is_collectors(scope["path"]):
            await self._endpoint(scope, receive, send)
        elif scope["path"].startswith(PATH):
            await self._control(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


def is_collectors(path: str) -> bool:
    """Whether the collector answers this path: events, facts, webhooks, goals, its scripts (``/lf.js``), its health."""
    is_script = path.startswith("/lf") and path.endswith(".js")
    return path in _PATHS or path in _FACTS or is_script or path.startswith(_FOLDERS)
