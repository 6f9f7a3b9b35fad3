"""Control: a command that finds the server running has it carried out there, as only one process can hold the warehouse.

``POST /control/run`` takes an Order and answers with lines of JSON while the command works: ``["out", text]``, ``["err",
text]``, ``["ask", job]`` where it waits for a line of input, ``["exit", code]`` at the end. ``POST /control/input`` takes
``{"job", "line"}``; no line is the input's end. Only this machine may ask, with the secret of the folder's server.json.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import queue
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from longfunnel.app.serving.running import Running
    from longfunnel.collect.doors.http import Receive, Scope, Send

logger = logging.getLogger(__name__)

PATH = "/control/"
_MOST_BYTES = 1 << 20
_AGAIN_SECONDS = 0.5


class Order(msgspec.Struct, frozen=True):
    """A command as it was given, and the terminal that it was given at."""

    words: list[str]
    folder: str
    """Where the person stands: relative paths begin there."""
    width: int | None = None
    """Columns of the terminal; none for a pipe."""
    colors: str | None = None
    """What the terminal can show: standard, 256, truecolor."""
    is_out_terminal: bool = False
    is_err_terminal: bool = False


class _Input(msgspec.Struct, frozen=True):
    job: str
    line: str | None = None


Tell = Callable[[str, str], None]
Ask = Callable[[], str]
IsWanted = Callable[[], bool]
CarryOut = Callable[[Order, Tell, Ask, IsWanted], int]
"""Carries an order out in its turn, if somebody still wants it then: tells what it says (out or err, text), asks for lines of
input ("" at its end); the exit code."""


@dataclass
class _Job:
    """An order that was given and has not ended."""

    order: Order
    lines: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    is_wanted: bool = True


class Control:
    """The ASGI application below ``/control/``. ``stop`` interrupts the order if it is being carried out; whoever gave it has gone."""

    def __init__(self, running: Running, carry_out: CarryOut, stop: Callable[[Order], None]) -> None:
        self._running, self._carry_out, self._stop = running, carry_out, stop
        self._jobs: dict[str, _Job] = {}
        self._ending = asyncio.Event()

    def end(self) -> None:
        """The server stops: what is carried out is interrupted, what waits is not begun."""
        self._ending.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if not self._is_ours(scope):
            await _answer(send, 404)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > _MOST_BYTES:
                break
        try:
            if scope["path"] == PATH + "run":
                await self._run(msgspec.json.decode(body, type=Order), receive, send)
            elif scope["path"] == PATH + "input":
                given = msgspec.json.decode(body, type=_Input)
                if given.job in self._jobs:
                    self._jobs[given.job].lines.put(given.line or "")
                await _answer(send, 204)
            else:
                await _answer(send, 404)
        except msgspec.DecodeError:
            await _answer(send, 400)

    def _is_ours(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        address = (scope.get("client") or ("",))[0]
        try:
            is_near = ip_address(address).is_loopback or address == self._running.host
        except ValueError:
            is_near = False
        # a proxy on this machine speaks for the world
        is_direct = b"x-forwarded-for" not in headers and b"forwarded" not in headers
        given = headers.get(b"authorization", b"").decode("latin-1")
        is_known = hmac.compare_digest(given.encode(), f"Bearer {self._running.secret}".encode())
        return bool(scope["method"] == "POST" and is_near and is_direct and is_known)

    async def _run(self, order: Order, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        said: asyncio.Queue[list[Any] | None] = asyncio.Queue()
        name = secrets.token_hex(8)
        job = self._jobs[name] = _Job(order)

        def say(*line: Any) -> None:
            loop.call_soon_threadsafe(said.put_nowait, list(line))

        def ask() -> str:
            say("ask", name)
            return job.lines.get()

        def work() -> None:
            try:
                say("exit", self._carry_out(order, say, ask, lambda: job.is_wanted))
            finally:
                loop.call_soon_threadsafe(said.put_nowait, None)

        headers = [(b"content-type", b"application/x-ndjson")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        working = loop.run_in_executor(None, work)
        gone = asyncio.create_task(self._watch(job, receive))
        try:
            while (line := await said.get()) is not None:
                chunk = msgspec.json.encode(line) + b"\n"
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await working
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            del self._jobs[name]

    async def _watch(self, job: _Job, receive: Receive) -> None:
        """Interrupt the job once whoever gave it has gone, or the server stops."""
        reasons = [asyncio.ensure_future(_left(receive)), asyncio.ensure_future(self._ending.wait())]
        try:
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for reason in reasons:
                reason.cancel()
        job.is_wanted = False
        while True:  # until its end: it may be between two queries
            job.lines.put("")  # nobody will answer any more
            self._stop(job.order)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
