"""Ad group of the ad system; known from spend, and of visits and leads that meet it."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Ad group", "Группа объявлений"),
    meaning=Text(
        "Ad group of the ad system; known from spend, and of visits and leads that meet it.",
        "Группа объявлений рекламной системы; известна из расходов, а также для визитов и заявок, которые с ними сошлись.",
    ),
    columns=of_origin("ad_group"),
)
