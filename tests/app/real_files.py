"""Where real companies' files are, when they are here; none of them is part of the project."""

from __future__ import annotations

import os
from pathlib import Path

REAL = Path(os.environ.get("LONGFUNNEL_DATA", Path(__file__).parents[3] / "shared" / "data"))
