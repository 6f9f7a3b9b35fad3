"""Win rate = won / (won + lost): among closed deals, never among all leads."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("Win rate", "Доля побед"),
    meaning=Text(
        "Share of closed deals that were won: won / (won + lost). Open deals take no part.",
        "Доля выигранных среди закрытых сделок: выиграно / (выиграно + проиграно). Открытые не участвуют.",
    ),
    unit="share",
    direction="up",
    how=Ratio("won", Measure("closed_deals", "count(*)")),
    cases=Measure("closed_deals", "count(*)"),
)
