"""What must hold of the whole: the order of imports, kills and repeats change no answer."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import longfunnel
from longfunnel.app.backup import backup, restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.app.conftest import Made

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow
OWN = ("builds", "shared_before")
"""Tables in which a build notes its own affairs."""


def derived(business: Business) -> list[str]:
    """The derived tables."""
    found = business.warehouse.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'live'"
    ).fetchall()
    return sorted(name for (name,) in found if name not in OWN)


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    program = "from longfunnel.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "-C", str(folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_builds_after_each_import_equal_one_full_build(another: Business) -> None:
    run = another.warehouse.execute
    tables = derived(another)
    for name in tables:
        run(f'CREATE TEMP TABLE "incremental_{name}" AS FROM live."{name}"')
    another.build(full=True)
    assert derived(another) == tables
    for name in tables:
        before, after = f'temp.main."incremental_{name}"', f'live."{name}"'
        sql = f"SELECT count(*) FROM ((FROM {before} EXCEPT ALL FROM {after}) UNION ALL (FROM {after} EXCEPT ALL FROM {before}))"
        assert run(sql).fetchall() == [(0,)], name


def test_the_same_files_again_change_nothing(another: Business, answers: Callable[[Business], dict[str, Any]]) -> None:
    before = answers(another)
    count = "SELECT count(*) FROM main.imports"
    imports = another.warehouse.execute(count).fetchall()
    assert all(file.unchanged for report in another.sync() for file in report.files)
    assert another.warehouse.execute(count).fetchall() == imports
    assert not another.build().did_something
    # with other bytes and the same rows, too
    payments = another.folder / "data/bank/corporate_payments.csv"
    payments.write_bytes(payments.read_bytes() + b"\r\n")
    (report,) = another.sync(["corporate_payments"])
    assert (report.added, report.changed, report.same) == (0, 0, 53)
    another.build()
    assert answers(another) == before


def test_another_order_and_kills_on_the_way_change_no_answer(
    made: Made, demo: Business, tmp_path: Path, answers: Callable[[Business], dict[str, Any]]
) -> None:
    folder = tmp_path / "business"
    folder.mkdir()
    shutil.copytree(made.folder / "data", folder / "data")
    head, *sources = re.split(
        r"(?=^\[\[source\]\])", (made.folder / "longfunnel.toml").read_text("utf-8"), flags=re.MULTILINE
    )
    (folder / "longfunnel.toml").write_text(head + "\n".join(reversed(sources)), "utf-8")
    moments = random.Random(11)
    for words, kills in ((("sync",), 2), (("build", "--full"), 1)):
        for _ in range(kills):
            running = command(folder, *words)
            try:
                running.communicate(timeout=moments.uniform(0.8, 4))
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.communicate()
        running = command(folder, *words)
        _, said = running.communicate()
        assert running.returncode == 0, said
    with longfunnel.open(folder) as business:
        assert answers(business) == answers(demo)


def test_a_backup_brings_the_same_answers_back(
    another: Business, tmp_path: Path, answers: Callable[[Business], dict[str, Any]]
) -> None:
    before = answers(another)
    file = backup(another, tmp_path / "backup.zip")
    another.close()
    with restore(file, tmp_path / "restored") as restored:
        assert not restored.build().did_something
        assert answers(restored) == before
