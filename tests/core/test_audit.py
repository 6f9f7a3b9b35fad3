"""The audit of dependencies: a vulnerability is told, and not knowing is never taken for being safe."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

AUDIT: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "audit.py"))

SAFE = {"name": "rich", "version": "14.1", "vulns": []}
SKIPPED = {"name": "typer", "skip_reason": "Dependency not found on PyPI"}
BAD = {"name": "jinja2", "version": "3.1.0", "vulns": [{"id": "CVE-2024-1", "fix_versions": ["3.1.3"]}]}


def python(*packages: dict[str, Any]) -> tuple[list[str], str]:
    found: tuple[list[str], str] = AUDIT["read_python"](json.dumps({"dependencies": packages}))
    return found


def test_a_vulnerable_package_is_named_with_what_mends_it() -> None:
    assert python(SAFE, SKIPPED, BAD) == (["jinja2 3.1.0: CVE-2024-1, mended in 3.1.3"], "")
    assert python(SAFE, SKIPPED) == ([], "")


def test_a_service_that_knows_nothing_or_answers_nothing_is_not_a_clean_bill() -> None:
    assert python(SKIPPED)[1] == "the advisory service knows none of the 1 packages"
    assert AUDIT["read_python"]("")[1] == "the advisory service cannot be reached"
    assert AUDIT["read_npm"]("npm error")[1] == "the advisory service cannot be reached"
    assert AUDIT["read_npm"]('{"message": "405 Method Not Allowed"}') == ([], "405 Method Not Allowed")


def test_what_npm_tells_is_told() -> None:
    told = json.dumps({"vulnerabilities": {"esbuild": {"severity": "moderate", "range": "<=0.24.2"}}})
    assert AUDIT["read_npm"](told) == (["esbuild: moderate, in <=0.24.2"], "")
    assert AUDIT["read_npm"]('{"vulnerabilities": {}}') == ([], "")
