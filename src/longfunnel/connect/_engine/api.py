"""The way to an outside system: signed, slowed to its limits, tried again where that helps, its errors in one vocabulary."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx
import stamina
from aiolimiter import AsyncLimiter

from longfunnel.connect._engine.contract import Access, Call, Connector
from longfunnel.connect._engine.errors import (
    ChangedSchemaError,
    ConnectError,
    ExpiredError,
    LimitedError,
    unreachable,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.connect._engine.tokens import TokenKeeper

logger = logging.getLogger(__name__)
logging.getLogger("stamina").addHandler(logging.NullHandler())  # a retry is no news for whoever stands at the terminal
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells whole addresses, and in some of them stands a secret
T = TypeVar("T")

_TIMEOUT = httpx.Timeout(60.0, connect=15.0)
_LARGEST = 512 << 20
"""Bytes of one answer that are taken."""
_SKEW_MATTERS = 60.0

__all__ = ["Access", "Api", "Call"]


class Api:
    """Requests to one system for one source. Open it with ``async with``.

    A request that meets a limit or an ill system is tried again for ``patience`` seconds; an expired token is renewed once.
    """

    def __init__(
        self,
        connector: Connector,
        keeper: TokenKeeper,
        *,
        base_url: str = "",
        patience: float = 120.0,
        requests_per_second: float = 0.0,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._connector, self.keeper = connector, keeper
        self._base_url, self._patience = base_url, patience
        rate = connector.rate
        self._limiter = (
            AsyncLimiter(max(1.0, requests_per_second), max(1.0, requests_per_second) / requests_per_second)
            if requests_per_second
            else AsyncLimiter(rate.requests, rate.seconds)
        )
        self._at_once = asyncio.Semaphore(rate.at_once)
        self._tell_wait = wait or (lambda _: None)
        self._open = AsyncExitStack()
        self.http: httpx.AsyncClient
        """Unsigned and unlimited: for token servers and files at other addresses."""
        self.clock_skew = 0.0
        """Seconds by which this machine's clock is ahead of the system's, as its last answer tells; 0 where they agree."""
        self.requests = 0
        """How many were sent."""

    async def __aenter__(self) -> Self:
        self.http = await self._open.enter_async_context(
            httpx.AsyncClient(timeout=_TIMEOUT, headers={"User-Agent": "Longfunnel"}, follow_redirects=False)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    @property
    def access(self) -> Access:
        """With what requests are signed now."""
        return self.keeper.access

    async def get(
        self, path: str, params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None, **more: Any
    ) -> Any:
        """The JSON of an answer to GET; None where it is empty (204)."""
        return self.json(await self.request("GET", path, params=params, **more))

    async def post(self, path: str, json: Any = None, **more: Any) -> Any:
        """The JSON of an answer to POST; None where it is empty (204)."""
        return self.json(await self.request("POST", path, json=json, **more))

    async def request(self, method: str, path: str, *, is_repeatable: bool = True, **more: Any) -> httpx.Response:
        """One request to ``path`` under the system's address (or to a whole address below it, as links to a next page are).

        ``more`` is httpx's: params, json, data, files, headers, timeout. One that is not repeatable is sent once, as it may have been
        done though its answer was lost. Raises a ConnectError that names what the system said.
        """
        if not is_repeatable:
            return await self._renewing(method, path, more)
        return await self.patiently(lambda: self._renewing(method, path, more))

    async def patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What ``ask`` gives; asked again, as ``request`` does it, while it raises errors that are worth it: for systems that tell
        limits within a good answer."""
        async for attempt in stamina.retry_context(
            on=self._pause_after, attempts=None, timeout=self._patience, wait_initial=0.5, wait_max=30.0
        ):
            with attempt:
                return await ask()
        raise AssertionError  # the loop ends with an answer or an error

    def json(self, response: httpx.Response) -> Any:
        """The body as JSON; None for an empty one. Raises ChangedSchemaError for what is none."""
        if response.status_code == 204 or not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise ChangedSchemaError(
                Text(
                    "{host} answered {method} with something that is no JSON: {start!r}.",
                    "{host} отвечает на {method} не в формате JSON: {start!r}.",
                ).format(host=response.request.url.host, method=_method(response), start=response.text[:100])
            ) from error

    def _pause_after(self, error: Exception) -> bool | float:
        if not (isinstance(error, ConnectError) and error.is_worth_retrying):
            return False
        seconds = error.seconds if isinstance(error, LimitedError) else None
        logger.info("retrying", extra={"reason": error.kind, "seconds": seconds})
        if seconds is None:
            return True
        if seconds > self._patience:
            return False
        self._tell_wait(seconds)
        return seconds

    async def _renewing(self, method: str, path: str, more: Mapping[str, Any]) -> httpx.Response:
        access = await self.keeper.current(self.http)
        try:
            return await self._once(method, path, access, more)
        except ExpiredError:
            renewed = await self.keeper.renewed(self.http, access)
            if renewed is None:
                raise
        return await self._once(method, path, renewed, more)

    async def _once(self, method: str, path: str, access: Access, more: Mapping[str, Any]) -> httpx.Response:
        call = self._connector.sign(access)
        url = self._address(path, call)
        rest = dict(more)
        headers = {**call.headers, **(rest.pop("headers", None) or {})}
        params = rest.pop("params", None)
        if call.params:
            params = [*call.params.items(), *(params.items() if isinstance(params, Mapping) else params or ())]
        async with self._at_once, self._limiter:
            self.requests += 1
            try:
                async with self.http.stream(method, url, headers=headers, params=params, **rest) as response:
                    await self._take(response)
            except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
                raise unreachable(httpx.URL(url).host, error) from error
        self._compare_clocks(response)
        if trouble := self._connector.classify(response):
            raise trouble
        return response

    async def _take(self, response: httpx.Response) -> None:
        taken: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > _LARGEST:
                raise ChangedSchemaError(
                    Text("{host} answers with more than {most} MB.", "Ответ {host} больше {most} МБ.").format(
                        host=response.request.url.host, most=_LARGEST >> 20
                    )
                )
            taken.append(part)
        response._content = b"".join(taken)

    def _address(self, path: str, call: Call) -> str:
        base = (self._base_url or call.base_url or self._connector.base_url).rstrip("/")
        if path.startswith(("http://", "https://")):
            there, here = httpx.URL(path), httpx.URL(base)
            # a link to a next page may name the vendor's public address where a proxy is set: the token goes to ours only
            query = f"?{there.query.decode()}" if there.query else ""
            start = here.path.rstrip("/")
            return f"{here.scheme}://{here.netloc.decode()}{there.path if there.path.startswith(start) else start + there.path}{query}"
        prefix = call.prefix.rstrip("/")
        return f"{base.removesuffix(prefix)}{prefix}/{path.lstrip('/')}"  # a base address may be given with it

    def _compare_clocks(self, response: httpx.Response) -> None:
        try:
            theirs = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return
        if theirs.tzinfo is None:
            return
        ahead = (datetime.now(UTC) - theirs).total_seconds()
        self.clock_skew = ahead if abs(ahead) > _SKEW_MATTERS else 0.0


def _method(response: httpx.Response) -> str:
    """The end of the path: what comes before it may hold a token."""
    return response.request.url.path.rstrip("/").rsplit("/", 1)[-1]
