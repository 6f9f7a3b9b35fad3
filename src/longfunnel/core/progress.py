"""How far long work is."""

from __future__ import annotations

from collections.abc import Callable

from longfunnel.core.text import Text

Progress = Callable[[str | Text, float], None]
"""Hears what is being done now, and the share that is done (0..1)."""
