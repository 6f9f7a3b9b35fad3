"""Segment of clients."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Audience", "Аудитория"),
    meaning=Text("Segment of clients.", "Сегмент клиентов."),
    columns=of_row("audience", "leads", "deals", "orders"),
)
