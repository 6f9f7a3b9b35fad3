"""A little business that the command line made of four files, and the command line itself."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from longfunnel.cli import context, main

FILES = {
    "leads.csv": """Lead ID,Created,Phone,utm_source,utm_medium,utm_campaign
1,2025-03-01 10:00:00,+7 900 100-00-01,yandex,cpc,kitchens
2,2025-03-02 11:00:00,+7 900 100-00-02,yandex,cpc,kitchens
3,2025-03-05 12:00:00,+7 900 100-00-03,vk,cpc,beds
4,2025-03-09 13:00:00,+7 900 100-00-04,,,
5,2025-04-01 14:00:00,+7 900 100-00-05,yandex,cpc,beds
""",
    "deals.csv": """Deal ID,Lead ID,Created,Closed,Status,Amount,Currency,Pipeline,Stage,Responsible
d1,1,2025-03-01 10:05:00,2025-03-04 15:00:00,won,1000.50,RUB,Retail,Won,Anna
d2,2,2025-03-02 11:05:00,2025-03-20 15:00:00,lost,900,RUB,Retail,Lost,Boris
d3,3,2025-03-05 12:05:00,2025-03-06 15:00:00,won,2000,RUB,Retail,Won,Anna
d4,,2025-03-06 12:05:00,2025-03-07 15:00:00,won,70,RUB,Retail,Won,Boris
""",
    "spend.csv": """Date,utm_source,utm_medium,utm_campaign,Impressions,Clicks,Cost
2025-03-01,yandex,cpc,kitchens,1000,50,100.25
2025-03-02,yandex,cpc,kitchens,1000,50,99.75
2025-03-03,vk,cpc,beds,4000,20,50
2025-03-03,vk,cpc,beds2,4000,x,50
"""
    + "".join(f"2025-03-{day:02},yandex,cpc,kitchens,100,1,0\n" for day in range(4, 24)),
}


@dataclass(frozen=True)
class Said:
    """What a command ended with and said."""

    code: int
    out: str
    err: str


def run(*words: object, answer: str = "") -> Said:
    """The command in this process, as the shell would start it: no terminal anywhere."""
    out, err = io.StringIO(), io.StringIO()
    arguments, standing = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["longfunnel", *map(str, words)], io.StringIO(answer)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        return Said(int(end.code or 0), out.getvalue(), err.getvalue())
    finally:
        sys.argv, sys.stdin = arguments, standing
    return Said(0, out.getvalue(), err.getvalue())


def start(*words: object, **options: Any) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    program = "from longfunnel.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answers whatever terminal the tests run in."""
    for each in (context.console, context.error_console):
        monkeypatch.setattr(each, "_color_system", None)
        monkeypatch.setattr(each, "_force_terminal", False)
        monkeypatch.setattr(each, "_width", 10_000)


@pytest.fixture
def longfunnel() -> Callable[..., Said]:
    return run


@pytest.fixture
def running() -> Callable[..., subprocess.Popen[str]]:
    return start


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The little business, imported; the first import's words are in ``import.txt``. Only to be asked."""
    folder = tmp_path_factory.mktemp("little")
    init = run(
        "-C", folder, "init", "--name", "Little", "--currency", "RUB", "--timezone", "Europe/Moscow", "--language", "en"
    )
    assert init.code == 0, init.err
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    said = run("-C", folder, "import", *(folder / name for name in FILES), "--yes")
    (folder / "import.txt").write_text(said.out + said.err)
    assert said.code == 0, said.err
    return folder


@pytest.fixture
def another(built: Path, tmp_path: Path) -> Path:
    """A copy of the little business, to be changed."""
    return Path(shutil.copytree(built, tmp_path / "business"))
