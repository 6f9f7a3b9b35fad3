"""The state database over SQLite and over a throw-away PostgreSQL, one after the other."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from longfunnel.state import open_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.state import State


def _postgresql_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL cluster that lives as long as the tests, reachable only through a socket."""
    binaries = _postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    # PostgreSQL refuses to run as root, and a socket's path must be short
    as_user: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="lfpg", dir="/tmp"))
    if os.geteuid() == 0:
        user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
        as_user = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
        shutil.chown(folder, user)
    cluster = folder / "data"

    def run(*arguments: str) -> None:
        # pg_ctl's server would keep a pipe open, so nothing is captured: it goes to a file
        with (folder / "commands.log").open("ab") as log:
            subprocess.run(
                [*as_user, *arguments], check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    try:
        run(str(binaries / "initdb"), "-D", str(cluster), "-U", "lf", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(str(binaries / "pg_ctl"), "-D", str(cluster), "-w", "-o", options, "-l", str(cluster / "log"), "start")
        try:
            yield f"postgresql://lf@/postgres?host={folder}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], State]]:
    """Opens the same, at first empty, database each time it is called."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    opened: list[State] = []

    def reopen() -> State:
        opened.append(open_state(tmp_path, url))
        return opened[-1]

    yield reopen
    for state in opened:
        state.close()


@pytest.fixture
def state(reopen: Callable[[], State]) -> State:
    """An empty state database."""
    return reopen()
