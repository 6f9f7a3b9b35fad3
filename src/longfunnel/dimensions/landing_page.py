"""The page that people came to first."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Landing page", "Страница входа"),
    meaning=Text("The page that people came to first.", "Страница, на которую люди пришли сначала."),
    columns=of_origin("landing_page"),
)
