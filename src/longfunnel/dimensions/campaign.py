"""Campaign by the ad system's name, else by the link's mark (utm_campaign)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_origin

DIMENSION = Dimension(
    title=Text("Campaign", "Кампания"),
    meaning=Text(
        "Campaign by the ad system's name, else by the link's mark (utm_campaign).",
        "Кампания: имя в рекламной системе, иначе метка ссылки (utm_campaign).",
    ),
    columns=of_origin("campaign"),
)
