"""The [[source]] that brought the row."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("System", "Система"),
    meaning=Text("The [[source]] that brought the row.", "Источник данных ([[source]]), из которого пришла строка."),
    columns=of_row("source_system", "spends", "visits", "leads", "deals", "orders", "survey_answers"),
)
