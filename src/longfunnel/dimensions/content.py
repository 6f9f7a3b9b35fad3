"""Ad or link within the campaign, as the link says it (utm_content)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Content", "Объявление в ссылке"),
    meaning=Text(
        "Ad or link within the campaign, as the link says it (utm_content).",
        "Объявление или ссылка внутри кампании, как говорит ссылка (utm_content).",
    ),
    columns=of_origin("content"),
)
