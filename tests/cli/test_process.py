"""The command as a process: colours, pipes, Ctrl-C, two at once, and how little it loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import longfunnel as program
from longfunnel.app.business import Business

if TYPE_CHECKING:
    from tests.cli.conftest import Said

    from longfunnel.core.text import Text

pytestmark = pytest.mark.slow  # each test works on a whole warehouse

Cli = Callable[..., "Said"]
Start = Callable[..., "subprocess.Popen[str]"]


def loaded(words: list[str], watched: set[str]) -> set[str]:
    """Which of the watched modules a command loads."""
    code = (
        "import atexit, json, sys\n"
        "from longfunnel.cli import main\n"
        f"atexit.register(lambda: print(json.dumps(sorted({watched!r} & sys.modules.keys())), file=sys.stderr))\n"
        f"sys.argv = ['longfunnel', *{words!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_and_version_load_no_engine() -> None:
    watched = {"duckdb", "numba", "pyarrow", "scipy", "sqlalchemy", "phonenumbers", "numpy"}
    assert loaded(["--version"], watched) == set()


@pytest.mark.slow
def test_an_answer_from_what_is_built_loads_no_compiler_and_no_state(another: Path) -> None:
    watched = {"numba", "scipy", "sqlalchemy", "alembic", "phonenumbers", "xlsxwriter", "python_calamine"}
    assert loaded(["-C", str(another), "report", "channels"], watched) == set()


def test_a_forced_colour_is_colour_and_a_pipe_has_none(running: Start, another: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    words = ("-C", another, "-q", "doctor")
    plain, _ = running(*words, env=environment).communicate()
    bright, _ = running(*words, env=environment | {"FORCE_COLOR": "1"}).communicate()
    assert "\x1b[" not in plain
    assert "\x1b[" in bright


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell when the query began")
def test_ctrl_c_stops_a_running_query_at_once(running: Start, another: Path) -> None:
    asking = running("-C", another, "sql", "SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 1")
    try:
        while asking.poll() is None and not _has_open(asking.pid, another / ".longfunnel" / "warehouse.duckdb"):
            time.sleep(0.05)
        time.sleep(0.5)
        asking.send_signal(signal.SIGINT)
        _, said = asking.communicate(timeout=60)
    finally:
        asking.kill()
        asking.communicate()
    assert (asking.returncode, "Stopped" in said, "Traceback" in said) == (130, True, False)


def _has_open(process: int, file: Path) -> bool:
    return str(file) in {os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()}


def test_two_at_once_is_told_plainly(longfunnel: Cli, running: Start, another: Path) -> None:
    with program.open(another) as business:
        business.ask("channels")
        second = running("-C", another, "report", "channels")
        _, said = second.communicate()
    assert (second.returncode, "in use by another Longfunnel process" in said, "Traceback" in said) == (1, True, False)
    assert longfunnel("-C", another, "report", "channels").code == 0


@pytest.mark.parametrize("at", ["who is who", "journeys"])
def test_a_build_that_is_stopped_leaves_the_build_before(another: Path, at: str) -> None:
    with Business(another) as business:
        before = business.ask("long_funnel").rows

        def stop(step: str | Text, _share: float) -> None:
            if str(step) == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            business.build(full=True, progress=stop)
        assert business.warehouse.execute("SELECT count(*) FROM live.orders").fetchall() == [(3,)]
        assert business.ask("long_funnel").rows == before
        assert business.build(full=True).did_something
        assert business.ask("long_funnel").rows == before


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on the size of files stands in for a full disk")
def test_a_disk_that_is_full_is_told_and_nothing_is_lost(longfunnel: Cli, another: Path) -> None:
    (another / "leads.csv").write_text(
        "Lead ID,Created,Phone,utm_source,utm_medium,utm_campaign\n"
        + "".join(f"n{number},2025-03-01 10:00:00,,yandex,cpc,{number:0200}\n" for number in range(60_000))
    )
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({(another / '.longfunnel/warehouse.duckdb').stat().st_size + 1_000_000},) * 2)\n"
        "from longfunnel.cli import main\n"
        f"sys.argv = ['longfunnel', '-C', {str(another)!r}, 'sync', 'leads']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    answer = json.loads(longfunnel("-C", another, "report", "channels", "-f", "json").out)
    assert answer["totals"]["leads"] == 5
