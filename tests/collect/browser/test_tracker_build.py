"""The tracker that is served: small, and built from the sources beside it."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.collect.browser.recording import TRACKER

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("name", "limit"), [("lf.js", 2.0), ("lf-behaviour.js", 2.5), ("lf-numbers.js", 1.0)])
def test_size_after_gzip(name: str, limit: float) -> None:
    size = len(gzip.compress((TRACKER / "dist" / name).read_bytes(), 9, mtime=0))
    assert size <= limit * 1024


@pytest.mark.slow
def test_dist_is_the_build_of_the_sources(tmp_path: Path) -> None:
    if not shutil.which("npm") or not (TRACKER / "node_modules").is_dir():
        pytest.skip(f"the build tool is not installed (npm ci --prefix {TRACKER})")
    for name in ("lf.js", "behaviour.js", "numbers.js", "package.json"):
        shutil.copy(TRACKER / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(TRACKER / "node_modules")
    (tmp_path / "dist").mkdir()
    subprocess.run(["npm", "run", "build"], cwd=tmp_path, check=True, capture_output=True)

    built = {file.name: file.read_text() for file in (tmp_path / "dist").iterdir()}
    served = {file.name: file.read_text() for file in (TRACKER / "dist").iterdir()}
    assert built == served
