"""Known vulnerabilities in what Longfunnel is built on: the Python packages of the lock file, and what npm brings.

A found vulnerability ends with 1. Where an advisory service cannot be reached, or does not know our packages (no internet, a
mirror without advisories), that is said and the rest goes on: a change must not fail because somebody else's server is down.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
NPM = (ROOT / "src/longfunnel/collect/tracker", ROOT / "src/longfunnel/web/static/vendor")
_SECONDS = 300


def read_python(out: str) -> tuple[list[str], str]:
    """The vulnerabilities that pip-audit's JSON tells of, and why nothing could be learnt (empty: something was)."""
    try:
        packages: list[dict[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return [], "the advisory service cannot be reached"
    known = [one for one in packages if "skip_reason" not in one]
    found = [
        f"{one['name']} {one['version']}: {bug['id']}, mended in {', '.join(bug['fix_versions']) or 'no version yet'}"
        for one in known
        for bug in one["vulns"]
    ]
    return found, "" if known else f"the advisory service knows none of the {len(packages)} packages"


def read_npm(out: str) -> tuple[list[str], str]:
    """The same of npm's JSON."""
    try:
        told: dict[str, Any] = json.loads(out)
    except ValueError:
        return [], "the advisory service cannot be reached"
    if "vulnerabilities" not in told:
        return [], str(told.get("message") or "the advisory service cannot be reached")
    return [f"{name}: {one['severity']}, in {one['range']}" for name, one in told["vulnerabilities"].items()], ""


def _said(*words: str, folder: Path = ROOT) -> str:
    try:
        return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        return ""


def main() -> int:
    """Ask both services; 1 when either tells of a vulnerability."""
    auditor = (sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(LOCK))
    is_there = importlib.util.find_spec("pip_audit") is not None
    out = _said(*auditor, "--format", "json", "--progress-spinner", "off") if is_there else ""
    results = [("requirements.lock", *(read_python(out) if is_there else ([], "pip-audit is not installed")))]
    npm = shutil.which("npm")
    for folder in NPM:
        out = _said(npm, "audit", "--json", "--package-lock-only", folder=folder) if npm else ""
        name = f"{folder.relative_to(ROOT)}/package-lock.json"
        results.append((name, *(read_npm(out) if npm else ([], "npm is not installed"))))
    for name, found, why_not in results:
        told = f"not audited: {why_not}" if why_not else "no known vulnerability" if not found else "VULNERABLE"
        print(f"{name}: {told}")  # noqa: T201 - what the command says
        for one in found:
            print(f"  {one}")  # noqa: T201
    return int(any(found for _, found, _ in results))


if __name__ == "__main__":
    sys.exit(main())
