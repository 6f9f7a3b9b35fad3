"""Lost deals."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Lost", "Проиграно"),
    meaning=Text(
        "Deals that were lost.",
        "Проигранные сделки.",
    ),
    unit="count",
    direction="down",
    how=Measure("closed_deals", "count(*) FILTER (t.status = 'lost')"),
)
