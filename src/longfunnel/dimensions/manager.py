"""Who answers the lead and sells."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Manager", "Менеджер"),
    meaning=Text("Who answers the lead and sells.", "Кто отвечает на лид и продаёт."),
    columns=of_row("manager", "leads", "deals", "orders"),
)
