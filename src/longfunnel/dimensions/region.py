"""Region or city, as each source says it."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Region", "Регион"),
    meaning=Text("Region or city, as each source says it.", "Регион или город, как его называет источник."),
    columns=of_row("region", "spends", "visits", "leads", "deals", "orders"),
)
