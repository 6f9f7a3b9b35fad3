"""Kind of source, by the first matching rule of the list of channels."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Channel", "Канал"),
    meaning=Text(
        "Kind of source, by the first matching rule of the list of channels.",
        "Вид источника: первое подходящее правило из списка каналов.",
    ),
    columns=of_origin("channel"),
)
