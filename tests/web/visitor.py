"""A client that fills in forms as a browser without scripts does, and the accounts that the tests sign in with."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any

import httpx

PASSWORD = "a long enough password"  # noqa: S105 - of invented accounts
MANAGER = "Viktor Medvedev"
ACCOUNTS = {role: f"{role}@cedar.test" for role in ("owner", "analyst", "manager", "viewer")}
URL = "http://testserver.local"


def whole_page(answer: httpx.Response) -> str:
    """Where the frame of a page in the making sends a browser without scripts; empty for any other answer."""
    found = re.search(r'<noscript><meta http-equiv="refresh" content="0; url=([^"]+)">', answer.text)
    return html.unescape(found.group(1)) if found else ""


class Client:
    """A plain client of an application in this process; many may visit one application, each with its own cookies."""

    def __init__(self, app: Any) -> None:
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=URL)
        self.cookies = self._client.cookies

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer; where it is the frame of a page still in the making, the page that it leads a browser without scripts to."""
        answer = self.once(method, path, **more)
        whole = whole_page(answer)
        more.pop("params", None)  # they stand in that address already
        return self.once("GET", whole, **more) if whole else answer

    def once(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer as it comes."""
        return self._loop.run_until_complete(self._client.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Browser:
    """A client that fills in forms as a browser does: with the page's own token."""

    def __init__(self, app: Any) -> None:
        self.client = Client(app)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        return found.group(1) if found else ""

    def post(self, path: str, *, at: str = "", **form: str | list[str]) -> Any:
        form = {"csrf": self.token(at or path), **form}
        return self.client.post(path, data=form)

    def sign_in(self, email: str, password: str = PASSWORD, *, code: str = "") -> Any:
        """The answer to the password; with a code, to the second step."""
        asked = self.post("/sign-in", email=email, password=password)
        return self.second_step(asked.text, code) if code else asked

    def second_step(self, page: str, code: str) -> Any:
        """The answer to the code, for the ticket of this page."""
        ticket = re.search(r'name="ticket" value="([^"]+)"', page)
        return self.post("/sign-in/code", at="/sign-in", ticket=ticket.group(1) if ticket else "", code=code)
