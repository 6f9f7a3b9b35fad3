"""A command beside a running server: sent there, carried out there, shown here as if it had run here."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from rich.console import COLOR_SYSTEMS, Console

from longfunnel.cli.context import STOPPED, console, error_console, opened
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.app.serving.control import Ask, IsWanted, Order, Tell
    from longfunnel.app.serving.running import Running

_NO_EDGE = 10_000
_turn = threading.Lock()
"""Held by the command that is carried out: the process has one standard output and one current folder."""
_carried_out: list[Order] = []
"""The command that is carried out now."""


def forward(server: Running, words: list[str]) -> int:
    """Have the server carry out the command and show what it says; its exit code. Raises LongfunnelError when it does not answer."""
    order = {
        "words": words,
        "folder": os.getcwd(),  # noqa: PTH109 - text is what goes over the wire
        "width": console.width if console.is_terminal else None,
        "colors": console.color_system,
        "is_out_terminal": console.is_terminal,
        "is_err_terminal": error_console.is_terminal,
    }
    connection = http.client.HTTPConnection(server.host, server.port)
    try:
        answer = _post(connection, server, "run", order)
        if answer.status != http.client.OK:
            raise ConnectionRefusedError(f"it answers {answer.status}")
        for line in iter(answer.readline, b""):
            kind, value = json.loads(line)
            if kind == "exit":
                return int(value)
            if kind == "ask":
                given = {"job": value, "line": sys.stdin.readline()}
                _post(http.client.HTTPConnection(server.host, server.port), server, "input", given)
                continue
            stream = sys.stdout if kind == "out" else sys.stderr
            stream.write(value)
            stream.flush()
        raise ConnectionResetError("it ended in the middle")
    except (OSError, http.client.HTTPException) as error:
        raise LongfunnelError(
            Text(
                "The server of this folder (process {process}) cannot be asked: {error}.",
                "Сервер этой папки (процесс {process}) не отвечает: {error}.",
            ).format(process=server.pid, error=error),
            hint=Text(
                "If no `longfunnel up` runs here any more, delete .longfunnel/server.json and try again.",
                "Если `longfunnel up` здесь уже не работает, удалите .longfunnel/server.json и повторите.",
            ),
        ) from error
    except KeyboardInterrupt:
        return STOPPED  # the server sees that nobody listens, and stops the query
    finally:
        connection.close()


def _post(connection: http.client.HTTPConnection, server: Running, what: str, body: Any) -> http.client.HTTPResponse:
    connection.request(
        "POST", f"/control/{what}", json.dumps(body).encode(), {"Authorization": f"Bearer {server.secret}"}
    )
    return connection.getresponse()


def carry_out(order: Order, tell: Tell, ask: Ask, is_wanted: IsWanted) -> int:
    """Run a command of another process in this one, one at a time; its exit code. What nobody wants any more is not begun."""
    from longfunnel.cli.main import run

    out = _Said("out", tell, is_terminal=order.is_out_terminal)
    err = _Said("err", tell, is_terminal=order.is_err_terminal)
    with _turn, contextlib.chdir(order.folder), _as_terminal(order), _streams(out, err, _Answers(ask)):
        if not is_wanted():
            return STOPPED
        _carried_out.append(order)
        try:
            run(order.words)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            _carried_out.clear()
    return 0


def stop(order: Order) -> None:
    """Interrupt the query of the command, if it is the one that is being carried out: who asked for it has gone."""
    if any(each is order for each in _carried_out):  # not its equal, which another person gave
        for business in opened[1:]:  # the first is the server's own
            business.interrupt()


class _Said(io.TextIOBase):
    """A standard stream whose text goes to whoever asked."""

    def __init__(self, name: str, tell: Tell, *, is_terminal: bool) -> None:
        self._name, self._tell, self._is_terminal = name, tell, is_terminal
        self._parts: list[str] = []
        self._size = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What goes over the wire."""
        return "utf-8"

    def isatty(self) -> bool:
        """Whether the asker's stream is a terminal."""
        return self._is_terminal

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Keep the text until a flush, or until there is much of it."""
        self._parts.append(text)
        self._size += len(text)
        if self._size > io.DEFAULT_BUFFER_SIZE:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Tell what was kept."""
        if self._parts:
            told, self._parts, self._size = "".join(self._parts), [], 0
            self._tell(self._name, told)


class _Answers(io.TextIOBase):
    """A standard input that asks for each line."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def readable(self) -> bool:
        """It is."""
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # noqa: ARG002 - lines are short
        """The next line; empty at the end."""
        return self._ask()


@contextlib.contextmanager
def _streams(out: _Said, err: _Said, answers: _Answers) -> Iterator[None]:
    standing = sys.stdin
    sys.stdin = answers
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        sys.stdin = standing
        out.flush()
        err.flush()


@contextlib.contextmanager
def _as_terminal(order: Order) -> Iterator[None]:
    """Let both consoles draw for the asker's terminal."""
    each: tuple[Console, ...] = (console, error_console)
    before = [(one._color_system, one._width) for one in each]
    for one in each:
        one._color_system = COLOR_SYSTEMS.get(order.colors or "")
        one._width = order.width or _NO_EDGE
    try:
        yield
    finally:
        for one, (colors, width) in zip(each, before, strict=True):
            one._color_system, one._width = colors, width
