"""Which server runs for a business's folder: it says so in a file, so that commands find it and let it do their work."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from longfunnel.app.business import OWN_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

FILE = "server.json"


@dataclass(frozen=True)
class Running:
    """A running server."""

    host: str
    """Where this machine reaches it."""
    port: int
    secret: str
    """Proof that a command may use the folder: only who can read the file knows it."""
    pid: int


def announce(folder: Path, host: str, port: int) -> Running:
    """Say in the folder that this process serves it, in a file that only its owner can read."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is not bound here
    running = Running(reached, port, secrets.token_urlsafe(32), os.getpid())
    file = folder / OWN_FOLDER / FILE
    file.unlink(missing_ok=True)  # its rights, if it is an old one, are not ours
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as opened:
        json.dump(asdict(running), opened)
    return running


def withdraw(folder: Path, running: Running) -> None:
    """Take the announcement back, where it is still this server's."""
    if _read(folder) == running:
        (folder / OWN_FOLDER / FILE).unlink(missing_ok=True)


def find(folder: Path) -> Running | None:
    """The server that another process runs for the folder. What a killed one left behind counts as none."""
    running = _read(folder)
    if running is None or running.pid == os.getpid():
        return None
    with suppress(PermissionError):  # it lives, and is another user's
        try:
            os.kill(running.pid, 0)
        except ProcessLookupError:
            return None
    return running


def _read(folder: Path) -> Running | None:
    try:
        return Running(**json.loads((folder / OWN_FOLDER / FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
