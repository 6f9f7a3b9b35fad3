"""What is asked for or sold."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Product", "Продукт"),
    meaning=Text("What is asked for or sold.", "Что спрашивают или продают."),
    columns=of_row("product", "leads", "deals", "orders"),
)
