"""Ad of the ad system; known from spend."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Ad", "Объявление"),
    meaning=Text("Ad of the ad system; known from spend.", "Объявление рекламной системы; известно из расходов."),
    columns=of_origin("ad"),
)
