"""Compiled kernels on disk are never older than the sources they were made from."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PART = "from longfunnel.journeys.kernels.compiled import part\n\n\n@part\ndef added(number: int) -> int:\n    return number + {}\n"
KERNEL = (
    "from longfunnel.journeys.kernels.compiled import kernel\nfrom parts import added\n\n\n"
    "@kernel\ndef run(number: int) -> int:\n    return added(number) * 10\n"
)


def ran(folder: Path) -> tuple[int, int]:
    """What the kernel gives, and how many of its calls were served from disk."""
    code = "from kernels import run; print(run(1), sum(run.stats.cache_hits.values()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, text=True)
    number, hits = done.stdout.split()
    return int(number), int(hits)


@pytest.mark.slow
def test_a_change_in_another_file_compiles_the_kernel_anew(tmp_path: Path) -> None:
    (tmp_path / "kernels.py").write_text(KERNEL)
    (tmp_path / "parts.py").write_text(PART.format(1))
    assert ran(tmp_path) == (20, 0)
    assert ran(tmp_path) == (20, 1)
    (tmp_path / "parts.py").write_text(PART.format(2))  # the same size, and perhaps the same second
    assert ran(tmp_path) == (30, 0)
