"""Stage that the deal stands in now."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Stage", "Этап"),
    meaning=Text("Stage that the deal stands in now.", "Этап, на котором сделка стоит сейчас."),
    columns=of_row("stage", "deals"),
)
