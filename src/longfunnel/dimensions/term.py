"""Keyword, as the link says it (utm_term)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Keyword", "Ключевая фраза"),
    meaning=Text("Keyword, as the link says it (utm_term).", "Ключевая фраза, как говорит ссылка (utm_term)."),
    columns=of_origin("term"),
    aliases=("keyword",),
)
