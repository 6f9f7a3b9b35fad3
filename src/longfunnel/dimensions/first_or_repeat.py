"""First for a deal or order of a new client, repeat for one who had ordered before."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension

DIMENSION = Dimension(
    title=Text("First or repeat", "Первая или повторная"),
    meaning=Text(
        "first for a deal or order of a new client, repeat for one who had ordered before.",
        "first — сделка или заказ нового клиента, repeat — клиента, который уже покупал.",
    ),
    columns=dict.fromkeys(
        ("deals", "orders"), "CASE WHEN t.is_repeat THEN 'repeat' WHEN NOT t.is_repeat THEN 'first' END"
    ),
    words={"first": Text("first", "первые"), "repeat": Text("repeat", "повторные")},
)
