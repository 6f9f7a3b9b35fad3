"""How people came (utm_medium): cpc, organic, email."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Medium", "Тип трафика"),
    meaning=Text(
        "How people came (utm_medium): cpc, organic, email.", "Как пришли люди (utm_medium): cpc, organic, email."
    ),
    columns=of_origin("medium"),
)
