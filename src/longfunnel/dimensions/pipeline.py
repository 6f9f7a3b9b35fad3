"""Pipeline of the CRM."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Pipeline", "Воронка CRM"),
    meaning=Text("Pipeline of the CRM.", "Воронка в CRM."),
    columns=of_row("pipeline", "deals", "orders"),
)
