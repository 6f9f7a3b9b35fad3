"""An ASGI application behind the server's own interface: requests and answers pass whole, streams as they come."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from longfunnel.app.serving.bridge import answer_by

if TYPE_CHECKING:
    from collections.abc import Iterator


class Application:
    """Shows what it was asked; what it noticed is kept."""

    def __init__(self) -> None:
        self.noticed: list[Any] = []
        self.has_left = threading.Event()

    def __rsgi__(self, scope: Any, proto: Any) -> Any:
        return answer_by(self, scope, proto)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.noticed.append(scope)
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        if scope["path"] == "/fails":
            raise ValueError
        headers = [(b"x-name", "café".encode()), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send(
            {"type": "http.response.start", "status": 404 if scope["path"] == "/absent" else 200, "headers": headers}
        )
        if scope["path"] != "/stream":
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
            return
        for part in (b"one ", b"", b"two "):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if scope["query_string"] == b"endless":
            while (await receive())["type"] != "http.disconnect":
                pass
            await send({"type": "http.response.body", "body": b"nobody hears it", "more_body": True})
            self.has_left.set()
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Application, str]]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    application = Application()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = Server(application, port=port, interface=Interfaces.RSGI, log_enabled=False, websockets=False)
        loop.stop_server = server.stop  # type: ignore[attr-defined]
        await server.serve()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())

    thread = threading.Thread(target=run)
    thread.start()
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        threading.Event().wait(0.02)
    yield application, f"http://127.0.0.1:{port}"
    loop.call_soon_threadsafe(loop.stop_server)  # type: ignore[attr-defined]
    thread.join()
    loop.close()


def test_a_request_and_its_answer_pass_whole(served: tuple[Application, str]) -> None:
    application, url = served
    body = bytes(range(256)) * 4000
    answer = httpx.post(f"{url}/a%20b/c?x=%D1%8F", content=body, headers={"X-Own": "1"})
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert next(value for name, value in answer.headers.raw if name == b"x-name") == "café".encode()
    scope = application.noticed[-1]
    assert (scope["type"], scope["method"], scope["path"], scope["scheme"]) == ("http", "POST", "/a b/c", "http")
    assert scope["query_string"] == b"x=%D1%8F"
    assert (b"x-own", b"1") in scope["headers"]
    assert b"host" in dict(scope["headers"])
    assert scope["client"][0] == "127.0.0.1"
    assert scope["server"] == ("127.0.0.1", int(url.rpartition(":")[2]))


def test_what_has_no_body_ends(served: tuple[Application, str]) -> None:
    _, url = served
    assert httpx.get(f"{url}/").content == b""
    assert httpx.head(f"{url}/").status_code == 200
    assert httpx.get(f"{url}/absent").status_code == 404


def test_a_stream_comes_piece_by_piece(served: tuple[Application, str]) -> None:
    _, url = served
    assert httpx.post(f"{url}/stream", content=b"three").content == b"one two three"


def test_an_application_learns_that_its_client_has_gone(served: tuple[Application, str]) -> None:
    application, url = served
    with httpx.stream("GET", f"{url}/stream?endless") as answer:
        assert next(answer.iter_raw()).startswith(b"one ")
    assert application.has_left.wait(30)


def test_an_application_that_fails_is_500(served: tuple[Application, str]) -> None:
    _, url = served
    assert httpx.get(f"{url}/fails").status_code == 500
