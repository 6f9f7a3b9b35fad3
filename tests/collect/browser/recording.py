"""A test site and a recording collector: one real HTTP server that serves pages and speaks the wire format."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
TRACKER = HERE.parents[2] / "src/longfunnel/collect/tracker"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".json": "application/json"}
DROP = 0  # an answer: close the connection in the middle of it


@dataclass(frozen=True)
class Batch:
    """One request to `/e`: what it carried, the browser's headers, and what it was answered."""

    body: dict[str, Any]
    headers: dict[str, str]
    status: int
    at: float


@dataclass
class Recorder:
    """The site and the collector of one test.

    `answers` are the statuses of the next requests to `/e` (202 when there are none left), `tag` is what stands in
    every page's head, `files` are further answers by path, `page_headers` go with every page, `cookie` is set by every
    answer of `/e`.
    """

    port: int = 0
    tag: str = ""
    answers: list[int] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    page_headers: dict[str, str] = field(default_factory=dict)
    cookie: str | None = None
    batches: list[Batch] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "/index.html", host: str = "www.shop.test") -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def script(self, host: str = "stats.shop.test", **data: str) -> str:
        """The line of HTML that a site takes; `data` are its data attributes."""
        attributes = "".join(f' data-{name}="{value}"' for name, value in {"site": "shop", **data}.items())
        return f'<script defer src="{self.url("/lf.js", host)}"{attributes}></script>'

    @property
    def landed(self) -> list[dict[str, Any]]:
        """Events that the collector acknowledged, in the order of arrival."""
        return [event for batch in self.batches if batch.status == 202 for event in batch.body["e"]]

    def named(self, name: str) -> list[dict[str, Any]]:
        """Acknowledged events of one name."""
        return [event for event in self.landed if event["n"] == name]

    def pages(self) -> list[str]:
        """Acknowledged page views, as path and what follows it."""
        return [event["u"].split(f":{self.port}", 1)[1] for event in self.named("page_view")]

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """Wait until `condition` holds; its value."""
        with self.changed:
            assert self.changed.wait_for(condition, seconds), f"{what}; landed: {self.landed}"
            return condition()

    def wait_for(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until `count` events of a name have landed."""
        self.wait(lambda: len(self.named(name)) >= count, f"expected {count} × {name}")
        return self.named(name)

    def quiet_for(self, seconds: float) -> None:
        """Let time pass in which something must not arrive."""
        time.sleep(seconds)

    def record(self, batch: Batch) -> None:
        """Keep a request and wake who waits."""
        with self.changed:
            self.batches.append(batch)
            self.changed.notify_all()

    def read(self, path: str) -> str | None:
        """What is served at a path."""
        if path in self.files:
            return self.files[path]
        folder = TRACKER / "dist" if path.startswith("/lf") else HERE / "site"
        file = folder / path.lstrip("/")
        if not file.is_file():
            return None
        text = file.read_text("utf-8")
        return text.replace("{{tag}}", self.tag).replace("{{port}}", str(self.port))


class Handler(BaseHTTPRequestHandler):
    """Serves the recorder that `server` holds."""

    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self, status: int, text: str = "", headers: dict[str, str] | None = None) -> None:
        """Answer as the collector does: any origin, with cookies."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin") or "*")
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """A page, the tracker, or the goals."""
        recorder = self.server.recorder
        path = urlsplit(self.path).path
        recorder.asked.append(path)
        text = recorder.read(path)
        if text is None:
            self.answer(404)
            return
        suffix = Path(path).suffix
        headers = {"Content-Type": TYPES.get(suffix, "application/octet-stream")}
        self.answer(200, text, headers | (recorder.page_headers if suffix == ".html" else {}))

    def do_POST(self) -> None:
        """A batch of events."""
        recorder = self.server.recorder
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = recorder.answers.pop(0) if recorder.answers else 202
        recorder.record(
            Batch(json.loads(body), {k.lower(): v for k, v in self.headers.items()}, status, time.monotonic())
        )
        if status == DROP:
            # not at its very start: there Chromium itself asks again, and the tracker would not hear of it
            self.wfile.write(b"HTTP/1.1 2")
            self.close_connection = True
            return
        self.answer(status, headers={"Set-Cookie": recorder.cookie} if recorder.cookie else None)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A loopback server that starts on a free port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.recorder = Recorder(port=self.server_port)

    def handle_error(self, *_: object) -> None:
        """A browser that goes away is what the tests do on purpose."""
