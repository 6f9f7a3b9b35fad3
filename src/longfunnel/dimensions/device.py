"""Desktop, mobile or tablet."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Device", "Устройство"),
    meaning=Text("desktop, mobile or tablet.", "desktop, mobile или tablet."),
    columns=of_row("device", "spends", "visits", "leads", "orders"),
    words={
        "desktop": Text("desktop", "компьютер"),
        "mobile": Text("mobile", "телефон"),
        "tablet": Text("tablet", "планшет"),
    },
)
