"""Advertising account or login that paid."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Ad account", "Рекламный кабинет"),
    meaning=Text("Advertising account or login that paid.", "Рекламный кабинет или логин, с которого платили."),
    columns=of_row("account", "spends"),
)
