"""Where people came from, as the link or the CRM says it (utm_source)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Source", "Источник"),
    meaning=Text(
        "Where people came from, as the link or the CRM says it (utm_source).",
        "Откуда пришли люди, как говорит ссылка или CRM (utm_source).",
    ),
    columns=of_origin("source"),
)
